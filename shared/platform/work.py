"""A service at work: listeners, relay, timers and the waker as supervised tasks. The death of one ends the process."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol

from shared.contracts.catalogue import all_streams
from shared.platform.clock import SimulatedClock
from shared.platform.database import Collection
from shared.platform.errors import LostRace, Outdated, TryAgain
from shared.platform.files import CHUNKS, FILES
from shared.platform.handlers import Handler
from shared.platform.heard import INBOUND, LANES
from shared.platform.hearing import Hearing
from shared.platform.kafka import KafkaAccess
from shared.platform.leases import LEASES, Lease
from shared.platform.listener import Listener
from shared.platform.lost import LOST
from shared.platform.once import REQUESTS
from shared.platform.outbox import ASIDE, JOURNAL, OUTBOX
from shared.platform.parked import PARKED
from shared.platform.parking import Parking
from shared.platform.positions import POSITIONS
from shared.platform.posting import POSTED, PUBLISHING
from shared.platform.recall import recall
from shared.platform.relay import Relay
from shared.platform.restores import RESTORES, epoch_of
from shared.platform.timers import Promise, Timers
from shared.platform.vault import KEYS
from shared.platform.watch import Watch

KEPT = (
    *(POSITIONS, LANES, INBOUND, OUTBOX, ASIDE, JOURNAL, PARKED, LEASES, REQUESTS),
    *(PUBLISHING, POSTED, RESTORES, LOST, FILES, CHUNKS),
)
"""The platform's own collections in each service's database."""
WAKE_EVERY = 0.5
START_PAUSE = 1.0
HEARD_OUT_WITHIN, LEAVE_WITHIN, FAREWELL_WITHIN = 4.5, 5.5, 2.5
"""Together less than the ten seconds within which we end, also when what we take leave of is away."""

Task = Callable[[], Coroutine[Any, Any, None]]
log = logging.getLogger("kommunkontakt.work")


class Worker(Protocol):
    """What a service lets run beside the platform's own parts; `trouble` is what it waits for, if anything."""

    trouble: str | None

    async def run(self) -> None:
        """Work until cancelled."""
        ...


