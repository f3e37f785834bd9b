"""Starts again whatever has died, as a supervisor would, and notes why it died and how long it was gone."""

import signal
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from stack.instances import Instance
from tests.chaos.steps import Orders

LOOK_EVERY = 0.1
TERM_WITHIN = 12.0
"""Ten seconds are promised; two are for a machine that is short of them."""


@dataclass(slots=True)
class Death:
    """One end of one process: asked for by signal (and at which step), or by itself (None)."""

    instance: str
    signal: signal.Signals | None
    step: str | None
    code: int | None
    took: float
    """Seconds from the signal to the end."""
    at: float = 0.0
    gone: float | None = None
    """Seconds from the end until it was ready again."""
    starting: bool = False
    """Whether it had not been ready since it was started."""

    @property
    def kind(self) -> bool:
        """Whether it ended as it was asked to: with 0, or by the signal itself before our first line had run."""
        return self.code == 0 or (self.starting and self.code == -signal.SIGTERM)


@dataclass(slots=True)
class Keeper:
    """Keeps instances running until it is stopped."""

    orders: Orders
    instances: list[Instance]
    deaths: list[Death] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    """Processes that did not end in time after SIGTERM."""
    _struck: dict[int, tuple[signal.Signals, str | None, float]] = field(default_factory=dict)
    _known: set[int] = field(default_factory=set)
    _returning: dict[str, Death] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _thread: threading.Thread | None = None
    failed: BaseException | None = None

    def __enter__(self) -> "Keeper":
        """Begin."""
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Look no more."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def strike(self, instance: Instance, which: signal.Signals) -> None:
        """Signal one process, and remember that it was us."""
        with self._lock:
            self._struck[instance.process.pid] = (which, None, time.time())
            instance.process.signal(which)

    def returning(self) -> int:
        """How many were struck, have died or are not ready yet."""
        with self._lock:
            struck = [one for one in self.instances if one.process.pid in self._struck or not one.process.alive]
            return len({one.process.name for one in struck} | self._returning.keys())

    def join(self, more: Iterable[Instance]) -> None:
        """Keep these too."""
        with self._lock:
            self.instances.extend(more)

    def let_go(self, less: list[Instance]) -> None:
        """These may end."""
        with self._lock:
            self.instances[:] = [one for one in self.instances if one not in less]

    def _keep(self) -> None:
        try:
            while not self._stop.wait(LOOK_EVERY):
                with self._lock:
                    self._look()
                self._see_who_is_back()
        except BaseException as error:
            self.failed = error
            raise

    def _look(self) -> None:
        for fired in self.orders.fired():
            if fired.pid not in self._known:
                self._known.add(fired.pid)
                self._struck[fired.pid] = (fired.signal, fired.step, fired.at)
        for instance in self.instances:
            self._look_at(instance)

    def _look_at(self, instance: Instance) -> None:
        process = instance.process
        which, step, at = self._struck.get(process.pid, (None, None, time.time()))
        if process.alive:
            if which is signal.SIGTERM and time.time() - at > TERM_WITHIN:
                self.stuck.append(f"{instance.process.name} ({step or 'at random'})")
                process.kill()
            return
        if process.exit_code == -signal.SIGKILL:
            which = signal.SIGKILL  # whatever it was asked before: this came on top of it
        starting = process.name in self._returning
        death = Death(process.name, which, step, process.exit_code, time.time() - at, time.monotonic(), None, starting)
        self.deaths.append(death)
        self._returning[process.name] = death
        process.start()

    def _see_who_is_back(self) -> None:
        with self._lock:
            away = [one for one in self.instances if one.process.name in self._returning]
        for instance in away:
            if instance.ready():
                with self._lock:
                    death = self._returning.pop(instance.process.name, None)
                if death is not None:
                    death.gone = time.monotonic() - death.at
