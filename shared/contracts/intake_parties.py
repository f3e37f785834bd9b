"""intake.parties.v1: who the parties are; personal data, compacted, erased by a tombstone."""

from shared.contracts.event import Event
from shared.contracts.members import EMail, Id, Language, Municipality, Name, Phone
from shared.contracts.streams import INTAKE_PARTIES


class PartyDeclared(Event, stream=INTAKE_PARTIES, about="party_id"):
    """How a party is named and reached, as known now (part uppgiven)."""

    municipality: Municipality
    party_id: Id
    name: Name | None = None
    e_mail: EMail | None = None
    phone: Phone | None = None
    language: Language


class PartyErased(Event, stream=INTAKE_PARTIES, about="party_id", tombstone=True):
    """What was known of a party must be forgotten by all who have heard it (part raderad)."""

    municipality: Municipality
    party_id: Id
