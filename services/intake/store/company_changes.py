"""The companies' changes: the questions first, then the collection that answers them."""

from collections.abc import Sequence
from typing import Protocol

from services.intake.model.company_change import CompanyChange
from shared.contracts.event import Event
from shared.platform.store import Store


class CompanyChanges(Protocol):
    """The changes (företagsändringar) of companies that a register has told of."""

    async def get(self, change_id: str, /) -> CompanyChange | None:
        """One change; None when nobody has told of it."""
        ...

    def save(self, change: CompanyChange, /, says: Sequence[Event] = ()) -> None:
        """Keep a change."""
        ...


class KeptCompanyChanges(Store[CompanyChange]):
    """Changes in MongoDB."""

    collection = "company_changes"
    state = CompanyChange
    identity = "change_id"
