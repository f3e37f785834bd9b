"""The contacts: the questions first, then the collection that answers them."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Protocol

from services.intake.model.contact import Contact, ContactState
from services.intake.model.series import number_of
from services.intake.rules.arrival_day import day_of
from services.intake.store.ageing import oldest
from shared.contracts.event import Event
from shared.platform.database import Document, Index
from shared.platform.keyset import beyond
from shared.platform.store import Store, Upcaster, kept_moment

OPEN = [ContactState.AT_RECEPTION.value, ContactState.HANDED_OVER.value]
WAITS: Mapping[str, Any] = {"waits": True}
AT_RISK: Mapping[str, Any] = {"waits": True, "alarm": {"$gt": ""}}
BOUNCED: Mapping[str, Any] = {"bounces": {"$gt": 0}}
UNDISPOSED: Mapping[str, Any] = {"disposal": None}
NAMED_AT_ONCE = 500


class Contacts(Protocol):
    """The contacts (kontakter) of every municipality."""

    async def get(self, contact_id: str, /) -> Contact | None:
        """One contact."""
        ...

    async def newest(self, municipality: str, after: tuple[Any, ...] | None, limit: int) -> list[Contact]:
        """Contacts by registration, newest first, after the one whose (registered_at: datetime, id: str) is given."""
        ...

    async def all_of(self, party_id: str, /) -> list[Contact]:
        """Every contact from a party, and every one in which this person spoke for a company, the oldest first."""
        ...

    def emptied(self, contact: Contact, /) -> Contact:
        """The contact without anything that was written in it."""
        ...

    def forget(self, contact_id: str, /) -> None:
        """Delete the key of a contact: what it sealed, here and in its notes, is gone."""
        ...

    async def load(self, contact_ids: Iterable[str], /) -> None:
        """Fetch these, so that `get` has them at hand."""
        ...

    async def oldest(
        self, municipality: str, before: datetime, after: tuple[Any, ...] | None, limit: int
    ) -> list[Contact]:
        """Contacts registered before then that are not disposed of, the oldest first, after the one whose
        (registered_at as it is kept, id) is given.
        """
        ...

    async def naming(self, party_ids: Collection[str]) -> set[str]:
        """Those of these that a contact which is not disposed of is from, or in which they spoke."""
        ...

    async def open_of(self, party_ids: Collection[str], limit: int) -> Mapping[str, int]:
        """How many contacts of each party are neither answered nor taken; counted up to so many in all."""
        ...

    async def numbered(self, municipality: str, number: str) -> Contact | None:
        """The contact with this number in the register, exempt or not."""
        ...

    async def by_day(self, municipality: str, after: tuple[Any, ...] | None, limit: int) -> list[Contact]:
        """The register's contacts by the day they came in, the last first, after the one whose (arrived_on: str,
        number: str) is given.
        """
        ...

    async def by_number(self, municipality: str, year: int, after: tuple[Any, ...] | None, limit: int) -> list[Contact]:
        """The register's contacts of a year by their numbers, after the one whose (number: str,) is given."""
        ...

    async def waiting(
        self, municipality: str, before: datetime | None, after: tuple[Any, ...] | None, limit: int
    ) -> list[Contact]:
        """Contacts that wait, the first owed an answer first, after the one whose (answer_by: datetime, id: str) is
        given; with `before` those owed one earlier than that.
        """
        ...

    async def at_risk(self, municipality: str, after: tuple[Any, ...] | None, limit: int) -> list[Contact]:
        """Those that wait and of whose promise a coordinator was told, in the same order."""
        ...

    async def bounced(self, municipality: str, after: tuple[Any, ...] | None, limit: int) -> list[Contact]:
        """Contacts that have changed hands, the last first, after the one whose (bounced_at: datetime, id: str) is
        given.
        """
        ...

    def save(self, contact: Contact, /, says: Sequence[Event] = ()) -> None:
        """Keep a contact and say what is to be said of it."""
        ...


NUMBERED: Mapping[str, Any] = {"number": {"$gt": ""}}
"""What has a number: contacts of the time before the register have none."""


def _numbered(document: Document) -> Document:
    """Schema 1 had no register: no number, and the day it came in is the day it was received."""
    received = datetime.fromisoformat(document["received_at"])
    state = ContactState.HANDED_OVER.value
    return {**document, "arrived_on": day_of(received).isoformat(), "number": None, "state": state}


