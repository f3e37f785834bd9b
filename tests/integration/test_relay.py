"""The relay on a real Kafka: all of it, in order, each once for who reads what is committed."""

import asyncio
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import ProducerFenced

from shared.platform.clock import SystemClock
from shared.platform.database import Document
from shared.platform.leases import Lease
from shared.platform.mongo import MongoDatabase, connect
from shared.platform.relay import Relay
from shared.platform.work import KEPT
from stack.kafka import Kafka
from stack.mongo import Mongo
from tests.conftest import forget_unclosed, fresh_name
from tests.integration.stopping_relay import STEPS
from tests.platform.counting_service import Counting
from tests.waiting import until

pytestmark = pytest.mark.servers
LONG_AGO = 60.0
ROOT = Path(__file__).parents[2]


@dataclass(slots=True)
class Outbox:
    """An outbox on real servers, and the topic that it is published on."""

    kafka: Kafka
    database: MongoDatabase
    name: str
    service: Counting
    topic: str

    def relay(self, holder: str, lasts: timedelta = timedelta(seconds=4)) -> Relay:
        lease = Lease(self.database, "relay", holder, SystemClock(), self.service.hearing.metrics, lasts)
        return Relay(self.service.hearing, self.kafka.url, lease)

    async def say(self, count: int, walkers: int = 20, first: int = 1, size: int = 10) -> None:
        """So many events of each walker, in several writes."""
        for sequence in range(first, first + count):
            said = [self.document(f"1460-{walker}", sequence, size) for walker in range(walkers)]
            await self.write(said)

    def document(self, walker: str, sequence: int, size: int = 10) -> Document:
        place = {"k": f"{self.topic}|{walker}", "s": sequence}
        headers = {"ce_id": f"{walker}/1/{sequence}".encode()}
        body = b"x" * size
        return {"_id": place, "t": self.topic, "p": walker, "h": headers, "b": body, "at": self.service.clock.now()}

    async def write(self, said: list[Document]) -> None:
        session = await self.database.session()
        async with session.transaction() as work:
            await work.insert("outbox", said)
        await session.close()
        self.service.hearing.news.set()

    async def drained(self) -> bool:
        return await self.database.count("outbox", {}) == 0

    async def heard(self) -> dict[str, list[int]]:
        """What is committed on the topic, by walker in its order."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka.url, isolation_level="read_committed")
        await consumer.start()
        heard: defaultdict[str, list[int]] = defaultdict(list)
        try:
            places = [TopicPartition(self.topic, number) for number in range(3)]
            ends = await consumer.end_offsets(places)
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            while any([await consumer.position(place) < ends[place] for place in places]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    for record in records:
                        heard[record.key.decode()].append(int(dict(record.headers)["ce_id"].split(b"/")[2]))
        finally:
            await consumer.stop()
        return dict(heard)


@pytest.fixture
async def outbox(kafka: Kafka, mongo: Mongo) -> AsyncIterator[Outbox]:
    name = fresh_name()
    database = connect(mongo.url, name)
    await database.prepare(KEPT)
    service = Counting(database)
    service.hearing.service = fresh_name()
    made = Outbox(kafka, database, name, service, f"{fresh_name()}.v1")
    await make_topic(kafka, made.topic, {})
    yield made
    await database.drop()
    await database.close()
    forget_unclosed()  # aiokafka drops, unclosed, the connection that it was just opening when Kafka went away


async def make_topic(kafka: Kafka, topic: str, config: dict[str, str]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.url)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 3, 1, topic_configs=config)])
    await admin.close()


@asynccontextmanager
async def running(relay: Relay) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(relay.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def whole(count: int, walkers: int = 20) -> dict[str, list[int]]:
    return {f"1460-{walker}": list(range(1, count + 1)) for walker in range(walkers)}


async def test_what_was_said_is_published_in_order_and_forgotten(outbox: Outbox) -> None:
    await outbox.say(30)
    async with running(outbox.relay("one")):
        await until("the first are published", outbox.drained)
        await outbox.say(10, first=31)
        await until("all is published", outbox.drained)
    assert await outbox.heard() == whole(40)


async def test_what_is_said_costs_one_look(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look reads past all that was deleted lately: after what was not full it waits for news."""
    monkeypatch.setattr("shared.platform.relay.LOOK_EVERY", 3600)
    relay, looks = outbox.relay("one", lasts=timedelta(hours=1)), list[int]()
    look = relay._waiting

    async def counted(aside: list[str]) -> list[Document]:
        looks.append(len(found := await look(aside)))
        return found

    relay._waiting = counted  # type: ignore[method-assign]
    async with running(relay):
        await until("it has looked", lambda: _is(looks == [0]))
        for sequence in (1, 2, 3):
            await outbox.say(1, walkers=sequence, first=sequence)
            await until("that is published", outbox.drained)
    assert looks == [0, 1, 2, 3]


