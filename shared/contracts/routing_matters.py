"""routing.matters.v1: the matters, from opened to closed, and who has them."""

from typing import Annotated

from pydantic import Field

from shared.contracts.event import Event
from shared.contracts.members import Code, Id, Municipality, Sentence, Utc
from shared.contracts.streams import ROUTING_MATTERS


class MatterOpened(Event, stream=ROUTING_MATTERS, about="matter_id"):
    """A matter has been opened for a contact (ärende öppnat)."""

    municipality: Municipality
    matter_id: Id
    contact_id: Id
    party_id: Id | None = None
    case_type: Code
    opened_at: Utc


class MatterAssigned(Event, stream=ROUTING_MATTERS, about="matter_id"):
    """A matter has been given to an officer, with the reason why (ärende tilldelat).

    `more_contacts` are those that had joined it while it waited.
    """

    municipality: Municipality
    matter_id: Id
    contact_id: Id
    party_id: Id | None = None
    case_type: Code
    officer_id: Id
    reason_sv: Sentence
    reason_en: Sentence
    assigned_at: Utc
    more_contacts: Annotated[list[Id], Field(max_length=10_000)] | None = None


class MatterWaiting(Event, stream=ROUTING_MATTERS, about="matter_id"):
    """A matter that nobody can take now is waiting for an officer (ärende väntar)."""

    municipality: Municipality
    matter_id: Id
    contact_id: Id
    case_type: Code
    since: Utc
    reason_sv: Sentence
    reason_en: Sentence


class MatterContactAdded(Event, stream=ROUTING_MATTERS, about="matter_id"):
    """The company has contacted the municipality again about an open matter (kontakt tillagd i ärendet).

    The officer who has it, if anybody has, should read what the contact says.
    """

    municipality: Municipality
    matter_id: Id
    contact_id: Id
    case_type: Code
    officer_id: Id | None = None
    added_at: Utc
