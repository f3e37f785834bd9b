"""(c) The platform: a bus, a handler on a store, and two listeners in one process."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from bench.case import Case, CaseCalled, noted, taken_in
from bench.round import LANES, PARTITIONS, SETTLED, WATCH, Round, until
from shared.contracts.event import Event
from shared.contracts.streams import Stream
from shared.platform.bus import Bus
from shared.platform.clock import SystemClock
from shared.platform.database import Database
from shared.platform.hearing import Hearing
from shared.platform.listener import Listener
from shared.platform.mongo import connect
from shared.platform.parking import Parking
from shared.platform.positions import POSITIONS
from shared.platform.service import Parts, hearing_for
from shared.platform.settings import PlatformSettings
from shared.platform.store import Store
from shared.platform.work import KEPT

SERVICE = "bench"


class Cases(Protocol):
    """The cases."""

    async def get(self, case_id: str, /) -> Case | None:
        """One case."""
        ...

    def save(self, case: Case, /, says: Sequence[Event] = ()) -> None:
        """Keep a case and say what is to be said of it."""
        ...


class KeptCases(Store[Case]):
    """Cases in MongoDB."""

    collection = "cases"
    state = Case
    identity = "case_id"


async def take_in(event: CaseCalled, cases: Cases) -> None:
    """A call is taken in by its case."""
    case = taken_in(await cases.get(event.case_id), event)
    cases.save(case, says=[noted(case)])


def parts(topic: str) -> Parts:
    """A service with this one handler."""
    bus = Bus(SERVICE)
    bus.hear(Stream(topic, SERVICE), about=lambda event: event.case_id)(take_in)
    return Parts(bus=bus, shelf={Cases: KeptCases})


async def prepare(one: Round) -> None:
    """The collections, with the indexes that a service has; made before anybody starts."""
    database = connect(one.mongo_url, one.database)
    await database.prepare([*KEPT, KeptCases.layout()])
    await database.close()


async def ours(one: Round) -> tuple[float, float]:
    """Two lanes of the platform."""
    await prepare(one)
    database = connect(one.mongo_url, one.database)
    settings = PlatformSettings(environment="development", kafka_url=one.kafka_url, mongo_url=one.mongo_url)
    hearing = hearing_for(parts(one.topic), settings, database, SystemClock(), SystemClock())
    try:
        async with listening(hearing, one.kafka_url, LANES, PARTITIONS):
            fired = await one.load.fire()
            await until_heard(hearing, one.load.count)
    finally:
        await database.close()
    return fired, WATCH.last_commit


@asynccontextmanager
async def listening(hearing: Hearing, kafka_url: str, lanes: int, partitions: int) -> AsyncIterator[list[Listener]]:
    """Listeners that stand at their places, as `Work` runs them."""
    parking = Parking(hearing)
    await parking.wake_due()
    listeners = [Listener(hearing, kafka_url, f"{SERVICE}-{number}", parking) for number in range(lanes)]
    running = [asyncio.create_task(listener.run()) for listener in listeners]
    try:
        await until(lambda: _each_has_its_share(hearing.database, lanes, partitions))
        await asyncio.sleep(SETTLED)
        yield listeners
    finally:
        for listener in listeners:
            listener.stop()
        await asyncio.gather(*running)


async def _each_has_its_share(database: Database, lanes: int, partitions: int) -> bool:
    taken = Counter(bytes(row["session"]) for row in await database.find(POSITIONS.name, {}))
    return list(taken.values()) == [partitions // lanes] * lanes


async def until_heard(hearing: Hearing, count: int) -> None:
    """Wait until so many events were acted on."""
    labels = {"listener": SERVICE, "type": CaseCalled.type}

    async def heard() -> bool:
        return (hearing.metrics.registry.get_sample_value("kommunkontakt_heard_total", labels) or 0) >= count

    await until(heard)
