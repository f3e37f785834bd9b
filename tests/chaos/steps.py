"""The named steps at which a service can be told to die, and how it is told so: a file that the first to pass takes.

The one who orders writes `<service>.armed`; whichever process of the service is first to pass the step renames it to
`<service>.<pid>.fired` and signals itself. A rename succeeds once, so an order kills one process.
"""

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = "CHAOS_ORDERS"
"""The variable that tells a service where the orders lie."""
INBOXES = ("intake", "routing", "procurement")
OWN = ("routing", "notify")
ALL = ("intake", "routing", "procurement", "notify")

STEPS: Mapping[str, tuple[str, ...]] = {
    "listener: changed positions": ALL,
    "listener: polled": ALL,
    "listener: before offsets": ALL,
    "listener: after offsets": ALL,
    "batch: decided": ALL,
    "batch: wrote positions": ALL,
    "batch: wrote lanes": OWN,
    "batch: wrote inbound": INBOXES,
    "batch: wrote state": ALL,
    "batch: wrote outbox": ALL,
    "batch: wrote journal": ALL,
    "batch: wrote parked": ("notify",),
    "batch: before commit": ALL,
    "batch: after commit": ALL,
    "relay: changed leases": ALL,
    "relay: producer started": ALL,
    "relay: read outbox": ALL,
    "relay: sent": ALL,
    "relay: before Kafka's commit": ALL,
    "relay: after Kafka's commit": ALL,
    "relay: deleted outbox": ALL,
    "timers: changed leases": ALL,
    "timers: read state": ("procurement",),
    "timers: wrote state": ("procurement",),
    "timers: before commit": ("procurement",),
    "timers: after commit": ("procurement",),
    "waker: read parked": ("notify",),
    "waker: wrote state": ("notify",),
    "waker: before commit": ("notify",),
    "waker: after commit": ("notify",),
    "sender: changed leases": ("notify",),
    "sender: read state": ("notify",),
    "sender: before commit of the claim": ("notify",),
    "sender: claim kept": ("notify",),
    "sender: before hand-over": ("notify",),
    "sender: after hand-over": ("notify",),
    "sender: before commit of the mark": ("notify",),
    "sender: mark kept": ("notify",),
}
"""Each step, and the services in which the run's traffic passes it."""


@dataclass(frozen=True, slots=True)
class Fired:
    """One order that was carried out."""

    service: str
    pid: int
    step: str
    signal: signal.Signals
    at: float


class Orders:
    """The folder of orders, as both sides see it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def arm(self, service: str, step: str, which: signal.Signals) -> None:
        """Order the death of the first process of the service that passes the step."""
        unfinished = self._folder / f"{service}.unfinished"
        unfinished.write_text(f"{step}\n{int(which)}")
        unfinished.rename(self._order(service))

    def armed(self, service: str) -> bool:
        """Whether an order waits still."""
        return self._order(service).exists()

    def disarm(self, service: str) -> None:
        """Take an order back."""
        self._order(service).unlink(missing_ok=True)

    def fired(self) -> list[Fired]:
        """Every order that was carried out."""
        return [_read(file) for file in self._folder.glob("*.fired")]

    def passed(self, service: str, step: str) -> None:
        """We pass a step: if that is what was ordered, and nobody was first, we die of it."""
        order = self._order(service)
        try:
            wanted, which = order.read_text().split("\n")
            if wanted != step:
                return
            order.rename(self._folder / f"{service}.{os.getpid()}.fired")
        except FileNotFoundError:
            return
        os.kill(os.getpid(), int(which))

    def _order(self, service: str) -> Path:
        return self._folder / f"{service}.armed"


def _read(file: Path) -> Fired:
    service, pid, _ = file.name.split(".")
    step, which = file.read_text().split("\n")
    # Renaming changes the time of the inode, not of the content.
    return Fired(service, int(pid), step, signal.Signals(int(which)), file.stat().st_ctime)
