"""The listener on a real Kafka and a real MongoDB, where they behave badly."""

import asyncio
import struct
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.record.util import calc_crc32c

from shared.contracts.streams import Stream
from shared.platform.hearing import Topic
from shared.platform.listener import Listener
from shared.platform.mongo import MongoDatabase
from shared.platform.positions import Place, Position, Positions
from shared.platform.setup import create_topics
from shared.platform.work import KEPT
from stack.kafka import Kafka
from stack.mongo import Mongo
from tests.conftest import connected, fresh_name
from tests.platform.counting_service import Counting, KeptWalks, bus, stepped
from tests.waiting import until

pytestmark = pytest.mark.servers


class RealCounting:
    """The counting service on real servers, on a topic of its own."""

    def __init__(self, kafka: Kafka, database: MongoDatabase) -> None:
        self.kafka, self.database = kafka, database
        self.stream = Stream(f"{fresh_name()}.v1", "walking")
        self.service = Counting(database)
        self.service.hearing.service = fresh_name()
        self.service.hearing.topics = {self.stream.topic: Topic(self.stream, None, bus.heard["walking.steps.v1"])}

    async def prepare(self) -> None:
        await self.database.prepare([*KEPT, KeptWalks.layout()])
        await create_topics(self.kafka.url, [self.stream])

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Listener]:
        listener = Listener(self.service.hearing, self.kafka.url, fresh_name(), self.service.parking)
        task = asyncio.create_task(listener.run())
        try:
            yield listener
        finally:
            listener.stop()
            await task

    @asynccontextmanager
    async def producing(self) -> AsyncIterator[AIOKafkaProducer]:
        producer = AIOKafkaProducer(bootstrap_servers=self.kafka.url)
        await producer.start()
        try:
            yield producer
        finally:
            await producer.stop()

    async def say(self, producer: AIOKafkaProducer, walker: str, *sequences: int) -> None:
        for sequence in sequences:
            record = stepped(walker, sequence)
            await producer.send_and_wait(
                self.stream.topic, record.value, key=record.key, partition=0, headers=record.headers
            )

    async def counted(self, walker: str, total: int) -> bool:
        return await self.service.total(walker) == total


@pytest.fixture
async def real(kafka_server: Kafka, mongo: Mongo) -> AsyncIterator[RealCounting]:
    database = connected(mongo)
    counting = RealCounting(kafka_server, database)
    await counting.prepare()
    yield counting
    await database.drop()
    await database.close()


class _Spoilt:
    """A batch builder that spoils a header's name on its way out, with a right checksum."""

    def __init__(self, sound: Any) -> None:
        self._sound = sound

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sound, name)

    def build(self) -> bytearray:
        raw = bytearray(self._sound.build())
        at = raw.index(b"spoil")
        raw[at : at + 5] = b"\xff\xfe\xfd\xfc\xfb"
        struct.pack_into(">I", raw, 17, calc_crc32c(raw[21:]))
        return raw


async def test_a_header_name_that_is_not_utf8_stops_nobody_and_is_kept(real: RealCounting) -> None:
    async with real.listening(), real.producing() as producer:
        await real.say(producer, "1460-a", 1, 2)
        batch = producer.create_batch()
        batch.append(key=b"1460-z", value=b"{}", timestamp=None, headers=[("spoil", b"1")])
        batch._builder = _Spoilt(batch._builder)
        await (await producer.send_batch(batch, real.stream.topic, partition=0))
        await real.say(producer, "1460-a", 3)
        await until("the events after it are heard", lambda: real.counted("1460-a", 3))
    [kept] = await real.service.rows("parked")
    assert kept["place"].endswith("/0/2")


async def test_while_mongodb_is_away_nothing_is_parked_and_then_all_is_there(real: RealCounting, mongo: Mongo) -> None:
    async with real.listening() as listener, real.producing() as producer:
        await real.say(producer, "1460-a", 1)
        await until("the first is heard", lambda: real.counted("1460-a", 1))
        with stopped(mongo):
            await real.say(producer, "1460-a", 2, 3)
            await until("the listener says that it waits", lambda: _says(listener), seconds=60)
        await until("the others are heard", lambda: real.counted("1460-a", 3), seconds=90)
    assert await real.service.rows("parked") == []


async def _says(listener: Listener) -> bool:
    return listener.trouble is not None and listener.trouble.startswith("waits")


@contextmanager
def stopped(mongo: Mongo) -> Iterator[None]:
    mongo.stop()
    try:
        yield
    finally:
        mongo.start()


async def test_a_rebalance_that_begins_while_partitions_are_taken_ends(
    real: RealCounting, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, asked, revoked = asyncio.Event(), asyncio.Event(), Counter[str]()
    take, let_go = Positions.take, Listener.on_partitions_revoked

    async def slow(positions: Positions, places: Iterable[Place], session_id: bytes) -> dict[Place, Position]:
        asked.set()
        await go_on.wait()
        return await take(positions, places, session_id)

    async def noted(listener: Listener, which: Iterable[TopicPartition]) -> None:
        revoked[listener.name] += 1
        await let_go(listener, which)

    monkeypatch.setattr(Positions, "take", slow)
    monkeypatch.setattr(Listener, "on_partitions_revoked", noted)
    async with real.listening() as first:
        async with asyncio.timeout(30):
            await asked.wait()
        async with real.listening() as second:
            await until("the first is to let go of what it takes", lambda: _is(revoked[first.name] > 1))
            go_on.set()
            await until("each has a share", lambda: _is(bool(first._positions.held and second._positions.held)), 20)


async def _is(so: bool) -> bool:
    return so


async def test_two_members_share_the_work_and_each_event_is_heard_once(real: RealCounting) -> None:
    walkers = [f"1460-{n}" for n in range(40)]
    async with real.producing() as producer:
        for sequence in range(1, 6):
            for walker in walkers:
                record = stepped(walker, sequence)
                await producer.send(real.stream.topic, record.value, key=record.key, headers=record.headers)
        await producer.flush()
    async with real.listening():
        await until("some are heard", lambda: _some(real))
        async with real.listening():
            await until("all are heard", lambda: _all(real, walkers))
    said = await real.service.rows("outbox")
    assert len(said) == 200


async def _some(real: RealCounting) -> bool:
    return bool(await real.service.rows("walks"))


async def _all(real: RealCounting, walkers: list[str]) -> bool:
    return [row["total"] for row in await real.service.rows("walks")] == [5] * len(walkers)
