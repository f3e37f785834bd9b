"""The follow-ups: the questions first, then the collection that answers them."""

from collections.abc import Sequence
from typing import Protocol

from services.intake.model.follow_up import FollowUp
from shared.contracts.event import Event
from shared.platform.store import Store


class FollowUps(Protocol):
    """The follow-ups (uppföljningar) of every municipality."""

    async def get(self, follow_up_id: str, /) -> FollowUp | None:
        """Where a code leads; None when nobody got it."""
        ...

    def save(self, follow_up: FollowUp, /, says: Sequence[Event] = ()) -> None:
        """Keep a follow-up."""
        ...


class KeptFollowUps(Store[FollowUp]):
    """Follow-ups in MongoDB, each found by its id alone."""

    collection = "follow_ups"
    state = FollowUp
    identity = "follow_up_id"
