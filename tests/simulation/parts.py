"""What runs in a process: the platform's own listener, relay, timers, waker and desk, each on its fake."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from unittest.mock import patch

from prometheus_client import CollectorRegistry

from shared.platform import pace as pacing
from shared.platform import relay as relaying
from shared.platform import timers as timing
from shared.platform.desk import Desk
from shared.platform.errors import LostRace, TryAgain
from shared.platform.hearing import Hearing
from shared.platform.leases import Lease
from shared.platform.listener import Listener
from shared.platform.metrics import Metrics
from shared.platform.once import Once
from shared.platform.parking import Parking
from shared.platform.relay import Relay
from shared.platform.secrets import Seal
from shared.platform.timers import Timers
from shared.platform.vault import Vault
from tests.simulation.broker import Broker
from tests.simulation.clients import Consumer, Producer
from tests.simulation.loop import Loop
from tests.simulation.process import Process
from tests.simulation.script import Ask
from tests.simulation.server import Connection, Server
from tests.simulation.services import (
    CARRYING,
    PROMISES,
    SORTING,
    Answer,
    Boxes,
    KeptBoxes,
    KeptRounds,
    Release,
    Rounds,
    put_by_hand,
)

BEGAN = datetime.fromisoformat("2026-11-24T09:00:00+00:00")
LEASE = timedelta(seconds=1.2)
WAKE_EVERY = 0.7


@contextmanager
def paced() -> Iterator[None]:
    """The platform's pauses, shortened: virtual time is free, but each look costs."""
    with (
        patch.object(relaying, "LOOK_EVERY", 0.4),
        patch.object(relaying, "PAUSES", (0.1, 0.3)),
        patch.object(pacing, "PAUSES", (0.05, 0.2, 0.5)),
        patch.object(timing, "LOOK_EVERY", 0.6),
    ):
        yield


class WorldClock:
    """The loop's time as a moment; `ahead` is how far it was put forward."""

    def __init__(self, loop: Loop) -> None:
        self._loop, self.ahead = loop, timedelta(0)

    def now(self) -> datetime:
        """See `Clock`."""
        return BEGAN + timedelta(seconds=self._loop.now) + self.ahead


@cache
def _metrics() -> Metrics:
    return Metrics(CollectorRegistry())


@cache
def _seal() -> Seal:
    return Seal("s" * 32, "parked", lambda count: b"n" * count)


class OurListener(Listener):
    """The real listener on the fake consumer."""

    def __init__(self, hearing: Hearing, parking: Parking, broker: Broker, process: Process) -> None:
        super().__init__(hearing, "nowhere", process.slot.name, parking)
        self._broker, self._process = broker, process

    def _made(self) -> Any:
        return Consumer(self._broker, self._process, self._hearing.service, self.name)


class OurRelay(Relay):
    """The real relay on the fake producer."""

    def __init__(self, hearing: Hearing, lease: Lease, broker: Broker, process: Process) -> None:
        super().__init__(hearing, "nowhere", lease)
        self.broker, self.process = broker, process

    def _made(self) -> Any:
        return Producer(self.broker, self.process, f"{self._hearing.service}-relay")


class Parts:
    """Makes what runs in the processes of one world."""

    def __init__(self, broker: Broker, servers: dict[str, Server], clock: WorldClock, release: Release) -> None:
        self._broker, self._servers, self._clock, self._release = broker, servers, clock, release
        self._wall = WorldClock(broker.loop)

    def hearing(self, service: str, process: Process) -> Hearing:
        """What a process of a service hears with."""
        return Hearing(
            service=service,
            database=Connection(self._servers[service], process),
            topics=SORTING if service == "sorting" else CARRYING,
            shelf={Boxes: KeptBoxes} if service == "sorting" else {Rounds: KeptRounds},
            provided={Release: self._release},
            clock=self._clock,
            wall=self._wall,
            seal=_seal(),
            vault=Vault(["m" * 32], lambda count: b"n" * count),
            metrics=_metrics(),
            park_limit=1_000,
        )

    def begin(self, service: str, process: Process) -> None:
        """A process of sorting does everything, one of carrying only listens."""
        hearing = self.hearing(service, process)
        parking = Parking(hearing)
        process.begin(OurListener(hearing, parking, self._broker, process).run())
        if service == "sorting":
            process.begin(OurRelay(hearing, self._lease("relay", hearing, process), self._broker, process).run())
            process.begin(Timers(hearing, PROMISES, self._lease("timers", hearing, process)).run())
            process.begin(_wake(parking))

    def _lease(self, name: str, hearing: Hearing, process: Process) -> Lease:
        return Lease(hearing.database, name, process.slot.name, self._wall, hearing.metrics, LEASE)

    def desk(self, process: Process) -> Desk:
        """The door of sorting."""
        return Desk(self.hearing("sorting", process))


async def _wake(parking: Parking) -> None:
    while True:
        with suppress(TryAgain, LostRace):
            await parking.wake_due()
        await asyncio.sleep(WAKE_EVERY)


async def answer(desk: Desk, ask: Ask) -> bool:
    """Carry out a request; whether its sender got an answer."""

    async def put(boxes: Boxes) -> Answer:
        return await put_by_hand(boxes, ask.box, ask.letter)

    try:
        await desk.do(put, Once("1460", "anna", "letters", ask.letter, ask.letter))
    except TryAgain:
        return False
    return True
