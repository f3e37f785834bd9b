"""What is measured in the database now and then: what waits, how much of it and for how long.

Every instance measures all of it, whoever holds the leases, so that a part that has died does not hide what it owes.
Each question is answered from an index, and counting stops at `metrics.MOST`.
"""

from datetime import datetime

from shared.platform.database import Query, Sort
from shared.platform.hearing import Hearing
from shared.platform.metrics import MOST
from shared.platform.outbox import ASIDE, OUTBOX
from shared.platform.parked import PARKED, Kind

ENDS = 50
"""So many are looked at from each end of the outbox, which lies in the order of its keys, not of time."""


class Measured:
    """The gauges of one service that its database answers."""

    def __init__(self, hearing: Hearing) -> None:
        self._hearing, self._database, self._metrics = hearing, hearing.database, hearing.metrics

    async def look(self) -> None:
        """Measure all once."""
        self._metrics.epoch.set(self._hearing.voice().epoch)
        await self._outbox()
        for kind in Kind:
            await self._parked(kind)
        for collection in {store.collection for store in self._hearing.shelf.values() if store.timed()}:
            await self._due(collection)

    async def _outbox(self) -> None:
        aside = [found["_id"] for found in await self._database.find(ASIDE.name, {}, limit=MOST)]
        query = {"_id.k": {"$nin": aside}} if aside else {}
        self._metrics.outbox_aside.set(len(aside))
        self._metrics.outbox_size.set(await self._database.count(OUTBOX.name, query, limit=MOST))
        moments = [at for order in (1, -1) for at in await self._moments(query, (("_id", order),))]
        self._metrics.outbox_age_seconds.set(self._since(min(moments, default=None)))

    async def _moments(self, query: Query, sort: Sort) -> list[datetime]:
        return [found["at"] for found in await self._database.find(OUTBOX.name, query, sort=sort, limit=ENDS)]

    async def _parked(self, kind: Kind) -> None:
        query = {"open": True, "kind": kind.value}
        count, oldest = await self._waiting(PARKED.name, query, "at")
        self._metrics.parked_open.labels(kind.value).set(count)
        self._metrics.parked_oldest_seconds.labels(kind.value).set(self._since(oldest))

    async def _due(self, collection: str) -> None:
        query = {"due_at": {"$lte": self._hearing.clock.now()}}
        count, oldest = await self._waiting(collection, query, "due_at")
        self._metrics.due.labels(collection).set(count)
        self._metrics.oldest_due_seconds.labels(collection).set(self._since(oldest))

    async def _waiting(self, collection: str, query: Query, moment: str) -> tuple[int, datetime | None]:
        """How many match, and the first of their moments; nothing is counted when there is none."""
        first = await self._database.find(collection, query, sort=((moment, 1),), limit=1)
        if not first:
            return 0, None
        return await self._database.count(collection, query, limit=MOST), first[0][moment]

    def _since(self, moment: datetime | None) -> float:
        return max(0.0, (self._hearing.clock.now() - moment).total_seconds()) if moment else 0.0
