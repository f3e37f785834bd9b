"""A contact: one time that somebody reached the municipality, and what becomes of it at the reception."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from services.intake.model.attachment import Attachment
from services.intake.model.disposal import Disposal, Holds
from services.intake.model.link import Link
from services.intake.model.secrecy import Classification

GENERAL = "ovrigt"
"""The case type of a wish that nobody has sorted yet (7-domain-facts, seed catalogue: övrigt)."""

Delivery = Literal["post", "mailbox", "hand"]
"""How paper came: by post, in the mailbox when it was emptied first that day, or over the counter (FL 22)."""


class ContactState(StrEnum):
    """How far a contact has come (läge): at the reception until it is answered or handed over, then until somebody
    has it."""

    AT_RECEPTION = "at-reception"
    ANSWERED = "answered"
    HANDED_OVER = "handed-over"
    TAKEN = "taken"


@dataclass(frozen=True, slots=True)
class Place:
    """The place that a contact is about (plats): latitude and longitude in degrees, WGS 84."""

    property: str | None = None
    address: str | None = None
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class PromisedAnswer:
    """What the caller was promised (utlovat svar): an answer at the latest then, from that function or person."""

    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who spoke, for themselves or for a company (samtalspart): personal data."""

    name: str | None = None
    role: str | None = None
    phone: str | None = None
    e_mail: str | None = None

    @property
    def is_nobody(self) -> bool:
        """Whether nothing was said of who it is; a role alone names nobody."""
        return not (self.name or self.phone or self.e_mail)


@dataclass(frozen=True, slots=True)
class Arrival:
    """What came in through a door, before it is a contact (inkommet). `key` is the same when the same comes again.

    The company is named by its organisation number, by our own `company_id`, or by name alone. `case_types` is what the
    sender or the receptionist chose, nothing when nobody has. One that stays `at_reception` is answered or handed over
    there by a person; any other is handed over at once. `trivial` is the code of an exemption from the register.
    """

    municipality: str
    key: str
    by: str
    channel: str
    wish: str
    received_at: datetime
    case_types: tuple[str, ...] = ()
    language: str = "sv"
    organisation_number: str | None = None
    company_id: str | None = None
    company_name: str | None = None
    speaker: Speaker = Speaker()
    reference: str | None = None
    interpreter: str | None = None
    place: Place | None = None
    season: str | None = None
    opening_on: date | None = None
    promised: PromisedAnswer | None = None
    survey_consent: bool | None = None
    delivery: Delivery | None = None
    at_reception: bool = False
    attachments: tuple[Attachment, ...] = ()
    summary: str | None = None
    trivial: str | None = None

    @property
    def names_company(self) -> bool:
        """Whether a company was named, in any of the three ways."""
        return bool(self.organisation_number or self.company_id or self.company_name)

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody has said who asks: anybody may ask anonymously."""
        return not self.names_company and self.speaker.is_nobody


@dataclass(frozen=True, slots=True)
class Contact:
    """One time that somebody reached the municipality (kontakt). `wish` is in their own words and stays here.

    `number` is its own in the register of its municipality and year. Three things are kept apart: when it reached us
    (`received_at`), when it was written down (`registered_at`), and the day that it counts as come in (`arrived_on`,
    FL 22). `party_id` is who asks: the company, or the person where no company was named; `speaker_id` is the person
    who spoke for a company. `links` say which open contacts it is about the same as. What is sealed (wish, place,
    attachments, links and others) is None once the contact's key is gone. `summary` is for the register, `secrecy` what
    persons have found to be secret or public, each before the next; a `trivial` one is not `in_register`.
    """

    municipality: str
    contact_id: str
    party_id: str | None
    channel: str
    case_types: tuple[str, ...]
    language: str
    wish: str | None
    received_at: datetime
    registered_at: datetime
    registered_by: str
    arrived_on: date
    number: str | None = None
    state: ContactState = ContactState.HANDED_OVER
    reference: str | None = None
    speaker_id: str | None = None
    interpreter: str | None = None
    place: Place | None = None
    season: str | None = None
    opening_on: date | None = None
    promised: PromisedAnswer | None = None
    survey_consent: bool | None = None
    attachments: tuple[Attachment, ...] | None = None
    links: tuple[Link, ...] | None = None
    disposal: Disposal | None = None
    holds: Holds = None
    summary: str | None = None
    trivial: str | None = None
    in_register: bool = True
    secrecy: tuple[Classification, ...] | None = None
