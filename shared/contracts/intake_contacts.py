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
    Truth,
    Utc,
    Whole,
)
from shared.contracts.streams import INTAKE_CONTACTS


class ContactRegistered(Event, stream=INTAKE_CONTACTS, about="contact_id"):
    """A company's contact has been taken down, once (kontakt registrerad).

    One that is `at_reception` is answered or handed over there first; any other is for the officers at once.
    """

    municipality: Municipality
    contact_id: Id
    number: RegisterNumber | None = None
    party_id: Id | None = None
    channel: Channel
    case_types: Annotated[list[Code], Field(min_length=1, max_length=100)]
    language: Language
    received_at: Utc
    registered_at: Utc
    arrived_on: Day | None = None
    at_reception: Truth | None = None
    reference: Reference | None = None


class NoteAdded(
    Event, stream=INTAKE_CONTACTS, about="version_id", unheard="a note is read at intake's door, by those who may"
):
    """Something was written down about a contact, or corrected by a new version (tjänsteanteckning tillagd).

    The text is not told: it is read at intake's `GET .../contacts/{contact_id}/notes`.
    """

    municipality: Municipality
    version_id: Id
    note_id: Id
    contact_id: Id
    version: Annotated[Whole, Field(ge=1)]
    noted_at: Utc
