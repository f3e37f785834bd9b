"""Two releases of one service side by side on a real Kafka and a real MongoDB."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import pytest
from aiokafka import AIOKafkaProducer

from shared.contracts.streams import Stream
from shared.platform.errors import Outdated
from shared.platform.hearing import Topic
from shared.platform.listener import Listener
from shared.platform.mongo import MongoDatabase
from shared.platform.release import at_work, go_back, hindrances
from shared.platform.setup import create_topics
from shared.platform.work import KEPT
from stack.kafka import Kafka
from stack.mongo import Mongo
from tests.conftest import connected, fresh_name
from tests.platform.test_upgrade import KNOWN
from tests.platform.two_releases import NEW, OLD, Dancing, KeptDiaries, Log, danced, new_bus, old_bus, walked
from tests.waiting import until as within

pytestmark = pytest.mark.servers

until = partial(within, seconds=120)  # a group that changes twice takes its time on a machine that is busy
WALKERS = [f"1460-{n}" for n in range(24)]


class Releases:
    """Both releases, on a topic of twelve partitions of their own."""

    def __init__(self, kafka: Kafka, database: MongoDatabase) -> None:
        self.kafka, self.database = kafka, database
        self.stream = Stream(f"{fresh_name()}.v1", "walking")
        self.group = fresh_name()
        self.old, self.new = self._release(OLD), self._release(NEW)
        self.said = 0

    def _release(self, release: tuple[int, ...]) -> Dancing:
        one = Dancing(self.database, Log(), release)
        [handlers] = (new_bus if release == NEW else old_bus).heard.values()
        one.hearing.service = self.group
        one.hearing.topics = {self.stream.topic: Topic(self.stream, None, handlers)}
        return one

    @asynccontextmanager
    async def listening(self, release: Dancing) -> AsyncIterator[asyncio.Task[None]]:
        listener = Listener(release.hearing, self.kafka.url, fresh_name(), release.parking)
        task = asyncio.create_task(listener.run())
        try:
            yield task
        finally:
            listener.stop()
            await asyncio.gather(task, return_exceptions=True)

    async def say(self, producer: AIOKafkaProducer, rounds: int) -> None:
        """In each round every walker walks and dances, and half of the dances are published twice."""
        for number in range(self.said, self.said + rounds):
            for walker in WALKERS:
                dance = danced(walker, 2 * number + 2)
                for record in (walked(walker, 2 * number + 1), dance, *([dance] if number % 2 else [])):
                    await producer.send(self.stream.topic, record.value, key=record.key, headers=record.headers)
        self.said += rounds
        await producer.flush()

    async def walked_all(self) -> bool:
        expected = list(range(1, 2 * self.said, 2))
        return all([(await self.new.diary(walker))[0] == expected for walker in WALKERS])

    async def all_heard(self) -> bool:
        """Each walk and each dance once, in its order."""
        expected = (list(range(1, 2 * self.said, 2)), list(range(2, 2 * self.said + 1, 2)))
        return all([await self.new.diary(walker) == expected for walker in WALKERS])


@pytest.fixture
async def releases(kafka_server: Kafka, mongo: Mongo) -> AsyncIterator[Releases]:
    database = connected(mongo)
    both = Releases(kafka_server, database)
    await database.prepare([*KEPT, KeptDiaries.layout()])
    await create_topics(kafka_server.url, [both.stream])
    yield both
    await database.drop()
    await database.close()


async def test_old_and_new_side_by_side_then_new_then_back_and_new_again(releases: Releases) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=releases.kafka.url)
    await producer.start()
    try:
        async with AsyncExitStack() as newer:
            async with releases.listening(releases.old), releases.listening(releases.old):
                await releases.say(producer, 5)
                await until("the older release has heard what it knows", releases.walked_all)
                for _ in range(2):
                    await newer.enter_async_context(releases.listening(releases.new))
                    await releases.say(producer, 5)
                    await until("all walks are heard by one or the other", releases.walked_all)
            await until("all is heard, the past too", releases.all_heard)
            async with releases.listening(releases.old) as late:
                await until("an older one that comes now leaves", lambda: _done(late))
                assert isinstance(late.exception(), Outdated)
        await until("nobody is at work", lambda: _nobody(releases))
        assert await hindrances(releases.old.hearing, KNOWN) == []
        assert await go_back(releases.old.hearing) == 12
        async with releases.listening(releases.old):
            await releases.say(producer, 3)
            await until("the older release goes on", releases.walked_all)
        async with releases.listening(releases.new):
            await until("the newer one has heard the rest", releases.all_heard)
    finally:
        await producer.stop()


async def _done(task: asyncio.Task[None]) -> bool:
    return task.done()


async def _nobody(releases: Releases) -> bool:
    return await at_work(releases.kafka.url, releases.group) == 0
