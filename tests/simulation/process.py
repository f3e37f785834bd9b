"""A process of the simulation: its tasks, its calls to servers, and what befalls it at one of them."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping
from contextvars import copy_context
from random import Random
from typing import Any, Protocol

from tests.simulation.loop import OWNER, Loop
from tests.simulation.script import CHAOS, Fault, Kind


class Killed(BaseException):
    """The process is no more: nothing may catch this."""


class Slot:
    """Where a process runs, and another after it: its calls are counted on, and its faults are told by that count."""

    def __init__(self, name: str, faults: Mapping[tuple[str, int], Fault], random: Random | None) -> None:
        self.name, self.faults = name, faults
        self.calls: defaultdict[str, int] = defaultdict(int)
        self._random = random

    def fault(self, what: str) -> Fault | None:
        """What is to befall this call."""
        self.calls[what] += 1
        self.calls[""] += 1
        if not self.faults:
            return None
        return self.faults.get((what, self.calls[what])) or self.faults.get(("", self.calls[""]))

    def latency(self) -> float:
        """How long the next call takes."""
        return self._random.random() * 0.003 if self._random else 0.001

    def some_of(self, count: int) -> int:
        """How many of so many records a poll brings."""
        return self._random.randint(1, count) if self._random else count

    def shuffled(self, places: list[Any]) -> list[Any]:
        """The order in which a poll looks at partitions."""
        if self._random:
            self._random.shuffle(places)
        return places


class Watcher(Protocol):
    """Who writes down what happens."""

    def note(self, slot: str, what: str, kind: str) -> None: ...

    def breach(self, what: str) -> None: ...


class Process:
    """One life in a slot."""

    def __init__(self, loop: Loop, slot: Slot, watcher: Watcher) -> None:
        self.loop, self.slot, self._watcher = loop, slot, watcher
        self.dead = False
        self.frozen_until = 0.0
        self.on_silence: list[Callable[[], None]] = []
        """Called when it is killed or begins to stand still: servers notice after a while."""
        self.on_thaw: list[Callable[[], None]] = []

    def begin(self, life: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """A task of this process; each that is begun by ours is ours too."""
        context = copy_context()
        context.run(OWNER.set, self)
        task = self.loop.create_task(life, context=context)
        task.add_done_callback(self._mourn)
        return task

    @property
    def silent(self) -> bool:
        """Whether servers hear nothing of it."""
        return self.dead or self.loop.now < self.frozen_until

    def kill(self) -> None:
        """SIGKILL: its memory is gone, what it has begun at a server stays there."""
        if self.dead:
            return
        self.dead = True
        self._fall_silent()
        for task in self.loop.tasks(self):
            if task is not asyncio.current_task(self.loop):
                task.cancel()

    async def arrive(self, what: str) -> Kind | None:
        """A call travels to a server. Killed, or what is to befall it there."""
        self.check()
        fault = self.slot.fault(what)
        kind = fault.kind if fault and self.loop.now < CHAOS else None
        await self.loop.pause(self.slot.latency())
        self._watcher.note(self.slot.name, what, kind or "")
        if kind == "crash before":
            self.kill()
        if fault and kind == "stall before":
            self._freeze(fault.lasts)
        await self._thawed()
        if fault and kind == "stall after":
            self._freeze(fault.lasts)
        return kind

    async def answered(self, kind: Kind | None) -> None:
        """The answer travels back."""
        if kind == "crash after":
            self.kill()
        await self._thawed()

    def check(self) -> None:
        """Killed when it is dead."""
        if self.dead:
            raise Killed

    async def _thawed(self) -> None:
        self.check()
        while self.loop.now < self.frozen_until:
            await self.loop.pause(self.frozen_until - self.loop.now)
            self.check()

    def _freeze(self, seconds: float) -> None:
        self.frozen_until = self.loop.now + seconds
        self._fall_silent()
        self.loop.call_later(seconds + 0.01, self._thaw)

    def _thaw(self) -> None:
        if not self.silent:
            for noticed in self.on_thaw:
                noticed()

    def _fall_silent(self) -> None:
        for noticed in self.on_silence:
            noticed()

    def _mourn(self, task: asyncio.Task[Any]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, Killed) and not self.dead:
            self._watcher.breach(f"a task of {self.slot.name} has died: {error!r}")
