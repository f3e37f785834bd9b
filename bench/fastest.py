"""(d) The fastest loop with one transaction a batch and no other guarantee: msgspec, no look-ups, no memory."""

import asyncio
from datetime import datetime
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer
from motor.motor_asyncio import AsyncIOMotorClient

from bench.case import SAID
from bench.members import members
from bench.round import SETTLED, WATCH, Round, Tally


class Call(msgspec.Struct):
    """What is read of an event."""

    municipality: str
    case_id: str
    channel: str
    case_types: list[str]
    received_at: datetime
    wish: str


class Noted(msgspec.Struct):
    """What is said."""

    municipality: str
    case_id: str
    channel: str
    latest_at: datetime


async def fastest(one: Round) -> tuple[float, float]:
    """Two lanes of it."""
    client: Any = AsyncIOMotorClient(one.mongo_url, w="majority")
    tally = Tally(one.load.count)
    try:
        await client[one.database].create_collection("cases")
        await client[one.database].create_collection("outbox")
        async with members(one, "bench") as consumers:
            loops = [asyncio.create_task(fast_loop(each, client, one.database, tally)) for each in consumers]
            await asyncio.sleep(SETTLED)
            fired = await one.load.fire()
            await asyncio.gather(*loops)
    finally:
        client.close()
    return fired, WATCH.last_commit


async def fast_loop(consumer: AIOKafkaConsumer, client: Any, name: str, tally: Tally) -> None:
    """Poll and write until all is done."""
    database, read, write = client[name], msgspec.json.Decoder(Call).decode, msgspec.json.Encoder().encode
    async with await client.start_session() as session:
        while tally.left > 0:
            polled = await consumer.getmany(timeout_ms=20, max_records=500)
            calls = [read(record.value) for part in polled.values() for record in part]
            if not calls:
                continue
            newest: dict[str, Call] = {}
            numbers: dict[str, int] = {}
            outbox = []
            for call in calls:
                newest[call.case_id] = call
                numbers[call.case_id] = numbers.get(call.case_id, 0) + 1
                said = write(Noted(call.municipality, call.case_id, call.channel, call.received_at))
                outbox.append({"t": SAID.topic, "p": call.case_id, "b": said})
            changed = [
                {
                    "q": {"_id": case_id},
                    "u": {
                        "$set": {"channel": call.channel, "wish": call.wish, "latest_at": call.received_at},
                        "$inc": {"calls": numbers[case_id]},
                    },
                    "upsert": True,
                }
                for case_id, call in newest.items()
            ]
            async with session.start_transaction():
                await database.command({"update": "cases", "updates": changed}, session=session)
                await database.command({"insert": "outbox", "documents": outbox}, session=session)
            await consumer.commit()
            tally.add(len(calls))
