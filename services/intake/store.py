"""Where intake keeps contacts and parties: the questions first, then the collections that answer them."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from services.intake.model import Contact, Party
from shared.contracts.event import Event
from shared.platform.database import Index
from shared.platform.store import Store, kept_moment


class Contacts(Protocol):
    """The contacts (kontakter) of every municipality."""

    async def get(self, contact_id: str, /) -> Contact | None:
        """One contact."""
        ...

    async def newest(self, municipality: str, after: tuple[Any, ...] | None, limit: int) -> list[Contact]:
        """Contacts by registration, newest first, after the one whose (registered_at: datetime, id: str) is given."""
        ...

    def save(self, contact: Contact, /, says: Sequence[Event] = ()) -> None:
        """Keep a contact and say what is to be said of it."""
        ...


class Parties(Protocol):
    """The parties (parter) of every municipality: personal data."""

    async def known(self, party_id: str | None) -> Party | None:
        """The party as it is known; None when it is new, or nobody."""
        ...

    def save(self, party: Party, /, says: Sequence[Event] = ()) -> None:
        """Keep a party and say what is to be said of it."""
        ...


class KeptContacts(Store[Contact]):
    """Contacts in MongoDB."""

    collection = "contacts"
    state = Contact
    identity = "contact_id"
    indexes = (Index((("municipality", 1), ("registered_at", -1), ("_id", -1))),)

    async def newest(self, municipality: str, after: tuple[Any, ...] | None, limit: int) -> list[Contact]:
        """See `Contacts`."""
        query: dict[str, Any] = {"municipality": municipality, **_older(after)}
        return await self.page(query, sort=(("registered_at", -1), ("_id", -1)), limit=limit)


def _older(after: tuple[Any, ...] | None) -> Mapping[str, Any]:
    if after is None:
        return {}
    at, contact_id = kept_moment(after[0]), after[1]
    return {"$or": [{"registered_at": {"$lt": at}}, {"registered_at": at, "_id": {"$lt": contact_id}}]}


class KeptParties(Store[Party]):
    """Parties in MongoDB."""

    collection = "parties"
    state = Party
    identity = "party_id"

    async def known(self, party_id: str | None) -> Party | None:
        """See `Parties`."""
        return None if party_id is None else await self.get(party_id)
