"""Where routing keeps matters and officers: the questions first, then the collections that answer them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from services.routing.model import Matter, MatterState, Officer, Tie
from shared.contracts.event import Event
from shared.platform.database import Document, Index
from shared.platform.keyset import beyond
from shared.platform.store import Store, Upcaster


class Matters(Protocol):
    """The matters (ärenden) of every municipality."""

    async def get(self, matter_id: str, /) -> Matter | None:
        """One matter."""
        ...

    async def newest(
        self,
        municipality: str,
        officer_id: str | None,
        state: MatterState | None,
        after: tuple[Any, ...] | None,
        limit: int,
    ) -> list[Matter]:
        """Matters, newest first, after the one whose (opened_at: datetime, id: str) is given; None filters nothing."""
        ...

    def save(self, matter: Matter, /, says: Sequence[Event] = ()) -> None:
        """Keep a matter and say what is to be said of it."""
        ...


class Officers(Protocol):
    """The officers (handläggare) of every municipality: contact details of staff."""

    async def get(self, officer_id: str, /) -> Officer | None:
        """One officer."""
        ...

    async def serving(self, municipality: str) -> list[Officer]:
        """The active officers of a municipality with what they have in hand; asked of the database once a unit."""
        ...

    async def listed(self, municipality: str, after: tuple[Any, ...] | None, limit: int) -> list[Officer]:
        """Officers in the order of their ids, after the one whose (id: str,) is given."""
        ...

    def save(self, officer: Officer, /, says: Sequence[Event] = ()) -> None:
        """Keep an officer and say what is to be said of them."""
        ...


class Ties(Protocol):
    """What ties officers to parties (jäv)."""

    async def get(self, tie_id: str, /) -> Tie | None:
        """One tie, also when it was lifted."""
        ...

    async def of_officer(self, officer_id: str, after: tuple[Any, ...] | None, limit: int) -> list[Tie]:
        """An officer's ties in the order of their ids, after the one whose (id: str,) is given."""
        ...

    async def binding(self, municipality: str) -> list[Tie]:
        """The ties of a municipality that bind, few as they are; asked of the database once a unit."""
        ...

    def save(self, tie: Tie, /, says: Sequence[Event] = ()) -> None:
        """Keep a tie: nobody else hears of it."""
        ...


def _alone(document: Document) -> Document:
    """Schema 1 knew no later contacts about the same."""
    return {**document, "more_contacts": ()}


class KeptMatters(Store[Matter]):
    """Matters in MongoDB."""

    collection = "matters"
    state = Matter
    identity = "matter_id"
    schema = 2
    upcasters: ClassVar[Mapping[int, Upcaster]] = {1: _alone}
    indexes = (
        Index((("municipality", 1), ("opened_at", -1), ("_id", -1))),
        Index((("municipality", 1), ("officer_id", 1), ("opened_at", -1), ("_id", -1))),
        # Few wait, so that those alone are worth an index by state.
        Index((("municipality", 1), ("state", 1), ("opened_at", -1), ("_id", -1)), where={"state": "waiting"}),
    )

    async def newest(
        self,
        municipality: str,
        officer_id: str | None,
        state: MatterState | None,
        after: tuple[Any, ...] | None,
        limit: int,
    ) -> list[Matter]:
        """See `Matters`."""
        wanted = {"municipality": municipality, "officer_id": officer_id, "state": state}
        query = {
            **{name: value for name, value in wanted.items() if value is not None},
            **beyond(after, "opened_at", "$lt"),
        }
        return await self.page(query, sort=(("opened_at", -1), ("_id", -1)), limit=limit)


class KeptOfficers(Store[Officer]):
    """Officers in MongoDB.

    They are in the hot set on purpose: a load is exact because the decisions of one batch see each other's, and each
    officer that a batch has changed is written once. Two instances that assign at once run into each other, and the
    later one decides again on what the other has kept.
    """

    collection = "officers"
    state = Officer
    identity = "officer_id"
    schema = 2
    upcasters: ClassVar[Mapping[int, Upcaster]] = {1: dict}  # coordinator: what it does not say is not so
    indexes = (Index((("municipality", 1), ("_id", 1))),)

    async def serving(self, municipality: str) -> list[Officer]:
        """See `Officers`."""
        query = {"municipality": municipality, "active": True}
        return await self.find(query, lambda one: one.municipality == municipality and one.active)

    async def listed(self, municipality: str, after: tuple[Any, ...] | None, limit: int) -> list[Officer]:
        """See `Officers`."""
        later: Mapping[str, Any] = {} if after is None else {"_id": {"$gt": after[0]}}
        return await self.page({"municipality": municipality, **later}, sort=(("_id", 1),), limit=limit)


class KeptTies(Store[Tie]):
    """Ties in MongoDB."""

    collection = "ties"
    state = Tie
    identity = "tie_id"
    indexes = (Index((("officer_id", 1), ("_id", 1))), Index((("municipality", 1), ("lifted_at", 1))))

    async def of_officer(self, officer_id: str, after: tuple[Any, ...] | None, limit: int) -> list[Tie]:
        """See `Ties`."""
        later: Mapping[str, Any] = {} if after is None else {"_id": {"$gt": after[0]}}
        return await self.page({"officer_id": officer_id, **later}, sort=(("_id", 1),), limit=limit)

    async def binding(self, municipality: str) -> list[Tie]:
        """See `Ties`."""
        query = {"municipality": municipality, "lifted_at": None}
        return await self.find(query, lambda one: one.municipality == municipality and one.lifted_at is None)


@dataclass(frozen=True, slots=True)
class Roster:
    """Who can be given matters (tjänstgöringslista): one unit's officers, and what ties them."""

    officers: Officers
    ties: Ties

    async def free_for(self, matter: Matter) -> list[Officer]:
        """The active officers who are not tied to the party of a matter (FL 18)."""
        serving, bound = await self.officers.serving(matter.municipality), await self.ties.binding(matter.municipality)
        tied = {one.officer_id for one in bound if one.party_id == matter.party_id}
        return [one for one in serving if one.officer_id not in tied]