async def _is(so: bool) -> bool:
    return so


async def test_two_relays_at_once_publish_as_one(outbox: Outbox) -> None:
    async with running(outbox.relay("one")), running(outbox.relay("two")):
        for first in range(1, 41, 10):
            await outbox.say(10, first=first)
        await until("all is published", outbox.drained)
    assert await outbox.heard() == whole(40)


async def test_a_relay_that_lost_its_lease_without_knowing_publishes_nothing_old(outbox: Outbox) -> None:
    """Both believe that they hold the lease: the broker takes only the newer one's word."""
    old, new = outbox.relay("one"), outbox.relay("two")
    async with running(old):
        await outbox.say(5)
        await until("the first are published", outbox.drained)
        await outbox.database.change("leases", {"_id": "relay"}, {"$set": {"holder": "two"}})
        async with running(new):
            for first in range(6, 46, 10):
                await outbox.say(10, first=first)
            await until("all is published", outbox.drained)
    assert await outbox.heard() == whole(45)


async def test_what_a_killed_relay_left_open_is_undone_at_once_by_the_next(outbox: Outbox) -> None:
    left = AIOKafkaProducer(
        bootstrap_servers=outbox.kafka.url, transactional_id=f"{outbox.service.hearing.service}-relay", acks="all"
    )
    await left.start()
    await left.begin_transaction()
    ghost = outbox.document("1460-0", 1)
    for partition in range(3):
        await left.send_and_wait(
            outbox.topic, ghost["b"], key=b"1460-ghost", partition=partition, headers=list(ghost["h"].items())
        )
    await outbox.say(3)
    async with running(outbox.relay("one")):
        await until("all is published", outbox.drained)
    assert await outbox.heard() == whole(3)
    with pytest.raises(ProducerFenced):
        await left.commit_transaction()
    await left.stop()
    assert await outbox.heard() == whole(3)


async def test_a_relay_cancelled_in_the_middle_loses_nothing_and_what_comes_twice_has_the_same_number(
    outbox: Outbox,
) -> None:
    await outbox.say(60)
    for number in range(6):
        async with running(outbox.relay(f"holder {number}")):
            await until("it has begun", lambda: began(outbox))
        await outbox.database.delete("leases", {})
    async with running(outbox.relay("the last")):
        await until("all is published", outbox.drained)
    heard = await outbox.heard()
    assert {walker: sorted(set(numbers)) for walker, numbers in heard.items()} == whole(60)
    for numbers in heard.values():
        firsts = list(dict.fromkeys(numbers))
        assert firsts == sorted(firsts)


async def began(outbox: Outbox) -> bool:
    return bool(await outbox.database.find("leases", {})) or await outbox.drained()


async def test_a_kafka_that_stops_is_waited_for_and_said(outbox: Outbox, kafka: Kafka) -> None:
    relay = outbox.relay("one")
    async with running(relay):
        await outbox.say(2)
        await until("the first are published", outbox.drained)
        kafka.stop()
        await outbox.say(3, first=3)
        await until("the relay says that it waits", lambda: says(relay), seconds=LONG_AGO)
        kafka.start()
        await until("all is published", outbox.drained, seconds=LONG_AGO)
        await until("it is well again", lambda: well(relay))
    heard = await outbox.heard()
    assert {walker: sorted(set(numbers)) for walker, numbers in heard.items()} == whole(5)


async def says(relay: Relay) -> bool:
    return relay.trouble is not None


