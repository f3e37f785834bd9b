"""Leases: which instance does a thing that one at a time should do. {_id: name, holder, until, taken}.

Leases run on the wall clock, never on a simulated one. What a lease guards must stand a holder that wakes up late: the
relay is fenced by Kafka, timers by versions, senders by each message's own state.
"""

from dataclasses import dataclass
from datetime import timedelta

from shared.platform.clock import Clock
from shared.platform.database import Collection, Database
from shared.platform.metrics import Metrics

LEASES = Collection("leases")


@dataclass(slots=True)
class Lease:
    """One named lease of a service, as one holder sees it."""

    database: Database
    name: str
    holder: str
    wall: Clock
    metrics: Metrics
    lasts: timedelta = timedelta(seconds=4)
    held: bool = False

    def __post_init__(self) -> None:
        """Its steals are counted from 0, so that the first is seen as a rise."""
        self.metrics.lease_steals.labels(self.name)

    async def hold(self) -> bool:
        """Take or renew it; True when it is ours until `lasts` from now."""
        now = self.wall.now()
        mine = {"_id": self.name, "$or": [{"holder": self.holder}, {"until": {"$lte": now}}]}
        change = {"$set": {"holder": self.holder, "until": now + self.lasts}}
        stolen = not self.held and await self._let_run_out()
        self.held = await self.database.change(LEASES.name, mine, change, upsert=True) is not None
        if self.held and stolen:
            self.metrics.lease_steals.labels(self.name).inc()
        return self.held

    async def _let_run_out(self) -> bool:
        found = await self.database.find(LEASES.name, {"_id": self.name})
        return bool(found) and found[0]["holder"] != self.holder

    async def let_go(self) -> None:
        """Give it back at once, so that another need not wait."""
        if self.held:
            self.held = False
            await self.database.delete(LEASES.name, {"_id": self.name, "holder": self.holder})
