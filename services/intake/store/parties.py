"""The parties: the questions first, then the collection that answers them."""

from collections.abc import Mapping, Sequence
from string import hexdigits
from typing import ClassVar, Protocol

from services.intake.model.party import Party
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
    indexes = (Index((("company_id", 1),), where={"company_id": {"$gt": ""}}),)

    async def known(self, party_id: str | None) -> Party | None:
        """See `Parties`."""
        return None if party_id is None else await self.get(party_id)

    async def persons_of(self, company_id: str) -> list[Party]:
        """See `Parties`."""
        return await self.find({"company_id": company_id}, lambda party: party.company_id == company_id)
