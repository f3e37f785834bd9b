"""One run of a script: the world is set up, goes wrong as told, comes to rest, and is judged."""

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from shared.contracts.refusal import Refused
from shared.platform.errors import LostRace, TryAgain
from shared.platform.parking import Decision, Parking
from tests.simulation.broker import Broker
from tests.simulation.loop import Loop, Stuck
from tests.simulation.parts import Parts, WorldClock, answer, paced
from tests.simulation.process import Process, Slot
from tests.simulation.script import CHAOS, KEYS, Ask, Jump, Put, Script
from tests.simulation.server import Server
from tests.simulation.services import PARTITIONS, record

LOOKS = 40
LOOK_EVERY = 0.25
RESTART_AFTER = 0.2
PERSON_FROM = 0.7
REPLAY = Decision("replayed", "anna", "it is mended")
DISCARD = Decision("discarded", "anna", "it was a mistake")
Call = tuple[float, str, str, str]
"""A call to a server: when, of which slot, what, and what befell it."""


@dataclass(slots=True)
class Published:
    """A put and the place that it got."""

    put: Put
    partition: int
    offset: int

    @property
    def parking_id(self) -> str:
        """Under which id it would be parked."""
        return f"{self.put.topic}.{self.partition}.{self.offset}"


@dataclass
class World:
    """Everything there is in one run."""

    script: Script
    loop: Loop = field(default_factory=Loop)
    breaches: list[str] = field(default_factory=list)
    published: list[Published] = field(default_factory=list)
    befell: Counter[str] = field(default_factory=Counter)
    trace: list[Call] = field(default_factory=list)
    mended: bool = False
    answered: int = 0

    def __post_init__(self) -> None:
        script = self.script
        self.broker = Broker(self.loop, PARTITIONS)
        self.servers = {name: Server(name, self) for name in ("sorting", "carrying")}
        self.clock = WorldClock(self.loop)
        self.parts = Parts(self.broker, self.servers, self.clock, self)
        names = [f"sorting-{n}" for n in range(script.sorters)] + [f"carrying-{n}" for n in range(script.carriers)]
        self.slots = {name: self._slot(name) for name in [*names, "desk", "person"]}
        self.processes: dict[str, Process] = {}
        self.hopeless = hopeless(script)

    def _slot(self, name: str) -> Slot:
        faults = {(fault.what, fault.nth): fault for fault in self.script.faults if fault.slot == name}
        return Slot(name, faults, Random(f"{self.script.seed} {name}") if self.script.jitter else None)

    def note(self, slot: str, what: str, kind: str) -> None:
        """See `Watcher`."""
        self.trace.append((self.loop.now, slot, what, kind))
        if kind:
            self.befell[kind] += 1

    def breach(self, what: str) -> None:
        """See `Watcher`."""
        self.breaches.append(what)

    @property
    def told(self) -> list[str]:
        """Its course for people, a line for each call to a server."""
        return [f"{at:.4f} {slot} {what} {kind}" for at, slot, what, kind in self.trace]

    async def course(self) -> None:
        """From the first record to rest."""
        self.broker.group("sorting", PARTITIONS.keys() - {"sorting.letters.v1"})
        self.broker.group("carrying", ["sorting.letters.v1"])
        background = [self.loop.create_task(one) for one in self._background()]
        for name in self.slots:
            self._start(name)
        await self._settled()
        for process in self.processes.values():
            process.kill()
        for task in background:
            task.cancel()
        await asyncio.wait(self.loop.tasks()[1:], timeout=5)  # the first is this one

    def _background(self) -> Iterator[Coroutine[Any, Any, None]]:
        yield from (group.share() for group in self.broker.groups.values())
        yield self._publish()
        yield self._mend()
        yield self._decide()
        yield from (self._jump(jump) for jump in self.script.jumps)
        yield from (self._request(ask) for ask in self.script.asks)

    def _start(self, name: str) -> None:
        process = self.processes[name] = Process(self.loop, self.slots[name], self)
        process.on_silence.append(lambda: self._restart(name) if process.dead else None)
        service = name.split("-")[0]
        if service in self.servers:
            self.parts.begin(service, process)

    def _restart(self, name: str) -> None:
        if self.loop.now < CHAOS * 2:
            self.loop.call_later(RESTART_AFTER, self._start, name)

    async def _until(self, at: float) -> None:
        await asyncio.sleep(max(0.0, at - self.loop.now))

    async def _publish(self) -> None:
        for put in self.script.puts:
            await self._until(put.at)
            placed = self.broker.append(record(put))
            self.published.append(Published(put, placed.partition, placed.offset))

    async def _mend(self) -> None:
        await self._until(self.script.mended_at)
        self.mended = True

    async def _jump(self, jump: Jump) -> None:
        await self._until(jump.at)
        self.clock.ahead += timedelta(hours=jump.hours)
        self.befell["clock jump"] += 1

    async def _request(self, ask: Ask) -> None:
        await self._until(ask.at)
        while True:
            process = self.processes["desk"]
            if not process.dead:
                asked = process.begin(answer(self.parts.desk(process), ask))
                await asyncio.wait([asked])
                if not asked.cancelled() and asked.exception() is None and asked.result():
                    self.answered += 1
                    return
            await asyncio.sleep(0.1)

    async def _decide(self) -> None:
        await self._until(PERSON_FROM)
        while True:
            await asyncio.wait([self.processes["person"].begin(self._answer_parked())])
            await asyncio.sleep(0.5)

    async def _answer_parked(self) -> None:
        hearing = self.parts.hearing("sorting", self.processes["person"])
        parking = Parking(hearing)
        puts = {one.parking_id: one.put for one in self.published}
        for row in sorted(self.servers["sorting"].all("parked"), key=lambda row: row["order"]):
            put = puts.get(row["_id"])
            bad = put is not None and put in self.hopeless
            if row["open"] and (row["kind"] in ("parked", "timer") or (row["awaits"] and bad)):
                try:
                    await parking.decide(
                        "1460" if row["municipality"] != "0000" else "0000", row["_id"], DISCARD if bad else REPLAY
                    )
                except (Refused, TryAgain, LostRace):
                    continue

    async def _settled(self) -> None:
        """Once nothing is broken any more, everything comes to rest."""
        await self._until(CHAOS)
        self.mended = True
        for _ in range(LOOKS):
            await asyncio.sleep(LOOK_EVERY)
            self.clock.ahead += timedelta(hours=1)
            if not (restless := self.restless()):
                return
        self.breach(f"it never came to rest: {restless}")

    def restless(self) -> str:
        """What is not at rest yet."""
        sorting = self.servers["sorting"]
        if len(self.published) < len(self.script.puts) or self.answered < len(self.script.asks):
            return "not all was published or answered"
        if any(row["open"] and row["kind"] != "rejected" for row in sorting.all("parked")):
            return "something is parked still"
        if sorting.all("outbox"):
            return "the outbox is not empty"
        if any("due_at" in row for row in sorting.all("boxes")):
            return "a promise is not kept"
        if self.broker.any_open():
            return "a transaction is open"
        return self._unheard()

    def _unheard(self) -> str:
        for service, group in self.broker.groups.items():
            stands = {row["_id"]: row.get("next") or 0 for row in self.servers[service].all("positions")}
            for place in group.places:
                if self.broker.stable(place, stands.get(f"{service}|{place.topic}|{place.partition}", 0)):
                    return f"{service} has not heard all of {place.topic}"
        return ""


def hopeless(script: Script) -> set[Put]:
    """What a person will discard: no release can act on it."""
    keys = {put.box for put in script.puts if put.topic == KEYS}
    waits = {put for put in script.puts if put.trouble == "key" and put.box not in keys}
    return waits | {put for put in script.puts if put.trouble in ("no", "big", "unreadable")}


@contextmanager
def quiet() -> Iterator[None]:
    """What goes wrong on purpose is not logged."""
    log = logging.getLogger("kommunkontakt")
    before = log.disabled, log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(before[1])


def played(script: Script) -> World:
    """The world after a script."""
    world = World(script)
    with quiet(), paced():
        try:
            world.loop.to_the_end(world.course())
        except Stuck:
            world.breach("it never came to rest: all wait for ever")
    world.breaches += world.loop.failures
    return world
