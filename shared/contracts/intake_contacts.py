"""intake.contacts.v1: the contacts that the municipality has taken down."""

from typing import Annotated

from pydantic import Field

from shared.contracts.event import Event
from shared.contracts.members import (
    Channel,
    Code,
    Day,
    Id,
    Language,
    Municipality,
    Reference,
    RegisterNumber,
    Sentence,
    Truth,
    Utc,
    Whole,
)
from shared.contracts.streams import INTAKE_CONTACTS

CaseTypes = Annotated[list[Code], Field(min_length=1, max_length=100)]
LinkedTypes = Annotated[list[Code], Field(max_length=100)]


class ContactRegistered(Event, stream=INTAKE_CONTACTS, about="contact_id"):
    """A company's contact has been taken down, once (kontakt registrerad).

    One that is `at_reception` is answered or handed over there first; any other is for the officers at once. Of the
    case types in `linked_types` the company has an open contact already: a `ContactLinked` tells of each, and no second
    matter is opened.
    """

    municipality: Municipality
    contact_id: Id
    number: RegisterNumber | None = None
    party_id: Id | None = None
    channel: Channel
    case_types: CaseTypes
    language: Language
    received_at: Utc
    registered_at: Utc
    arrived_on: Day | None = None
    at_reception: Truth | None = None
    linked_types: LinkedTypes | None = None
    reference: Reference | None = None


class ContactLinked(Event, stream=INTAKE_CONTACTS, about="contact_id"):
    """A contact is about the same as an open one of its company (kontakt kopplad).

    Whoever has the matter of `linked_to` and this case type should hear of it.
    """

    municipality: Municipality
    contact_id: Id
    linked_to: Id
    case_type: Code
    begun_at: Utc
    within_days: Annotated[Whole, Field(ge=1)]
    linked_at: Utc


class ContactUnlinked(Event, stream=INTAKE_CONTACTS, about="contact_id"):
    """A person has found that a contact is about something of its own (kontakt frånkopplad): a matter is opened."""

    municipality: Municipality
    contact_id: Id
    party_id: Id | None = None
    linked_to: Id
    case_type: Code
    unlinked_at: Utc


class ContactReferred(Event, stream=INTAKE_CONTACTS, about="contact_id"):
    """A contact has been handed over to those who have its case types (kontakt överlämnad).

    No second matter is opened for `linked_types`, as with `ContactRegistered`; one that is there already stays. `times`
    counts its hand-overs. What was said, and to which function in the receptionist's words, is read at intake's door;
    the caller was promised an answer at `promised_at` at the latest.
    """

    municipality: Municipality
    contact_id: Id
    number: RegisterNumber | None = None
    party_id: Id | None = None
    channel: Channel
    case_types: CaseTypes
    linked_types: LinkedTypes | None = None
    language: Language
    promised_at: Utc
    referred_at: Utc
    times: Annotated[Whole, Field(ge=1)]


class ContactAnswered(Event, stream=INTAKE_CONTACTS, about="contact_id"):
    """A contact was answered at once, at the first contact, by which guidance card (kontakt besvarad)."""

    municipality: Municipality
    contact_id: Id
    number: RegisterNumber | None = None
    party_id: Id | None = None
    channel: Channel
    case_type: Code
    card: Sentence | None = None
    answered_at: Utc


class ContactClassified(
    Event,
    stream=INTAKE_CONTACTS,
    about="contact_id",
    unheard="a contact's case types count for others when it is registered or referred, and stand in those events",
):
    """A person has chosen a contact's case types, or others than before (kontakt klassad)."""

    municipality: Municipality
    contact_id: Id
    case_types: Annotated[list[Code], Field(min_length=1, max_length=100)]
    classified_at: Utc


class NoteAdded(Event, stream=INTAKE_CONTACTS, about="version_id"):
    """Something was written down about a contact, or corrected by a new version (tjänsteanteckning tillagd).

    The text is not told: it is read at intake's `GET .../contacts/{contact_id}/notes`.
    """

    municipality: Municipality
    version_id: Id
    note_id: Id
    contact_id: Id
    version: Annotated[Whole, Field(ge=1)]
    noted_at: Utc