async def well(relay: Relay) -> bool:
    return relay.trouble is None


@pytest.mark.parametrize("who", ["the client", "the broker"])
async def test_what_kafka_will_never_take_blocks_only_its_own_aggregate(outbox: Outbox, who: str) -> None:
    if who == "the broker":
        outbox.topic = f"{fresh_name()}.v1"
        await make_topic(outbox.kafka, outbox.topic, {"max.message.bytes": "2000"})
    size = 3_000 if who == "the broker" else 2_000_000
    await outbox.say(3)
    large = [outbox.document("1460-large", number, size if number == 2 else 10) for number in (1, 2, 3)]
    await outbox.write(large)
    async with running(outbox.relay("one")):
        await until("it is set aside", lambda: are_aside(outbox, 1))
        await outbox.say(2, first=4)
        await until("only the one and what is behind it is left", lambda: are_left(outbox, 2))
    assert await outbox.heard() == {**whole(5), "1460-large": [1]}
    [aside] = await outbox.database.find("outbox_aside", {})
    assert aside == {"_id": f"{outbox.topic}|1460-large", "s": 2}


async def are_aside(outbox: Outbox, count: int) -> bool:
    return await outbox.database.count("outbox_aside", {}) == count


async def are_left(outbox: Outbox, count: int) -> bool:
    return await outbox.database.count("outbox", {}) == count


async def test_a_topic_that_is_not_there_yet_is_waited_for(outbox: Outbox) -> None:
    outbox.topic = f"{fresh_name()}.v1"
    await outbox.say(2)
    relay = outbox.relay("one")
    async with running(relay):
        await until("the relay says that it waits", lambda: says(relay), seconds=LONG_AGO)
        await make_topic(outbox.kafka, outbox.topic, {})
        await until("all is published", outbox.drained, seconds=LONG_AGO)
    assert await outbox.heard() == whole(2)


async def test_on_the_way_out_what_is_there_is_published(outbox: Outbox) -> None:
    relay = outbox.relay("one")
    async with running(relay):
        await until("it holds the lease", lambda: began(outbox))
        await outbox.say(20)
        await relay.drain()
        assert await outbox.drained()
        await relay.let_go()
    assert await outbox.database.find("leases", {}) == []
    assert await outbox.heard() == whole(20)


@contextmanager
def paused_relay(outbox: Outbox, mongo: Mongo, step: str, told: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A relay in a process of its own, that stops at a step."""
    servers = [mongo.url, outbox.name, outbox.kafka.url, outbox.service.hearing.service]
    command = [sys.executable, "-m", "tests.integration.stopping_relay", *servers, step]
    with told.open("wb") as output, subprocess.Popen(command, cwd=ROOT, stdout=output) as process:
        try:
            yield process
        finally:
            process.kill()


async def stands_still(process: "subprocess.Popen[bytes]") -> bool:
    return said_in(Path(f"/proc/{process.pid}/stat")).rpartition(")")[2].split()[0] == "T"


@pytest.mark.parametrize("step", STEPS)
async def test_a_paused_relay_cannot_write_after_its_successor_and_can_take_over_again(
    outbox: Outbox, mongo: Mongo, step: str, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    await outbox.say(5)
    with paused_relay(outbox, mongo, step, told) as old:
        await until("it was paused", lambda: stands_still(old), seconds=LONG_AGO)
        await outbox.say(5, first=6)
        async with running(outbox.relay("the successor")):
            await until("its successor has published what is newer", outbox.drained)
            old.send_signal(signal.SIGCONT)
            if step != "committed":
                await until("the old one is told that it is too late", lambda: says_in(told, "the relay waits"))
            await outbox.say(5, first=11)
            await until("its successor goes on", outbox.drained)
        await outbox.say(5, first=16)
        await until("the old one has taken over again", outbox.drained)
        assert old.poll() is None
    for numbers in (await outbox.heard()).values():
        again = 5 if step == "committed" else 0
        assert numbers == [*range(1, 1 + again), *range(1, 21)]


async def says_in(told: Path, text: str) -> bool:
    return text in said_in(told)


def said_in(file: Path) -> str:
    return file.read_text()
