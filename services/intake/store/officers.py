"""The officers: the questions first, then the collection that answers them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from services.intake.model.officer import Officer
from shared.contracts.event import Event
from shared.platform.store import Store


class Officers(Protocol):
    """The officers (handläggare) of every municipality, as routing declares them: contact details of staff."""

    async def get(self, officer_id: str, /) -> Officer | None:
        """One officer."""
        ...

    async def all_of(self, officer_ids: Iterable[str]) -> Mapping[str, Officer]:
        """Those of these that are known."""
        ...

    def save(self, officer: Officer, /, says: Sequence[Event] = ()) -> None:
        """Keep an officer."""
        ...


class KeptOfficers(Store[Officer]):
    """Officers in MongoDB."""

    collection = "officers"
    state = Officer
    identity = "officer_id"

    async def all_of(self, officer_ids: Iterable[str]) -> Mapping[str, Officer]:
        """See `Officers`."""
        return await self.get_all(officer_ids)
