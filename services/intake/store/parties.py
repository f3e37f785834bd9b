"""The parties: the questions first, then the collection that answers them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from string import hexdigits
from typing import Any, ClassVar, Protocol

from services.intake.model.party import Party, PartyKind
from services.intake.store.ageing import oldest
from shared.contracts.event import Event
from shared.platform.database import Document, Index
from shared.platform.store import Store, Upcaster


class Parties(Protocol):
    """The parties (parter) of every municipality: personal data."""

    async def known(self, party_id: str | None) -> Party | None:
        """The party as it is known; None when it is new, or nobody."""
        ...

    async def persons_of(self, company_id: str) -> list[Party]:
        """The persons who have spoken for a company."""
        ...

    async def load(self, party_ids: Iterable[str], /) -> None:
        """Fetch these, so that `known` has them at hand."""
        ...

    async def printed(self, municipality: str, kind: PartyKind, found_by: str, limit: int) -> list[Party]:
        """Parties that have this print, those that contacted us last first."""
        ...

    async def speakers_of(self, company_ids: Collection[str], limit: int) -> list[Party]:
        """Persons who speak for these companies."""
        ...

    async def silent(self, municipality: str, before: date, after: tuple[Any, ...] | None, limit: int) -> list[Party]:
        """Parties that last contacted us before that day, the longest silent first, after the one whose
        (last_contact_on as it is kept, id) is given; not those that were erased since.
        """
        ...

    async def after(self, party_id: str, limit: int) -> list[Party]:
        """The parties whose ids come after this one, in order."""
        ...

    def save(self, party: Party, /, says: Sequence[Event] = ()) -> None:
        """Keep a party and say what is to be said of it."""
        ...

    def forget(self, party_id: str, /) -> None:
        """Delete the key of a party: what it sealed is gone."""
        ...


def _of_a_kind(document: Document) -> Document:
    """Schema 1 did not tell companies from persons, nor keep their numbers: an id that is keyed is a company's."""
    made_of_number = set(document["party_id"].rpartition("-")[2]) - set(hexdigits)
    return {**document, "kind": "company" if made_of_number else "person"}


class KeptParties(Store[Party]):
    """Parties in MongoDB."""

    collection = "parties"
    state = Party
    identity = "party_id"
    schema = 2
    upcasters: ClassVar[Mapping[int, Upcaster]] = {1: _of_a_kind}
    sealed = ("name", "e_mail", "phone", "role", "organisation_number", "company_name", "holds")
    indexes = (
        Index((("company_id", 1),), where={"company_id": {"$gt": ""}}),
        Index((("municipality", 1), ("kind", 1), ("prints", 1), ("last_contact_on", -1))),
        Index((("municipality", 1), ("last_contact_on", 1), ("_id", 1)), where={"last_contact_on": {"$gt": ""}}),
    )

    async def known(self, party_id: str | None) -> Party | None:
        """See `Parties`."""
        return None if party_id is None else await self.get(party_id)

    async def persons_of(self, company_id: str) -> list[Party]:
        """See `Parties`."""
        return await self.find({"company_id": company_id}, lambda party: party.company_id == company_id)

    async def printed(self, municipality: str, kind: PartyKind, found_by: str, limit: int) -> list[Party]:
        """See `Parties`."""
        query = {"municipality": municipality, "kind": kind, "prints": found_by}
        return await self.page(query, sort=(("last_contact_on", -1),), limit=limit)

    async def speakers_of(self, company_ids: Collection[str], limit: int) -> list[Party]:
        """See `Parties`."""
        return await self.page({"company_id": {"$in": sorted(company_ids)}}, sort=(), limit=limit)

    async def silent(self, municipality: str, before: date, after: tuple[Any, ...] | None, limit: int) -> list[Party]:
        """See `Parties`."""
        query = oldest(municipality, "last_contact_on", before.isoformat(), after)
        return await self.page(query, sort=(("last_contact_on", 1), ("_id", 1)), limit=limit)

    async def after(self, party_id: str, limit: int) -> list[Party]:
        """See `Parties`."""
        return await self.page({"_id": {"$gt": party_id}}, sort=(("_id", 1),), limit=limit)