class Work:
    """Everything of a service that is not a door."""

    def __init__(
        self,
        hearing: Hearing,
        kafka: KafkaAccess | str,
        promises: Sequence[Promise],
        *,
        instance: str,
        stable: bool,
        lanes: int,
        recalls: Mapping[str, Handler],
        others: Mapping[str, Worker],
        simulated: SimulatedClock | None = None,
    ) -> None:
        self.hearing, self.parking = hearing, Parking(hearing)
        names = [f"{hearing.service}-{instance}-{number}" for number in range(lanes if hearing.topics else 0)]
        self._listeners = [Listener(hearing, kafka, name, self.parking, stable=stable) for name in names]
        own = [stream for stream in all_streams() if stream.owner == hearing.service]
        self._relay = Relay(hearing, kafka, self._lease("relay", instance), compacted=own)
        self._timers = Timers(hearing, tuple(promises), self._lease("timers", instance))
        self._watch = Watch(hearing, self._listeners)
        self._recalls, self._others, self._simulated = recalls, others, simulated
        self._running: dict[str, asyncio.Task[None]] = {}
        self._supervisor: asyncio.Task[None] | None = None
        self._trouble: str | None = "starting"
        self._outdated: str | None = None
        self._standing_aside = False
        self.on_death: Callable[[BaseException], None] = lambda error: None

    def _lease(self, name: str, instance: str) -> Lease:
        return Lease(self.hearing.database, name, instance, self.hearing.wall, self.hearing.metrics)

    async def start(self) -> None:
        """Begin in the background: what is away at the start is waited for, and /ready says so."""
        self.hearing.epoch = None
        self._supervisor = asyncio.create_task(self._supervise(), name="supervisor")

    async def stop(self) -> None:
        """Finish the batches in hand, publish what was said, give leases back; at most about ten seconds."""
        if self._supervisor is None:
            return
        for listener in self._listeners:
            listener.stop()
        for name in self._running.keys() - {"relay", *(listener.name for listener in self._listeners)}:
            self._running[name].cancel()
        leaving = asyncio.create_task(self._wind_down(), name="leaving")
        await asyncio.wait([leaving], timeout=LEAVE_WITHIN)
        await _ended([leaving, self._supervisor, *self._running.values()])
        self._supervisor = None

    def stand_aside(self) -> None:
        """Say that we are about to leave: a load balancer turns to others, while we still answer."""
        self._standing_aside = True

    def progress(self) -> Mapping[str, str | None]:
        """What each part waits for, None when it moves on."""
        parts = {listener.name: listener.trouble for listener in self._listeners}
        parts["relay"], parts["timers"] = self._relay.trouble, self._timers.trouble
        parts |= {name: worker.trouble for name, worker in self._others.items()}
        if self._standing_aside:
            parts["stop"] = "is about to leave"
        return {"start": self._trouble, "release": self._outdated, **parts, "watch": self._watch.trouble}

    async def _supervise(self) -> None:
        try:
            await self._prepare()
            self._running = {name: asyncio.create_task(task(), name=name) for name, task in self._tasks().items()}
            self._trouble = None
            done, _ = await asyncio.wait(self._running.values(), return_when=asyncio.FIRST_COMPLETED)
            if self._supervisor is not None and not any(listener.stopping for listener in self._listeners):
                await self._ended_early(next(iter(done)))
        except Exception as error:
            self._trouble = "could not start"
            self.on_death(error)

    async def _ended_early(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Outdated):
            await self._stand_still(error)
        else:
            self._dead(task, error)

    async def _stand_still(self, newer: Outdated) -> None:
        """A newer release is at work: leave the group, give the leases back, and let the doors alone go on."""
        self._outdated = f"stands still: {newer}; the work is done by the newer release alone"
        log.critical("this release is outdated", extra={"reason": str(newer)})
        for listener in self._listeners:
            listener.stop()
        await self._wind_down()
        await _ended([*self._running.values()])

    def _dead(self, task: asyncio.Task[None], error: BaseException | None) -> None:
        self._trouble = f"{task.get_name()} has died"
        log.critical("a task has died", extra={"reason": task.get_name()}, exc_info=error)
        self.on_death(error or RuntimeError(self._trouble))

    async def _prepare(self) -> None:
        """Wait for the database and read our epoch; WrongSetting when it is a database we can't work with."""
        while True:
            try:
                await self.hearing.database.check()
                epoch = await epoch_of(self.hearing.database)
                await self.hearing.database.prepare(self.layout())
                self.hearing.epoch = epoch
                await recall(self.hearing, self._recalls)
                return
            except (TryAgain, LostRace) as away:
                self._trouble = str(away)
                await asyncio.sleep(START_PAUSE)

    def layout(self) -> list[Collection]:
        """All collections of this service."""
        stores = {store.collection: store.layout() for store in self.hearing.shelf.values()}
        seals = any(store.sealed for store in self.hearing.shelf.values())
        return [*KEPT, *([KEYS] if seals else []), *stores.values()]

    def _tasks(self) -> dict[str, Task]:
        tasks: dict[str, Task] = {listener.name: listener.run for listener in self._listeners}
        tasks |= {"relay": self._relay.run, "timers": self._timers.run, "waker": self._wake, "watch": self._watch.run}
        if self._simulated is not None:
            tasks["clock"] = self._tick
        return tasks | {name: worker.run for name, worker in self._others.items()}

    async def _wake(self) -> None:
        await self._again_and_again(self._wake_once, WAKE_EVERY)

    async def _wake_once(self) -> None:
        waiting = await self.parking.wake_due()
        self.hearing.metrics.waiting.labels(self.hearing.service).set(waiting)

    async def _tick(self) -> None:
        if self._simulated is not None:
            await self._again_and_again(self._simulated.refresh, 0.2)

    async def _again_and_again(self, step: Callable[[], Awaitable[object]], pause: float) -> None:
        while True:
            try:
                await step()
            except (TryAgain, LostRace) as away:
                log.info("waits", extra={"reason": str(away)})
            await asyncio.sleep(pause)

    async def _wind_down(self) -> None:
        listening = [self._running[one.name] for one in self._listeners if one.name in self._running]
        if listening:
            await asyncio.wait(listening, timeout=HEARD_OUT_WITHIN)
        try:
            async with asyncio.timeout(2):
                await self._relay.drain()
            await self._relay.let_go()
            await self._timers.let_go()
        except (TryAgain, TimeoutError) as away:
            log.info("left in a hurry", extra={"reason": type(away).__name__})


async def _ended(tasks: Sequence[asyncio.Task[None]], within: float = FAREWELL_WITHIN) -> None:
    """Cancel all; a farewell that takes too long is cut off by a second time, and not waited for."""
    for task in tasks:
        task.cancel()
    _, left = await asyncio.wait(tasks, timeout=within)
    for task in left:
        task.cancel()
