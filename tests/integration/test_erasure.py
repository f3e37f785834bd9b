"""What is erased is gone from all files of a real Kafka, also from a partition where nothing else happens.

Minutes and days are seconds here: the topic's times, and how often the broker's cleaner looks.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from services.intake.app import create_app, parts
from services.intake.settings import Settings
from shared.contracts.streams import INTAKE_CONTACTS, INTAKE_PARTIES, PARTITIONS, Forgetting, Stream
from shared.platform.clock import SystemClock
from shared.platform.heartbeats import KEY
from shared.platform.leases import Lease
from shared.platform.listener import as_record
from shared.platform.mongo import MongoDatabase
from shared.platform.relay import Relay
from shared.platform.service import hearing_for
from shared.platform.settings import PlatformSettings
from shared.platform.setup import create_topics
from shared.platform.token import make_key, make_token
from shared.platform.understand import Record
from shared.platform.work import KEPT
from stack.kafka import Kafka
from stack.mongo import Mongo
from tests.conftest import connected, forget_unclosed
from tests.notify.settled import Notify
from tests.waiting import until

pytestmark = pytest.mark.servers

SOON = Forgetting(segment_ms=1_000, lag_ms=2_500, delete_delay_ms=500)
PARTIES = replace(INTAKE_PARTIES, forgetting=SOON)
BUSY = Stream("busy.parties.v1", "busy", compacted=True, personal=True, forgetting=SOON)
SECRET, CANARY = "Hemliga Glasverkstaden", "Kanariefågeln"
OTHERS = [f"Grannen nummer {number:02d}" for number in range(24)]
LONG = 90.0
DECISION = {"decided_by": "KS", "decided_on": "2026-11-20", "reference": "KS 2026/12", "paragraph": "AL 10 §"}
ERASURE = {"ground": "objection", "decision": DECISION}


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A broker whose cleaner looks five times a second."""
    eager = Kafka(tmp_path_factory.mktemp("eager") / "kafka", properties={"log.cleaner.backoff.ms": "200"})
    eager.start()
    yield eager
    eager.kill()


@dataclass(slots=True)
class Intake:
    """intake's doors and its relay, on real servers."""

    kafka: Kafka
    database: MongoDatabase
    settings: Settings
    doors: httpx.AsyncClient

    async def told(self, name: str) -> str:
        """Somebody calls and says who they are; returns the party's id."""
        call = {"channel": "phone", "wish": "Ring mig.", "person": {"name": name}}
        registered = await self.doors.post("/1460/contacts", json=call)
        return str(registered.json()["party_id"])

    async def erase(self, party_id: str) -> None:
        erased = await self.doors.post(f"/1460/parties/{party_id}/erasure", json=ERASURE)
        assert erased.status_code == 200

    @asynccontextmanager
    async def relaying(self, *compacted: Stream) -> AsyncIterator[None]:
        """The relay at work, with heartbeats on these streams."""
        wall = SystemClock()
        hearing = hearing_for(parts(self.settings), self.settings.platform, self.database, wall, wall)
        lease = Lease(self.database, "relay", "one", wall, hearing.metrics)
        task = asyncio.create_task(Relay(hearing, self.kafka.url, lease, compacted).run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def published(self) -> bool:
        return await self.database.count("outbox", {}) == 0


@pytest.fixture
async def intake(kafka: Kafka, mongo: Mongo, tmp_path: Path) -> AsyncIterator[Intake]:
    key = tmp_path / "jwt.pem"
    make_key(key)
    settings = Settings(platform=PlatformSettings(environment="development", jwt_key_file=key))
    database, wall = connected(mongo), SystemClock()
    app = create_app(settings, database, wall, wall)
    await database.prepare([*KEPT, *(store.layout() for store in parts(settings).shelf.values())])
    token = make_token(key, "kommunkontakt", "bo", ["registrar"], ["1460"], timedelta(hours=1), wall)
    transport, headers = httpx.ASGITransport(app=app), {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://intake/intake/v1", headers=headers) as doors:
        yield Intake(kafka, database, settings, doors)
    await database.drop()
    await database.close()
    forget_unclosed()


def files_with(kafka: Kafka, text: str) -> list[str]:
    """The broker's files in which a text stands: logs, indexes, also those that are about to be deleted."""
    return sorted(
        str(file.relative_to(kafka.where)) for file in kafka.where.rglob("*") if text.encode() in _bytes(file)
    )


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes() if file.is_file() else b""
    except FileNotFoundError:
        return b""


async def read(kafka: Kafka, topic: str) -> list[Record]:
    """All that is committed on a topic, from its beginning."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.url, isolation_level="read_committed")
    await consumer.start()
    try:
        places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        ends = await consumer.end_offsets(places)
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        records = []
        while any([await consumer.position(place) < ends[place] for place in places]):
            for some in (await consumer.getmany(timeout_ms=200)).values():
                records += [as_record(record) for record in some]
        return records
    finally:
        await consumer.stop()


async def clean_where_it_is_busy(kafka: Kafka) -> None:
    """The same times on a partition to which something is appended all the time: there the cleaner needs no help."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka.url)
    await producer.start()

    async def gone() -> bool:
        await producer.send_and_wait(BUSY.topic, b"something else", key=b"2", partition=0)
        return not files_with(kafka, CANARY)

    try:
        await producer.send_and_wait(BUSY.topic, CANARY.encode(), key=b"1", partition=0)
        assert files_with(kafka, CANARY)
        await producer.send_and_wait(BUSY.topic, None, key=b"1", partition=0)
        await until("what was erased on a busy partition is gone", gone, seconds=LONG)
    finally:
        await producer.stop()


async def test_what_is_erased_leaves_every_file_of_the_broker_and_does_not_come_back(intake: Intake) -> None:
    kafka = intake.kafka
    await create_topics(kafka.url, [INTAKE_CONTACTS, PARTIES, BUSY])
    secret = await intake.told(SECRET)
    others = {await intake.told(name): name for name in OTHERS}
    async with intake.relaying():
        await until("all is published", intake.published)
        await intake.erase(secret)
        await until("the tombstone is published", intake.published)
    assert files_with(kafka, SECRET)

    await clean_where_it_is_busy(kafka)
    assert files_with(kafka, SECRET), "without heartbeats a quiet partition is never cleaned"

    async def gone() -> bool:
        return not files_with(kafka, SECRET)

    async with intake.relaying(PARTIES):
        await until("what was erased on the quiet partition is gone", gone, seconds=LONG)
    assert all(files_with(kafka, name) for name in OTHERS)

    kafka.restart()
    records = await read(kafka, PARTIES.topic)
    assert {record.value for record in records if record.key == secret.encode()} == {None}
    notify = Notify()
    await notify.take(*records)
    assert KEY in {record.key for record in records}
    assert await notify.kept("parked") == []
    known = {one["_id"]: one["name"] for one in await notify.kept("recipients")}
    assert known == {**others, secret: None}
    assert not files_with(kafka, SECRET)
