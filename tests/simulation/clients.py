"""aiokafka's consumer and producer, as far as the platform uses them, on the broker in memory."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aiokafka.errors import (
    CommitFailedError,
    IllegalStateError,
    KafkaConnectionError,
    MessageSizeTooLargeError,
    ProducerFenced,
)

from shared.platform.relay import LARGEST
from shared.platform.understand import Record
from tests.simulation.broker import TRANSACTION_TIMEOUT, Broker, Group, Place
from tests.simulation.process import Process
from tests.simulation.script import Kind

POLL = 0.4


class _Line:
    """A process's line to the broker."""

    def __init__(self, broker: Broker, process: Process) -> None:
        self._broker, self._process = broker, process

    async def _there(self, what: str) -> Kind | None:
        kind = await self._process.arrive(what)
        if kind in ("cut before", "race"):
            raise KafkaConnectionError
        return kind

    async def _back(self, kind: Kind | None) -> None:
        await self._process.answered(kind)
        if kind == "cut after":
            raise KafkaConnectionError


class Consumer(_Line):
    """A member of a group; `listener` is told of what is taken and given."""

    def __init__(self, broker: Broker, process: Process, group: str, name: str) -> None:
        super().__init__(broker, process)
        self._group_name, self.name = group, name
        self.assignment: list[Place] = []
        self._at: dict[Place, int] = {}
        self._listener: Any = None
        self._leaving = False
        self._group: Group | None = None

    @property
    def silent(self) -> bool:
        """See `Member`."""
        return self._process.silent

    async def start(self) -> None:
        await self._there("join")

    def subscribe(self, topics: Sequence[str], listener: Any) -> None:
        self._listener = listener
        group = self._group = self._broker.group(self._group_name, topics)
        group.join(self)
        self._process.on_silence.append(lambda: group.notice(self))
        self._process.on_thaw.append(self._back_again)

    def _back_again(self) -> None:
        """Its heartbeat tells it that it was left out: it lets go and comes back."""
        if self._group is not None and self._group.members.get(self.name) is not self:
            self._process.begin(self._rejoin())

    async def _rejoin(self) -> None:
        await asyncio.sleep(self._process.slot.latency() * 10)
        await self._let_go()
        if self._group is not None:
            self._group.join(self)

    def revoke(self) -> "asyncio.Task[None]":
        """See `Member`."""
        return self._process.begin(self._let_go())

    async def _let_go(self) -> None:
        self._leaving = True
        self._broker.wake()
        await self._listener.on_partitions_revoked(list(self.assignment))
        self._leaving, self.assignment = False, []

    async def assign(self, places: list[Place]) -> None:
        """See `Member`."""
        if self._process.dead or self._group is None:
            return
        self.assignment = list(places)
        self._at = {place: self._group.committed.get(place, 0) for place in places}
        await self._listener.on_partitions_assigned(list(places))
        self._broker.wake()

    def seek(self, place: Any, offset: int) -> None:
        self._check(place)
        self._at[Place(*place)] = offset

    def _check(self, place: Any) -> None:
        if Place(*place) not in self.assignment:
            raise IllegalStateError(f"{place} is not assigned")

    async def position(self, place: Any) -> int:
        return self._at[Place(*place)]

    async def beginning_offsets(self, places: Iterable[Any]) -> dict[Place, int]:
        found = [Place(*place) for place in places]
        await self._back(await self._there("beginnings"))
        return dict.fromkeys(found, 0)

    async def getmany(self, *only: Any, timeout_ms: int, max_records: int) -> Mapping[Place, Sequence[Record]]:
        await self._back(await self._there("poll"))
        until = self._process.loop.now + POLL
        while not (found := self._fetched()) and not self._leaving and self._process.loop.now < until:
            await self._broker.news(until - self._process.loop.now)
            self._process.check()
        return found  # as in aiokafka nothing is awaited from here on: who gives up waiting loses no records

    def _fetched(self) -> dict[Place, Sequence[Record]]:
        found: dict[Place, Sequence[Record]] = {}
        for place in self._process.slot.shuffled(list(self.assignment)):
            records = self._broker.stable(place, self._at[place])
            if records:
                taken = records[: self._process.slot.some_of(len(records))]
                found[place] = taken
                self._at[place] = taken[-1].offset + 1
        return found

    async def commit(self, offsets: Mapping[Any, int]) -> None:
        kind = await self._there("commit offsets")
        if self._group is None or self._group.members.get(self.name) is not self:
            raise CommitFailedError
        self._group.committed.update({Place(*place): offset for place, offset in offsets.items()})
        await self._back(kind)

    async def stop(self) -> None:
        await self._there("leave")


class Producer(_Line):
    """A transactional producer."""

    def __init__(self, broker: Broker, process: Process, name: str) -> None:
        super().__init__(broker, process)
        self._name, self._epoch, self._fenced = name, 0, False
        self._unsent: list[tuple[Record, asyncio.Future[None]]] = []
        self._sending: asyncio.Task[None] | None = None
        self.client = self

    async def start(self) -> None:
        kind = await self._there("begin producing")
        self._epoch = self._broker.begin(self._name)
        self._process.on_silence.append(self._left_alone)
        await self._back(kind)

    def _left_alone(self) -> None:
        self._process.loop.call_later(TRANSACTION_TIMEOUT, self._too_old, self._epoch)

    def _too_old(self, epoch: int) -> None:
        if self._process.silent:
            self._broker.time_out(self._name, epoch)

    async def begin_transaction(self) -> None:
        if self._fenced:
            raise AssertionError("as aiokafka does on a fenced producer")

    async def commit_transaction(self) -> None:
        await self._end("kept")

    async def abort_transaction(self) -> None:
        await self.begin_transaction()
        await self._end("undone")

    async def _end(self, state: str) -> None:
        if self._sending is not None:
            await asyncio.wait([self._sending])
        kind = await self._there(f"transaction {state}")
        try:
            self._broker.end(self._name, self._epoch, state)
        except ProducerFenced:
            self._fenced = True
            raise
        await self._back(kind)

    async def send(
        self, topic: str, *, value: bytes, key: bytes, headers: Sequence[tuple[str, bytes]]
    ) -> "asyncio.Future[None]":
        if len(value) > LARGEST:
            raise MessageSizeTooLargeError
        sent: asyncio.Future[None] = self._process.loop.create_future()
        self._unsent.append((Record(topic, 0, 0, key, value, headers), sent))
        if self._sending is None or self._sending.done():
            self._sending = self._process.begin(self._send_all())
        return sent

    async def _send_all(self) -> None:
        error: Exception | None = None
        unsent: list[tuple[Record, asyncio.Future[None]]] = []
        try:
            kind = await self._there("produce")
            unsent, self._unsent = self._unsent, []
            self._broker.produce(self._name, self._epoch, [record for record, _ in unsent])
            await self._back(kind)
        except ProducerFenced as fenced:
            self._fenced, error = True, fenced
        except KafkaConnectionError as away:
            error = away
            unsent, self._unsent = unsent or self._unsent, []
        for _, sent in unsent:
            if not sent.done() and error is None:
                sent.set_result(None)
            elif not sent.done() and error is not None:
                sent.set_exception(error)

    async def stop(self) -> None:
        await self._there("stop producing")

    async def close(self) -> None:
        """As its own client: its connections."""
