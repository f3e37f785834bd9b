"""The weeks of suggestions: the questions first, then the collection that answers them."""

from collections.abc import Sequence
from typing import Protocol

from services.intake.model.accuracy import SuggestionWeek
from shared.contracts.event import Event
from shared.platform.database import Index
from shared.platform.store import Store


class SuggestionWeeks(Protocol):
    """How right the suggestions of each week were (veckors förslag)."""

    async def get(self, week_id: str, /) -> SuggestionWeek | None:
        """One week; None while nothing was chosen in it."""
        ...

    async def between(self, municipality: str, first: str, last: str) -> list[SuggestionWeek]:
        """The weeks from `2026-W01` to `2026-W48`, both counted, in their order; at most two years of them."""
        ...

    def save(self, week: SuggestionWeek, /, says: Sequence[Event] = ()) -> None:
        """Keep a week."""
        ...


class KeptSuggestionWeeks(Store[SuggestionWeek]):
    """Weeks in MongoDB: one document a municipality and week, so that a report never reads the contacts."""

    collection = "suggestion_weeks"
    state = SuggestionWeek
    identity = "week_id"
    indexes = (Index((("municipality", 1), ("week", 1))),)

    async def between(self, municipality: str, first: str, last: str) -> list[SuggestionWeek]:
        """See `SuggestionWeeks`."""
        query = {"municipality": municipality, "week": {"$gte": first, "$lte": last}}
        return await self.page(query, sort=(("week", 1),), limit=106)
