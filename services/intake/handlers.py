"""What intake hears: other municipal systems' contacts, in their inboxes."""

from datetime import datetime

from services.intake import events
from services.intake.registration import Registers, register
from services.intake.rules.arrival_day import WorkingDays
from services.intake.rules.ids import PartyIds
from services.intake.store.contacts import Contacts
from services.intake.store.parties import Parties
from services.intake.store.series import AllSeries
from shared.contracts.inbox import ContactReceived
from shared.contracts.streams import INBOX
from shared.platform.bus import Bus
from shared.platform.handlers import Origin

bus = Bus("intake")


@bus.hear(INBOX)
async def register_contact(
    event: ContactReceived,
    contacts: Contacts,
    parties: Parties,
    series: AllSeries,
    ids: PartyIds,
    days: WorkingDays,
    origin: Origin,
    at: datetime,
) -> None:
    """Another system has received a contact: it becomes one of ours, once."""
    arrival = events.arrival(event, origin.municipality, origin.key, origin.publisher or "")
    await register(arrival, Registers(contacts, parties, series, ids, days), at)
