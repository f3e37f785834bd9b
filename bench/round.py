"""One round of one way: a fresh topic, a fresh database, one shot; how long it took, and what it left behind."""

import asyncio
import gc
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import monitoring

from bench.load import Load, create_topics, delete_topics, loaded
from shared.platform import garbage

PARTITIONS: Final = 12
CASES: Final = 2_000
LANES: Final = 2
SETTLED: Final = 0.5
"""Seconds between taking one's partitions and the shot."""
STUCK_AFTER: Final = 180.0


class Watch(monitoring.CommandListener):
    """Notes what the driver sends: which commands, and when the last commit was answered."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.last_commit = 0.0

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """A command is sent: its name, with the collection that it is about."""
        about = event.command.get(event.command_name)
        self.commands.append(f"{event.command_name} {about}" if isinstance(about, str) else event.command_name)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """A command was answered."""
        if event.command_name == "commitTransaction":
            self.last_commit = perf_counter()

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """A command was refused; the way itself tells."""


WATCH: Final = Watch()
"""The driver takes listeners for all its clients of the process, and never gives them back: there is one."""


@dataclass(frozen=True, slots=True)
class Round:
    """Where a way finds its events and keeps what it makes of them."""

    kafka_url: str
    mongo_url: str
    topic: str
    database: str
    load: Load

    @property
    def said_on(self) -> str:
        """The topic for those who publish by themselves."""
        return f"{self.topic}.said"


Way = Callable[[Round], Awaitable[tuple[float, float]]]
"""Acts on all events of a round; returns when the shot was fired and when the last was committed."""


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Look until it is so: nobody tells us."""
    async with asyncio.timeout(STUCK_AFTER):
        while not await holds():
            await asyncio.sleep(0.01)


class Tally:
    """Counts what is done, and tells when it is all."""

    def __init__(self, count: int) -> None:
        self.left = count
        self.done = asyncio.Event()

    def add(self, number: int) -> None:
        """So many more are committed."""
        self.left -= number
        if self.left <= 0:
            self.done.set()


@dataclass(frozen=True, slots=True)
class Result:
    """How one round went: events a second, and what was found afterwards."""

    way: str
    per_second: float
    found: Mapping[str, int]
    journal: str
    """A digest over the last journal link of every case: equal when the same was done."""


@dataclass(frozen=True, slots=True)
class Entrant:
    """A way that takes part: its letter, its name, how many events it gets, and what must be found for each event."""

    letter: str
    name: str
    way: Way
    count: int
    leaves: tuple[str, ...]


async def run_round(entrant: Entrant, number: int, kafka_url: str, mongo_url: str, cases: int = CASES) -> Result:
    """Load, act, look, forget. Raises AssertionError when something is missing."""
    topic, database = f"bench.{entrant.letter}{number}.v1", f"bench_{entrant.letter}{number}"
    load = await loaded(kafka_url, topic, entrant.count, cases, PARTITIONS)
    one = Round(kafka_url, mongo_url, topic, database, load)
    await create_topics(kafka_url, {one.said_on: PARTITIONS})
    gc.unfreeze()
    garbage.settle()
    async with asyncio.timeout(STUCK_AFTER):
        fired, ended = await entrant.way(one)
    client: Any = AsyncIOMotorClient(mongo_url)
    try:
        found, journal = await left_behind(client[database], entrant.leaves)
        await client.drop_database(database)
    finally:
        client.close()
    await delete_topics(kafka_url, [topic, one.said_on])
    insist_on_all(entrant, found)
    return Result(entrant.letter, entrant.count / (ended - fired), found, journal)


async def left_behind(database: Any, leaves: Iterable[str]) -> tuple[dict[str, int], str]:
    """How many events stand in each of these places, and the digest of the journal."""
    counted = {place: await COUNTS[place](database) for place in leaves}
    digest = hashlib.sha256()
    async for case in database.cases.find({"_chain": {"$exists": True}}, sort=[("_id", 1)]):
        digest.update(case["_chain"])
    return counted, digest.hexdigest()


def insist_on_all(entrant: Entrant, found: Mapping[str, int]) -> None:
    """Refuse a round that has not acted on every event exactly once."""
    wrong = {place: number for place, number in found.items() if number != entrant.count}
    if wrong:
        raise AssertionError(f"{entrant.name}: of {entrant.count} events these were found: {wrong}")


def _sum(collection: str, member: str) -> Callable[[Any], Awaitable[int]]:
    async def summed(database: Any) -> int:
        total = {"$group": {"_id": None, "total": {"$sum": f"${member}"}}}
        found = await database[collection].aggregate([total]).to_list(None)
        return int(found[0]["total"]) if found else 0

    return summed


def _rows(collection: str) -> Callable[[Any], Awaitable[int]]:
    async def counted(database: Any) -> int:
        return int(await database[collection].count_documents({}))

    return counted


COUNTS: Final[Mapping[str, Callable[[Any], Awaitable[int]]]] = {
    "taken in": _sum("cases", "calls"),
    "heard": _sum("lanes", "s"),
    "outbox": _rows("outbox"),
    "journal": _rows("journal"),
}
