"""What intake keeps: contacts and the parties they come from."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

GENERAL = "ovrigt"
"""The case type of a wish that nobody has sorted yet (7-domain-facts, seed catalogue: övrigt)."""

NO_LANGUAGE = "sv"
"""The language of a party that nobody knows."""

Ground = Literal["no-longer-needed", "consent-withdrawn", "objection", "unlawful", "legal-obligation"]
"""Why personal data is erased: the General Data Protection Regulation, article 17.1 a-e."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """That a party was erased (radering): when, by whom and on which ground, and nothing of what was known."""

    erased_at: datetime
    erased_by: str
    ground: Ground


@dataclass(frozen=True, slots=True)
class Party:
    """Who contacts us: a company, or a person who speaks for it (part). Personal data, kept here and nowhere else.

    `erasure` is the latest one: it stays also when a new contact has told anew who they are.
    """

    municipality: str
    party_id: str
    name: str | None
    e_mail: str | None
    phone: str | None
    language: str
    erasure: Erasure | None = None

    def told(self, arrival: "Arrival") -> "Party":
        """The party with what was said this time; what was not said stays."""
        return replace(
            self,
            name=arrival.name or self.name,
            e_mail=arrival.e_mail or self.e_mail,
            phone=arrival.phone or self.phone,
            language=arrival.language,
        )

    def erased(self, erasure: Erasure) -> "Party":
        """The party without anything personal; an earlier erasure stays when nothing was told since."""
        is_known = (self.name, self.e_mail, self.phone) != (None, None, None)
        noted = erasure if is_known or self.erasure is None else self.erasure
        return Party(self.municipality, self.party_id, None, None, None, NO_LANGUAGE, noted)


@dataclass(frozen=True, slots=True)
class Arrival:
    """What came in through a door, before it is a contact (inkommet). `key` is the same when the same comes again."""

    municipality: str
    key: str
    by: str
    channel: str
    wish: str
    received_at: datetime
    case_type: str | None = None
    language: str = "sv"
    organisation_number: str | None = None
    name: str | None = None
    e_mail: str | None = None
    phone: str | None = None
    reference: str | None = None

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody has said who asks: anybody may ask anonymously."""
        return not (self.organisation_number or self.name or self.e_mail or self.phone)


@dataclass(frozen=True, slots=True)
class Contact:
    """One time that somebody reached the municipality (kontakt). `wish` is in their own words and stays here."""

    municipality: str
    contact_id: str
    party_id: str | None
    channel: str
    case_types: tuple[str, ...]
    language: str
    wish: str
    received_at: datetime
    registered_at: datetime
    registered_by: str
    reference: str | None = None
