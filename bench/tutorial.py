"""(b) As the tutorials of FastStream and motor show it: one subscriber, acknowledged after each message."""

import asyncio
from time import perf_counter
from typing import Any

from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from motor.motor_asyncio import AsyncIOMotorClient
from pydantic import TypeAdapter

from bench.case import Case, CaseCalled, noted, taken_in
from bench.round import PARTITIONS, SETTLED, Round, Tally, until

CASE = TypeAdapter(Case)


async def tutorial(one: Round) -> tuple[float, float]:
    """One subscriber: look up, update, insert, publish, acknowledge."""
    client: Any = AsyncIOMotorClient(one.mongo_url, tz_aware=True, w="majority")
    database, tally = client[one.database], Tally(one.load.count)
    broker = KafkaBroker(one.kafka_url, acks="all", logger=None)
    subscriber = broker.subscriber(
        one.topic,
        group_id="bench",
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        ack_policy=AckPolicy.ACK,
    )

    @subscriber
    async def take_in(event: CaseCalled) -> None:
        found = await database.cases.find_one({"_id": event.case_id})
        case = taken_in(CASE.validate_python(found) if found else None, event)
        changed = {"$set": CASE.dump_python(case, mode="json")}
        await database.cases.update_one({"_id": event.case_id}, changed, upsert=True)
        said = noted(case)
        await database.journal.insert_one(said.model_dump(mode="json"))
        await broker.publish(said, one.said_on, key=event.case_id.encode())
        tally.add(1)

    try:
        await broker.start()
        await until(lambda: _has_all(subscriber))
        await asyncio.sleep(SETTLED)
        fired = await one.load.fire()
        await tally.done.wait()
        ended = perf_counter()
    finally:
        await broker.stop()
        client.close()
    return fired, ended


async def _has_all(subscriber: Any) -> bool:
    return subscriber.consumer is not None and len(subscriber.consumer.assignment()) == PARTITIONS
