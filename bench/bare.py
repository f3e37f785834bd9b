"""(a) The same reads, the same writes, the same models, in one plain function: what any platform is measured against.

It keeps what ours keeps, row for row; it has nothing for the day when something goes wrong.
"""

import asyncio
import hashlib
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient
from pydantic import TypeAdapter
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from bench.case import MUNICIPALITY, SAID, Case, CaseCalled, noted, taken_in
from bench.members import members
from bench.ours import prepare
from bench.round import SETTLED, WATCH, Round, Tally
from shared.platform.cloudevents import decode, encode

GROUP = "bench"
CASE = TypeAdapter(Case)


async def bare(one: Round) -> tuple[float, float]:
    """Two lanes of the bare loop."""
    await prepare(one)
    client: Any = AsyncIOMotorClient(one.mongo_url, tz_aware=True, tzinfo=UTC, w="majority")
    tally = Tally(one.load.count)
    try:
        async with members(one, GROUP) as consumers:
            loops = [asyncio.create_task(bare_loop(consumer, client, one.database, tally)) for consumer in consumers]
            await asyncio.sleep(SETTLED)
            fired = await one.load.fire()
            await asyncio.gather(*loops)
    finally:
        client.close()
    return fired, WATCH.last_commit


async def bare_loop(  # noqa: C901, PLR0915 - one plain function is the point
    consumer: AIOKafkaConsumer, client: Any, name: str, tally: Tally
) -> None:
    """Poll, decide and write until all is done."""
    database = client.get_database(name, codec_options=CodecOptions(tz_aware=True, tzinfo=UTC))
    session = await client.start_session()
    token = {"$inc": {"token": 1}, "$set": {"session": bytes(session.session_id["id"])}}
    ids = {(one.topic, one.partition): f"{GROUP}|{one.topic}|{one.partition}" for one in consumer.assignment()}
    taken = [{"q": {"_id": key}, "u": token, "upsert": True, "multi": False} for key in ids.values()]
    await database.command({"update": "positions", "updates": taken})
    stands: dict[tuple[str, int], int | None] = dict.fromkeys(ids)
    heard: dict[str, tuple[int, int, int]] = {}  # lane -> version, epoch, sequence
    commit = None
    while tally.left > 0:
        polled = await consumer.getmany(timeout_ms=20, max_records=500)
        records = [record for part in polled.values() for record in part]
        if not records:
            continue
        events, targets = [], {}
        for record in records:
            envelope, body = decode(record.headers, record.value)
            targets[record.topic, record.partition] = record.offset + 1
            if envelope.type == CaseCalled.type:
                event = CaseCalled.model_validate_json(body or b"")
                events.append((f"{GROUP}|{record.topic}|{envelope.subject}", envelope, event))

        missing = list({lane for lane, _, _ in events if lane not in heard})
        if missing:
            rows = await database.lanes.find({"_id": {"$in": missing}}, batch_size=100_000).to_list(None)
            heard.update((row["_id"], (row["v"], row["e"], row["s"])) for row in rows)
        wanted = list({event.case_id for _, _, event in events})
        kept = await database.cases.find({"_id": {"$in": wanted}}, batch_size=100_000).to_list(None)
        cases = {row["_id"]: CASE.validate_python(row) for row in kept}
        before = {row["_id"]: (row["_v"], row["_said"], bytes(row["_chain"])) for row in kept}

        now = datetime.now(UTC)
        lanes: dict[str, tuple[int, int, int]] = {}
        said: dict[str, int] = {}
        chains: dict[str, bytes] = {}
        outbox, journal = [], []
        for lane, envelope, event in events:
            version, epoch, sequence = lanes.get(lane) or heard.get(lane) or (0, 0, 0)
            came = (envelope.epoch or 0, envelope.sequence or 0)
            if came <= (epoch, sequence):
                continue
            if came[1] != sequence + 1:
                raise RuntimeError(f"events are missing before {envelope.id}")
            lanes[lane] = (version, *came)

            case_id = event.case_id
            case = cases[case_id] = taken_in(cases.get(case_id), event)
            says = noted(case)
            _, counts, chain = before.get(case_id) or (0, {}, b"")
            number = said[case_id] = said.get(case_id, counts.get(SAID.topic, 0)) + 1
            chain = chains.get(case_id, chain)
            value, headers = encode(
                says,
                sequence=number,
                epoch=1,
                at=now,
                source=f"/{MUNICIPALITY}/bench",
                municipality=MUNICIPALITY,
                key=case_id,
                causation=envelope.id,
                correlation=envelope.correlationid,
                traceparent=envelope.traceparent,
            )
            held = dict(headers)
            place = {"k": f"{SAID.topic}|{case_id}", "s": number}
            outbox.append({"_id": place, "t": SAID.topic, "p": case_id, "h": held, "b": value, "at": now})
            link = chains[case_id] = hashlib.sha256(chain + held["ce_id"] + (value or b"")).digest()
            entry = {"_id": place, "at": now, "before": chain, "link": link, "y": held["ce_type"], "b": value}
            journal.append(entry)

        positions = [
            {
                "q": {"_id": ids[place], "token": 1, "next": stands[place]},
                "u": {"$set": {"next": target}},
                "upsert": False,
                "multi": False,
            }
            for place, target in targets.items()
        ]
        moved = [
            {
                "q": {"_id": lane, "v": version},
                "u": {"v": version + 1, "e": epoch, "s": sequence, "b": 0, "u": 0},
                "upsert": version == 0,
                "multi": False,
            }
            for lane, (version, epoch, sequence) in lanes.items()
        ]
        changed = []
        for case_id in said:
            version, counts, _ = before.get(case_id) or (0, {}, b"")
            case = cases[case_id]
            document = CASE.dump_python(case, mode="json")
            document["first_at"] = case.first_at.isoformat(timespec="microseconds")
            document["latest_at"] = case.latest_at.isoformat(timespec="microseconds")
            document |= {"_id": case_id, "_v": version + 1, "_schema": 1, "_chain": chains[case_id]}
            document["_said"] = {**counts, SAID.topic: said[case_id]}
            query = {"_id": case_id, "_v": version}
            changed.append({"q": query, "u": document, "upsert": version == 0, "multi": False})

        async with session.start_transaction(ReadConcern("snapshot"), WriteConcern("majority")):
            for collection, statements in (("positions", positions), ("lanes", moved), ("cases", changed)):
                if statements:
                    reply = await database.command({"update": collection, "updates": statements}, session=session)
                    if reply["n"] != len(statements):
                        raise RuntimeError(f"{collection} has moved on")
            for collection, documents in (("outbox", outbox), ("journal", journal)):
                if documents:
                    await database.command({"insert": collection, "documents": documents}, session=session)

        stands.update(targets)
        heard.update((lane, (version + 1, epoch, sequence)) for lane, (version, epoch, sequence) in lanes.items())
        if commit is None or commit.done():
            offsets = {TopicPartition(*place): target for place, target in targets.items()}
            commit = asyncio.create_task(consumer.commit(offsets))
        tally.add(len(records))
    if commit is not None:
        await commit
    await session.end_session()
