"""The cost gate: what one full batch asks of MongoDB and of Kafka, counted. The same on every machine."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer

from bench.case import Case, CaseCalled, noted, taken_in
from bench.load import delete_topics, loaded
from bench.ours import SERVICE, Cases, KeptCases, listening, until_heard
from bench.round import CASES, SETTLED, WATCH
from shared.contracts.streams import Stream
from shared.platform.bus import Bus
from shared.platform.clock import SystemClock
from shared.platform.mongo import connect
from shared.platform.pace import AT_ONCE
from shared.platform.service import Parts, hearing_for
from shared.platform.settings import PlatformSettings
from shared.platform.store import Store
from shared.platform.work import KEPT

Handler = Callable[..., Awaitable[None]]


class Second(Cases, Protocol):
    """The same, kept in another collection too."""


class Third(Cases, Protocol):
    """And in one more."""


class KeptSecond(Store[Case]):
    """A second collection."""

    collection = "second"
    state = Case
    identity = "case_id"


class KeptThird(Store[Case]):
    """A third collection."""

    collection = "third"
    state = Case
    identity = "case_id"


SHELF: dict[type[Any], type[Store[Any]]] = {Cases: KeptCases, Second: KeptSecond, Third: KeptThird}


async def keep_once(event: CaseCalled, cases: Cases) -> None:
    """One state collection."""
    case = taken_in(await cases.get(event.case_id), event)
    cases.save(case, says=[noted(case)])


async def keep_twice(event: CaseCalled, cases: Cases, second: Second) -> None:
    """Two."""
    await keep_once(event, cases)
    second.save(taken_in(await second.get(event.case_id), event))


async def keep_thrice(event: CaseCalled, cases: Cases, second: Second, third: Third) -> None:
    """Three."""
    await keep_twice(event, cases, second)
    third.save(taken_in(await third.get(event.case_id), event))


HANDLERS: tuple[Handler, ...] = (keep_once, keep_twice, keep_thrice)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one full batch sent: its MongoDB commands in their order, and how many offset commits."""

    commands: tuple[str, ...]
    offset_commits: int


async def cost(collections: int, kafka_url: str, mongo_url: str) -> Cost:
    """One listener, one full batch on one partition, so many state collections."""
    topic, name = f"bench.cost{collections}.v1", f"bench_cost{collections}"
    load = await loaded(kafka_url, topic, AT_ONCE, CASES, partitions=1)
    database = connect(mongo_url, name)
    await database.prepare([*KEPT, *(kept.layout() for kept in SHELF.values())])
    settings = PlatformSettings(environment="development", kafka_url=kafka_url, mongo_url=mongo_url)
    hearing = hearing_for(_parts(topic, collections), settings, database, SystemClock(), SystemClock())
    try:
        with counted_commits() as commits:
            async with listening(hearing, kafka_url, lanes=1, partitions=1) as (listener,):
                WATCH.commands.clear()
                await load.fire()
                await until_heard(hearing, AT_ONCE)
                await asyncio.sleep(SETTLED)
                found, batches = Cost(tuple(WATCH.commands), len(commits)), listener.batches
        await database.drop()
    finally:
        await database.close()
    await delete_topics(kafka_url, [topic])
    if batches != 1:
        raise RuntimeError(f"Kafka gave {AT_ONCE} events in {batches} batches: the count means nothing")
    return found


def _parts(topic: str, collections: int) -> Parts:
    bus, kinds = Bus(SERVICE), list(SHELF)[:collections]
    about = dict.fromkeys(kinds, _case_of)
    bus.hear(Stream(topic, SERVICE), about=about)(HANDLERS[collections - 1])
    return Parts(bus=bus, shelf=SHELF)


def _case_of(event: CaseCalled) -> str:
    return event.case_id


@contextmanager
def counted_commits() -> Iterator[list[object]]:
    """What consumers commit to Kafka meanwhile."""
    commits: list[object] = []
    commit = AIOKafkaConsumer.commit

    async def counted(self: AIOKafkaConsumer, offsets: object = None) -> None:
        commits.append(offsets)
        await commit(self, offsets)

    AIOKafkaConsumer.commit = counted
    try:
        yield commits
    finally:
        AIOKafkaConsumer.commit = commit
