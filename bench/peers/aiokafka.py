"""The client alone: poll, decode, commit each batch. What any framework in Python on this client stands on."""

import asyncio

from aiokafka import AIOKafkaConsumer

from bench.peers.decoding import Asked, Decoded, asked


async def run(given: Asked) -> None:
    """Listen until killed."""
    consumer = AIOKafkaConsumer(
        given.topic,
        bootstrap_servers=given.kafka_url,
        group_id=given.group,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    decoded = Decoded(given.count)
    await consumer.start()
    while True:
        polled = await consumer.getmany(timeout_ms=20, max_records=500)
        for records in polled.values():
            for record in records:
                decoded.take(record.headers, record.value)
        if polled:
            await consumer.commit()


if __name__ == "__main__":
    asyncio.run(run(asked()))