class KeptContacts(Store[Contact]):
    """Contacts in MongoDB."""

    collection = "contacts"
    state = Contact
    identity = "contact_id"
    schema = 2
    upcasters: ClassVar[Mapping[int, Upcaster]] = {1: _numbered}
    sealed = ("wish", "place", "season", "attachments", "links", "holds", "summary", "secrecy", "suggestion")
    indexes = (
        Index((("municipality", 1), ("registered_at", -1), ("_id", -1))),
        Index((("party_id", 1), ("state", 1)), where={"party_id": {"$gt": ""}}),
        Index((("speaker_id", 1),), where={"speaker_id": {"$gt": ""}}),
        Index((("municipality", 1), ("in_register", 1), ("arrived_on", -1), ("number", -1)), where=NUMBERED),
        Index((("municipality", 1), ("number", 1)), where=NUMBERED),
        Index((("municipality", 1), ("answer_by", 1), ("_id", 1)), where=WAITS),
        Index((("municipality", 1), ("waits", 1), ("answer_by", 1), ("_id", 1)), where=AT_RISK),
        Index((("municipality", 1), ("bounced_at", -1), ("_id", -1)), where=BOUNCED),
        Index((("municipality", 1), ("registered_at", 1), ("_id", 1)), where=UNDISPOSED),
    )

    async def newest(self, municipality: str, after: tuple[Any, ...] | None, limit: int) -> list[Contact]:
        """See `Contacts`."""
        query: dict[str, Any] = {"municipality": municipality, **beyond(after, "registered_at", "$lt")}
        return await self.page(query, sort=(("registered_at", -1), ("_id", -1)), limit=limit)

    async def all_of(self, party_id: str) -> list[Contact]:
        """See `Contacts`."""
        found = [await self.page({who: party_id}, sort=(), limit=0) for who in ("party_id", "speaker_id")]
        return sorted((one for some in found for one in some), key=lambda one: (one.registered_at, one.number or ""))

    async def oldest(
        self, municipality: str, before: datetime, after: tuple[Any, ...] | None, limit: int
    ) -> list[Contact]:
        """See `Contacts`."""
        query = {**oldest(municipality, "registered_at", kept_moment(before) or "", after), **UNDISPOSED}
        return await self.page(query, sort=(("registered_at", 1), ("_id", 1)), limit=limit)

    async def naming(self, party_ids: Collection[str]) -> set[str]:
        """See `Contacts`. Nothing is opened: who is named is not sealed."""
        named, left = set[str](), set(party_ids)
        while left:
            found = [await self._naming(who, left) for who in ("party_id", "speaker_id")]
            named |= set().union(*found)
            if all(len(some) < NAMED_AT_ONCE for some in found):
                return named
            left -= named
        return named

    async def _naming(self, who: str, party_ids: Collection[str]) -> list[str]:
        query = {who: {"$in": sorted(party_ids)}, **UNDISPOSED}
        return [one[who] for one in await self._reads.find(self.collection, query, limit=NAMED_AT_ONCE)]

    async def open_of(self, party_ids: Collection[str], limit: int) -> Mapping[str, int]:
        """See `Contacts`. Nothing is opened: how many they are is not sealed."""
        query = {"party_id": {"$in": sorted(party_ids)}, "state": {"$in": OPEN}}
        found = await self._reads.find(self.collection, query, limit=limit)
        return Counter(document["party_id"] for document in found)

    async def numbered(self, municipality: str, number: str) -> Contact | None:
        """See `Contacts`."""
        found = await self.find(
            {"municipality": municipality, "number": number},
            lambda one: (one.municipality, one.number) == (municipality, number),
        )
        return found[0] if found else None

    async def by_day(self, municipality: str, after: tuple[Any, ...] | None, limit: int) -> list[Contact]:
        """See `Contacts`."""
        later = beyond(after, "arrived_on", "$lt", then="number")
        query = {"municipality": municipality, "in_register": True, **NUMBERED, **later}
        return await self.page(query, sort=(("arrived_on", -1), ("number", -1)), limit=limit)

    async def by_number(self, municipality: str, year: int, after: tuple[Any, ...] | None, limit: int) -> list[Contact]:
        """See `Contacts`."""
        last = after[0] if after else number_of(year, 0)
        numbers = {"$gt": max(last, number_of(year, 0)), "$lt": number_of(year + 1, 0)}
        query = {"municipality": municipality, "number": numbers, "in_register": True}
        return await self.page(query, sort=(("number", 1),), limit=limit)

    async def waiting(
        self, municipality: str, before: datetime | None, after: tuple[Any, ...] | None, limit: int
    ) -> list[Contact]:
        """See `Contacts`."""
        early = {} if before is None else {"answer_by": {"$lt": kept_moment(before)}}
        query: dict[str, Any] = {"municipality": municipality, **WAITS, **early, **beyond(after, "answer_by", "$gt")}
        return await self.page(query, sort=(("answer_by", 1), ("_id", 1)), limit=limit)

    async def at_risk(self, municipality: str, after: tuple[Any, ...] | None, limit: int) -> list[Contact]:
        """See `Contacts`."""
        query: dict[str, Any] = {"municipality": municipality, **AT_RISK, **beyond(after, "answer_by", "$gt")}
        return await self.page(query, sort=(("answer_by", 1), ("_id", 1)), limit=limit)

    async def bounced(self, municipality: str, after: tuple[Any, ...] | None, limit: int) -> list[Contact]:
        """See `Contacts`."""
        query: dict[str, Any] = {"municipality": municipality, **BOUNCED, **beyond(after, "bounced_at", "$lt")}
        return await self.page(query, sort=(("bounced_at", -1), ("_id", -1)), limit=limit)
