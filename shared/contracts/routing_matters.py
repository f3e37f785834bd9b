"""routing.matters.v1: the matters, from opened to closed, and who has them."""

from shared.contracts.event import Event
from shared.contracts.members import Code, Id, Municipality, Sentence, Utc
from shared.contracts.streams import ROUTING_MATTERS


class MatterOpened(
    Event,
    stream=ROUTING_MATTERS,
    about="matter_id",
    unheard="the assignment follows at once and says the same to those here who act on it",
):
    """A matter has been opened for a contact (ärende öppnat)."""

    municipality: Municipality
    matter_id: Id
    contact_id: Id
    party_id: Id | None = None
    case_type: Code
    opened_at: Utc


class MatterAssigned(Event, stream=ROUTING_MATTERS, about="matter_id"):
    """A matter has been given to an officer, with the reason why (ärende tilldelat)."""

    municipality: Municipality
    matter_id: Id
    contact_id: Id
    party_id: Id | None = None
    case_type: Code
    officer_id: Id
    reason_sv: Sentence
    reason_en: Sentence
    assigned_at: Utc


class MatterWaiting(
    Event,
    stream=ROUTING_MATTERS,
    about="matter_id",
    unheard="routing itself watches over what waits; said for other systems' overviews",
):
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
