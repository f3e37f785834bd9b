"""The follow-ups: the questions first, then the collection that answers them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

from services.intake.model.follow_up import FollowUp
from services.intake.store.ageing import oldest
from shared.contracts.event import Event
from shared.platform.database import Index
from shared.platform.store import Store, kept_moment


class FollowUps(Protocol):
    """The follow-ups (uppföljningar) of every municipality."""

    async def get(self, follow_up_id: str, /) -> FollowUp | None:
        """Where a code leads; None when nobody got it."""
        ...

    async def oldest(
        self, municipality: str, before: datetime, after: tuple[Any, ...] | None, limit: int
    ) -> list[FollowUp]:
        """Follow-ups made before then, the oldest first, after the one whose (made_at as it is kept, id) is given."""
        ...

    async def load(self, ids: Iterable[str], /) -> None:
        """Fetch these, so that `drop` knows them."""
        ...

    def drop(self, one_id: str, /) -> None:
        """One, read before, is kept no more."""
        ...

    def save(self, follow_up: FollowUp, /, says: Sequence[Event] = ()) -> None:
        """Keep a follow-up."""
        ...


class KeptFollowUps(Store[FollowUp]):
    """Follow-ups in MongoDB, each found by its id alone."""

    collection = "follow_ups"
    state = FollowUp
    identity = "follow_up_id"
    indexes = (Index((("municipality", 1), ("made_at", 1), ("_id", 1))),)

    async def oldest(
        self, municipality: str, before: datetime, after: tuple[Any, ...] | None, limit: int
    ) -> list[FollowUp]:
        """See `FollowUps`."""
        query = oldest(municipality, "made_at", kept_moment(before) or "", after)
        return await self.page(query, sort=(("made_at", 1), ("_id", 1)), limit=limit)
