"""A Kafka in memory: partitions with open, kept and undone records, transactional ids with epochs, groups."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from zlib import crc32

from aiokafka import TopicPartition
from aiokafka.errors import ProducerFenced

from shared.platform.understand import Record
from tests.simulation.loop import Loop, done

SESSION_TIMEOUT = 0.4
REVOKE_WITHIN = 0.3
TRANSACTION_TIMEOUT = 3.0
Mark = str


class Place(TopicPartition):  # type: ignore[misc]
    """A topic and a partition whose hash is the same in every run."""

    def __hash__(self) -> int:
        return crc32(f"{self.topic} {self.partition}".encode())


@dataclass(slots=True)
class Entry:
    """A record in a partition, or the marker of a transaction's end (no record)."""

    record: Record | None
    state: str = "kept"
    by: str = ""


class Member(Protocol):
    """A consumer as its group sees it."""

    name: str
    assignment: list[Place]

    @property
    def silent(self) -> bool: ...

    def revoke(self) -> "asyncio.Task[None]": ...

    async def assign(self, places: list[Place]) -> None: ...


class Group:
    """A consumer group: whoever is here shares the partitions, and all let go before anything is given anew."""

    def __init__(self, loop: Loop, places: list[Place]) -> None:
        self._loop, self.places = loop, places
        self.members: dict[str, Member] = {}
        self.committed: dict[Place, int] = {}
        self._again = asyncio.Event()
        self.changes = 0

    def join(self, member: Member) -> None:
        """A member comes, or comes back."""
        self.members[member.name] = member
        self._again.set()

    def leave(self, member: Member) -> None:
        """A member is not heard of."""
        if self.members.get(member.name) is member:
            del self.members[member.name]
            self._again.set()

    def notice(self, member: Member) -> None:
        """A member has fallen silent: should it stay so, it is left out."""
        self._loop.call_later(SESSION_TIMEOUT, lambda: self.leave(member) if member.silent else None)

    async def share(self) -> None:
        """Share the partitions whenever somebody comes or goes."""
        while True:
            await self._again.wait()
            await self._all_let_go()
            if not self._again.is_set():
                await self._give()

    async def _all_let_go(self) -> None:
        """Who does not let go in time is left out, and hears of it later."""
        for member in [one for one in self.members.values() if one.silent]:
            self.leave(member)
        self._again.clear()
        waits = {member.revoke(): member for member in self.members.values()}
        if waits:
            _, late = await asyncio.wait(waits, timeout=REVOKE_WITHIN)
            for task in late:
                self.leave(waits[task])

    async def _give(self) -> None:
        self.changes += 1
        members = [self.members[name] for name in sorted(self.members)]
        for nth, member in enumerate(members):
            await member.assign(self.places[nth :: len(members)])


class Broker:
    """All topics and producers."""

    def __init__(self, loop: Loop, partitions: dict[str, int]) -> None:
        self.loop, self._partitions = loop, dict(partitions)
        self.logs: dict[Place, list[Entry]] = {Place(t, n): [] for t, count in partitions.items() for n in range(count)}
        self.groups: dict[str, Group] = {}
        self._epochs: dict[str, int] = {}
        self.fenced = 0
        self._waiting: list[asyncio.Future[None]] = []

    def group(self, name: str, topics: Iterable[str]) -> Group:
        """The group of a service."""
        if name not in self.groups:
            heard = set(topics)
            self.groups[name] = Group(self.loop, [place for place in self.logs if place.topic in heard])
        return self.groups[name]

    def append(self, record: Record, *, by: str = "") -> Record:
        """Put a record in its key's partition; `by` a producer whose transaction is open."""
        count = self._partitions.setdefault(record.topic, 1)
        place = Place(record.topic, crc32(record.key or b"") % count)
        log = self.logs.setdefault(place, [])
        placed = record._replace(partition=place.partition, offset=len(log))
        log.append(Entry(placed, "open" if by else "kept", by))
        self.wake()
        return placed

    def begin(self, producer: str) -> int:
        """A producer comes under a transactional id: the one before it is fenced, what that left open is undone."""
        self._epochs[producer] = self._epochs.get(producer, 0) + 1
        self._end(producer, "undone")
        return self._epochs[producer]

    def produce(self, producer: str, epoch: int, records: Iterable[Record]) -> None:
        """Put records into the open transaction."""
        self.check(producer, epoch)
        for record in records:
            self.append(record, by=producer)

    def end(self, producer: str, epoch: int, state: Mark) -> None:
        """End a transaction as "kept" or "undone"."""
        self.check(producer, epoch)
        self._end(producer, state)

    def time_out(self, producer: str, epoch: int) -> None:
        """Nobody is heard of: undo what is open; a producer that has nothing open may be silent for ever."""
        if self._epochs[producer] == epoch and any(self._open(producer, log) for log in self.logs.values()):
            self._epochs[producer] += 1
            self._end(producer, "undone")

    def check(self, producer: str, epoch: int) -> None:
        """ProducerFenced when another came under the same id."""
        if self._epochs[producer] != epoch:
            self.fenced += 1
            raise ProducerFenced

    def _end(self, producer: str, state: Mark) -> None:
        for log in self.logs.values():
            mine = self._open(producer, log)
            for entry in mine:
                entry.state = state
            if mine:
                log.append(Entry(None))
        self.wake()

    def _open(self, producer: str, log: list[Entry]) -> list[Entry]:
        return [entry for entry in log if entry.by == producer and entry.state == "open"]

    def any_open(self) -> bool:
        """Whether a transaction is open anywhere."""
        return any(entry.state == "open" for log in self.logs.values() for entry in log)

    def stable(self, place: Place, at: int) -> list[Record]:
        """What a read_committed consumer gets from an offset on."""
        found: list[Record] = []
        for entry in self.logs[place][at:]:
            if entry.state == "open":
                break
            if entry.record is not None and entry.state == "kept":
                found.append(entry.record)
        return found

    async def news(self, seconds: float) -> None:
        """Wait until anything has happened, at most so long."""
        waits: asyncio.Future[None] = self.loop.create_future()
        self._waiting.append(waits)
        timer = self.loop.call_later(seconds, done, waits)
        try:
            await waits
        finally:
            timer.cancel()

    def wake(self) -> None:
        """Something has happened."""
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            done(one)
