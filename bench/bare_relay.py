"""The bare relay: find 500 in their order, one Kafka transaction, delete. What any transactional relay has to do.

It has no lease, sets nothing aside, counts nothing, and ends with the first error.
"""

import asyncio
from contextlib import suppress
from datetime import UTC
from typing import Any

from aiokafka import AIOKafkaProducer
from motor.motor_asyncio import AsyncIOMotorClient

BATCH = 500
LOOK_EVERY = 0.1


async def bare_relay(kafka_url: str, mongo_url: str, name: str, news: asyncio.Event) -> None:
    """Publish what stands in the outbox of this database, until cancelled."""
    client: Any = AsyncIOMotorClient(mongo_url, tz_aware=True, tzinfo=UTC, w="majority")
    outbox = client[name].outbox
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka_url, transactional_id=f"{name}-bare", acks="all", max_request_size=1_048_576
    )
    await producer.start()
    try:
        while True:
            news.clear()
            waiting = await outbox.find({}, batch_size=100_000).sort([("_id", 1)]).limit(BATCH).to_list(None)
            if not waiting:
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY):
                        await news.wait()
                continue
            async with producer.transaction():
                sent = []
                for said in waiting:
                    headers = [(key, bytes(value)) for key, value in said["h"].items()]
                    record = {"value": bytes(said["b"]), "key": said["p"].encode(), "headers": headers}
                    sent.append(await producer.send(said["t"], **record))
                await asyncio.gather(*sent)
            await outbox.delete_many({"_id": {"$in": [said["_id"] for said in waiting]}})
    finally:
        await producer.stop()
        client.close()
