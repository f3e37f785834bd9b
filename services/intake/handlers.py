"""What intake hears: other municipal systems' contacts, in their inboxes."""

from datetime import datetime

from services.intake import events, rules
from services.intake.rules import PartyIds
from services.intake.store import Contacts, Parties
from shared.contracts.inbox import ContactReceived
from shared.contracts.streams import INBOX
from shared.platform.bus import Bus
from shared.platform.handlers import Origin

bus = Bus("intake")


@bus.hear(INBOX)
async def register_contact(
    event: ContactReceived, contacts: Contacts, parties: Parties, ids: PartyIds, origin: Origin, at: datetime
) -> None:
    """Another system has received a contact: it becomes one of ours, once."""
    arrival = events.arrival(event, origin.municipality, origin.key, origin.publisher or "")
    party_id = rules.party_id_of(arrival, ids)
    before = await parties.known(party_id)
    party = rules.party_of(arrival, party_id, before)
    if party is not None and party != before:
        parties.save(party, says=[events.declared(party)])
    contact = rules.taken_down(arrival, party_id, at)
    contacts.save(contact, says=[events.registered(contact)])
