"""The log of reads: the questions first, then the collection that answers them."""

from collections.abc import Collection
from typing import Any, Protocol

from services.intake.model.read import Read
from shared.platform.database import Index
from shared.platform.store import Store, kept_moment


class Reads(Protocol):
    """The reads (läsningar) of every municipality: a kept one is never written again."""

    async def newest(
        self, municipality: str, subjects: Collection[str] | None, after: tuple[Any, ...] | None, limit: int
    ) -> list[Read]:
        """Reads, of any of these subjects when some are named, the newest first, after the one whose (at: datetime,
        read_id: str) is given; all of them without a limit (0).
        """
        ...


class KeptReads(Store[Read]):
    """Reads in MongoDB: ids and names of staff, nothing of what was read."""

    collection = "reads"
    state = Read
    identity = "read_id"
    indexes = (
        Index((("municipality", 1), ("at", -1), ("_id", -1))),
        Index((("subjects", 1), ("at", -1), ("_id", -1))),
    )

    async def newest(
        self, municipality: str, subjects: Collection[str] | None, after: tuple[Any, ...] | None, limit: int
    ) -> list[Read]:
        """See `Reads`."""
        query: dict[str, Any] = {"municipality": municipality}
        if subjects is not None:
            query["subjects"] = {"$in": sorted(subjects)}
        if after is not None:
            at, read_id = kept_moment(after[0]), after[1]
            query["$or"] = [{"at": {"$lt": at}}, {"at": at, "_id": {"$lt": read_id}}]
        return await self.page(query, sort=(("at", -1), ("_id", -1)), limit=limit)
