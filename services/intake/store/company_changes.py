"""The companies' changes: the questions first, then the collection that answers them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

from services.intake.model.company_change import CompanyChange
from services.intake.store.ageing import oldest
from shared.contracts.event import Event
from shared.platform.database import Index
from shared.platform.store import Store, kept_moment


class CompanyChanges(Protocol):
    """The changes (företagsändringar) of companies that a register has told of."""

    async def get(self, change_id: str, /) -> CompanyChange | None:
        """One change; None when nobody has told of it."""
        ...

    async def oldest(
        self, municipality: str, before: datetime, after: tuple[Any, ...] | None, limit: int
    ) -> list[CompanyChange]:
        """Changes told before then, the oldest first, after the one whose (told_at as it is kept, id) is given."""
        ...

    async def load(self, ids: Iterable[str], /) -> None:
        """Fetch these, so that `drop` knows them."""
        ...

    def drop(self, one_id: str, /) -> None:
        """One, read before, is kept no more."""
        ...

    def save(self, change: CompanyChange, /, says: Sequence[Event] = ()) -> None:
        """Keep a change."""
        ...


class KeptCompanyChanges(Store[CompanyChange]):
    """Changes in MongoDB."""

    collection = "company_changes"
    state = CompanyChange
    identity = "change_id"
    indexes = (Index((("municipality", 1), ("told_at", 1), ("_id", 1))),)

    async def oldest(
        self, municipality: str, before: datetime, after: tuple[Any, ...] | None, limit: int
    ) -> list[CompanyChange]:
        """See `CompanyChanges`."""
        query = oldest(municipality, "told_at", kept_moment(before) or "", after)
        return await self.page(query, sort=(("told_at", 1), ("_id", 1)), limit=limit)
