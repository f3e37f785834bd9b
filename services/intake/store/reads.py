"""The log of reads: the questions first, then the collection that answers them."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Protocol

from services.intake.model.read import Read
from services.intake.store.ageing import oldest
from shared.platform.database import Index
from shared.platform.keyset import beyond
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

    async def oldest(
        self, municipality: str, before: datetime, after: tuple[Any, ...] | None, limit: int
    ) -> list[Read]:
        """Reads before then, the oldest first, after the one whose (at as it is kept, id) is given."""
        ...

    async def load(self, ids: Iterable[str], /) -> None:
        """Fetch these, so that `drop` knows them."""
        ...

    def drop(self, one_id: str, /) -> None:
        """One, read before, is kept no more."""
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
        about = {} if subjects is None else {"subjects": {"$in": sorted(subjects)}}
        query = {"municipality": municipality, **about, **beyond(after, "at", "$lt")}
        return await self.page(query, sort=(("at", -1), ("_id", -1)), limit=limit)

    async def oldest(
        self, municipality: str, before: datetime, after: tuple[Any, ...] | None, limit: int
    ) -> list[Read]:
        """See `Reads`."""
        query = oldest(municipality, "at", kept_moment(before) or "", after)
        return await self.page(query, sort=(("at", 1), ("_id", 1)), limit=limit)
