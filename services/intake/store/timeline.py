"""The timeline: the questions first, then the collection that answers them, and what a rebuild asks besides."""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from services.intake.model.timeline import TimelineEntry
from shared.contracts.event import Event
from shared.platform.database import Database, Index, statement
from shared.platform.errors import LostRace
from shared.platform.keyset import beyond
from shared.platform.store import Store

OWNED, MARKED = {"party_id": {"$gt": ""}}, {"marked": True}
OPENED = "matter-opened"


class Timeline(Protocol):
    """What has happened, one entry an event, of every party."""

    async def get(self, entry_id: str, /) -> TimelineEntry | None:
        """One entry; None when its event was not heard yet."""
        ...

    async def load(self, entry_ids: Iterable[str], /) -> None:
        """Fetch these, so that `get` has them at hand."""
        ...

    async def of_subject(self, subject_id: str) -> list[TimelineEntry]:
        """All entries about one subject, the oldest first."""
        ...

    async def newest(
        self, party_id: str, kinds: Collection[str], after: tuple[Any, ...] | None, limit: int
    ) -> list[TimelineEntry]:
        """A party's entries, of these kinds when any are named, the newest first, after the one whose (at: datetime,
        entry_id: str) is given.
        """
        ...

    async def matters_of(self, party_ids: Collection[str], limit: int) -> Mapping[str, int]:
        """How many matters each party has had opened; counted up to so many in all."""
        ...

    def save(self, entry: TimelineEntry, /, says: Sequence[Event] = ()) -> None:
        """Keep an entry."""
        ...


class KeptTimeline(Store[TimelineEntry]):
    """The timeline in MongoDB."""

    collection = "timeline"
    state = TimelineEntry
    identity = "entry_id"
    indexes = (
        Index((("party_id", 1), ("at", -1), ("_id", -1)), where=OWNED),
        Index((("party_id", 1), ("kind", 1), ("at", -1), ("_id", -1)), where=OWNED),
        Index((("subject_id", 1),)),
        Index((("marked", 1),), where=MARKED),
    )

    async def of_subject(self, subject_id: str) -> list[TimelineEntry]:
        """See `Timeline`."""
        found = await self.find({"subject_id": subject_id}, lambda entry: entry.subject_id == subject_id)
        return sorted(found, key=lambda entry: (entry.at, entry.entry_id))

    async def newest(
        self, party_id: str, kinds: Collection[str], after: tuple[Any, ...] | None, limit: int
    ) -> list[TimelineEntry]:
        """See `Timeline`."""
        of_kinds = {"kind": {"$in": sorted(kinds)}} if kinds else {}
        query = {"party_id": party_id, **of_kinds, **beyond(after, "at", "$lt")}
        return await self.page(query, sort=(("at", -1), ("_id", -1)), limit=limit)

    async def matters_of(self, party_ids: Collection[str], limit: int) -> Mapping[str, int]:
        """See `Timeline`."""
        query = {"party_id": {"$in": sorted(party_ids)}, "kind": OPENED}
        found = await self._reads.find(self.collection, query, limit=limit)
        return Counter(document["party_id"] for document in found)


async def mark_all(database: Database, at_once: int) -> None:
    """Mark each entry that is there; one that is written from now on, also again, has no mark."""
    name, last = KeptTimeline.collection, ""
    while found := await database.find(name, {"_id": {"$gt": last}}, sort=(("_id", 1),), limit=at_once):
        until = found[-1]["_id"]
        await _mark(database, {"_id": {"$gt": last, "$lte": until}})
        last = until


async def _mark(database: Database, which: Mapping[str, Any]) -> None:
    """Who writes one of them at this moment goes first: then again, until nobody does."""
    session = await database.session()
    try:
        while True:
            try:
                async with session.transaction() as transaction:
                    change = {"$set": MARKED}
                    await transaction.update(KeptTimeline.collection, [statement(which, change, multi=True)])
                return
            except LostRace:
                await asyncio.sleep(0.01)
    finally:
        await session.close()


async def drop_marked(database: Database) -> int:
    """Delete the entries that are marked still, and return how many there were."""
    return await database.delete(KeptTimeline.collection, MARKED)
