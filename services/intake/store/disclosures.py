"""The disclosures: the questions first, then the collection that answers them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

from services.intake.model.disclosure import Disclosure
from services.intake.store.ageing import oldest
from shared.contracts.event import Event
from shared.platform.database import Index
from shared.platform.keyset import beyond
from shared.platform.store import Store, kept_moment


class Disclosures(Protocol):
    """The disclosures (utlämnanden) of every municipality: a kept one is never written again."""

    async def newest(self, municipality: str, after: tuple[Any, ...] | None, limit: int) -> list[Disclosure]:
        """Disclosures, the newest first, after the one whose (at: datetime, disclosure_id: str) is given."""
        ...

    async def oldest(
        self, municipality: str, before: datetime, after: tuple[Any, ...] | None, limit: int
    ) -> list[Disclosure]:
        """Disclosures made before then, the oldest first, after the one whose (at as it is kept, id) is given."""
        ...

    async def load(self, ids: Iterable[str], /) -> None:
        """Fetch these, so that `drop` knows them."""
        ...

    def drop(self, one_id: str, /) -> None:
        """One, read before, is kept no more."""
        ...

    def save(self, disclosure: Disclosure, /, says: Sequence[Event] = ()) -> None:
        """Keep a disclosure."""
        ...


class KeptDisclosures(Store[Disclosure]):
    """Disclosures in MongoDB."""

    collection = "disclosures"
    state = Disclosure
    identity = "disclosure_id"
    indexes = (Index((("municipality", 1), ("at", -1), ("_id", -1))),)

    async def newest(self, municipality: str, after: tuple[Any, ...] | None, limit: int) -> list[Disclosure]:
        """See `Disclosures`."""
        query = {"municipality": municipality, **beyond(after, "at", "$lt")}
        return await self.page(query, sort=(("at", -1), ("_id", -1)), limit=limit)

    async def oldest(
        self, municipality: str, before: datetime, after: tuple[Any, ...] | None, limit: int
    ) -> list[Disclosure]:
        """See `Disclosures`."""
        query = oldest(municipality, "at", kept_moment(before) or "", after)
        return await self.page(query, sort=(("at", 1), ("_id", 1)), limit=limit)
