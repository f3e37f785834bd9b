"""What intake hears, contacts, changes of companies and who has matters, and what it does when a moment has come."""

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from services.intake import changes, events
from services.intake.model.attachment import Upload
from services.intake.model.contact import Arrival, Contact
from services.intake.model.officer import Officer
from services.intake.model.reception import Holding
from services.intake.reception import Reception, alarm_in_time, note_holding
from services.intake.registration import Registers, register
from services.intake.rules import ids as named
from services.intake.rules.ids import PartyIds
from services.intake.rules.linking import linked_types
from services.intake.rules.registration import series_id_of
from services.intake.store.company_changes import CompanyChanges
from services.intake.store.contacts import Contacts
from services.intake.store.officers import Officers
from services.intake.store.parties import Parties
from services.intake.store.series import AllSeries
from services.intake.store.timeline import Timeline
from services.intake.store.uploads import Uploads
from services.intake.timeline import Timelines, contacts_of, entry_id_of, note
from shared.contracts.event import Event
from shared.contracts.inbox import CompanyChanged, ContactReceived
from shared.contracts.intake_contacts import (
    ContactAnswered,
    ContactLinked,
    ContactReferred,
    ContactRegistered,
    ContactUnlinked,
    NoteAdded,
)
from shared.contracts.procurement_contracts import ContractRegistered
from shared.contracts.procurement_plan import TimeToProcureReached
from shared.contracts.routing_matters import MatterAssigned, MatterContactAdded, MatterOpened, MatterWaiting
from shared.contracts.routing_officers import OfficerDeclared, OfficerErased
from shared.contracts.streams import (
    INBOX,
    INTAKE_CONTACTS,
    PROCUREMENT_CONTRACTS,
    PROCUREMENT_PLAN,
    ROUTING_MATTERS,
    ROUTING_OFFICERS,
    Stream,
)
from shared.platform.bus import Bus
from shared.platform.cloudevents import Envelope
from shared.platform.errors import NotYet
from shared.platform.files import Files
from shared.platform.handlers import Origin

bus = Bus("intake")
BYTES_GO_AFTER = timedelta(minutes=1)
TOLD: Mapping[Stream, Sequence[type[Event]]] = {
    INTAKE_CONTACTS: (
        ContactRegistered,
        ContactAnswered,
        ContactReferred,
        ContactLinked,
        ContactUnlinked,
        NoteAdded,
    ),
    ROUTING_MATTERS: (MatterOpened, MatterAssigned),
    PROCUREMENT_CONTRACTS: (ContractRegistered,),
    PROCUREMENT_PLAN: (TimeToProcureReached,),
}
"""What a party's timeline is made of; contracts before what is said of them."""


def arrival_of(event: ContactReceived, origin: Origin) -> Arrival:
    """What another system has received, as an arrival."""
    return events.arrival(event, origin.municipality, origin.key, origin.publisher or "")


def contact_of(event: ContactReceived, origin: Origin) -> str:
    """The contact that it becomes."""
    return named.contact_id_of(arrival_of(event, origin))


def parties_of(event: ContactReceived, origin: Origin, ids: PartyIds) -> Sequence[str]:
    """Who it is from, and who spoke."""
    return named.everybody_in(arrival_of(event, origin), ids)


def series_of(_: ContactReceived, origin: Origin, at: datetime) -> str:
    """The series that gives its number."""
    return series_id_of(origin.municipality, at)


@bus.hear(INBOX, about={Contacts: contact_of, Parties: parties_of, AllSeries: series_of})
async def register_contact(event: ContactReceived, registers: Registers, origin: Origin, at: datetime) -> None:
    """Another system has received a contact: it becomes one of ours, once."""
    await register(arrival_of(event, origin), registers, at)


@bus.hear(INBOX)
async def take_in_change(
    event: CompanyChanged, known: CompanyChanges, registers: Registers, origin: Origin, at: datetime
) -> None:
    """A company has changed, says a register: whether that needs something new is a question to people, once."""
    await changes.take_in(event, known, registers, origin, at)


@bus.when_due(Uploads)
async def let_go(upload: Upload, uploads: Uploads, files: Files, at: datetime) -> None:
    """No contact has taken an upload: first that is decided, for everybody to see, and only then do its bytes go."""
    if upload.going:
        await files.delete(upload.upload_id)
        uploads.drop(upload.upload_id)
    else:
        uploads.save(upload.let_go(at + BYTES_GO_AFTER))


@bus.hear(ROUTING_MATTERS, about={Contacts: lambda event: event.contact_id, Timeline: entry_id_of})
async def note_matter(
    event: MatterOpened, reception: Reception, timelines: Timelines, envelope: Envelope, at: datetime
) -> None:
    """A contact has a matter, which nobody has yet; one that is known is not opened again."""
    contact = await _ours(reception, event.contact_id)
    if all(one.matter_id != event.matter_id for one in contact.held):
        await note_holding(contact, events.held(event), reception, at)
    await note(event, envelope, timelines)


@bus.hear(
    ROUTING_MATTERS,
    about={Contacts: lambda event: [event.contact_id, *(event.more_contacts or ())], Timeline: entry_id_of},
)
async def note_officer(
    event: MatterAssigned, reception: Reception, timelines: Timelines, envelope: Envelope, at: datetime
) -> None:
    """An officer has a matter: a contact is taken when each of its case types is with somebody."""
    await note_holding(await _ours(reception, event.contact_id), events.held(event), reception, at)
    for contact_id in event.more_contacts or ():
        await _note_joined(await _ours(reception, contact_id), events.held(event), reception, at)
    await note(event, envelope, timelines)


@bus.hear(ROUTING_MATTERS, about={Contacts: lambda event: event.contact_id})
async def note_waiting(event: MatterWaiting, reception: Reception, at: datetime) -> None:
    """Nobody has a matter of a contact now: the contact stays on the reception's list."""
    await note_holding(await _ours(reception, event.contact_id), events.held(event), reception, at)


@bus.hear(ROUTING_MATTERS, about={Contacts: lambda event: event.contact_id})
async def note_joined(event: MatterContactAdded, reception: Reception, at: datetime) -> None:
    """A contact has joined the matter of another: whoever has that has this too."""
    await _note_joined(await _ours(reception, event.contact_id), events.held(event), reception, at)


@bus.hear(ROUTING_OFFICERS, about=lambda event: event.officer_id)
async def keep_officer(event: OfficerDeclared, officers: Officers) -> None:
    """An officer is named and reached like this now."""
    officer = events.officer(event)
    if officer != await officers.get(officer.officer_id):
        officers.save(officer)


@bus.hear(ROUTING_OFFICERS, about=lambda event: event.officer_id)
async def forget_officer(event: OfficerErased, officers: Officers) -> None:
    """An officer has left: their name and phone go."""
    forgotten = Officer(event.municipality, event.officer_id)
    if forgotten != await officers.get(event.officer_id):
        officers.save(forgotten)


@bus.when_due(Contacts)
async def look_at_promise(contact: Contact, reception: Reception, at: datetime) -> None:
    """A promise of an answer is about to break, or broken: the coordinator is told of each once."""
    await alarm_in_time(contact, reception, at)


async def _note_joined(contact: Contact, holding: Holding, reception: Reception, at: datetime) -> None:
    """A person may have parted the two meanwhile."""
    if holding.case_type in linked_types(contact):
        await note_holding(contact, holding, reception, at)


async def _ours(reception: Reception, contact_id: str) -> Contact:
    """The contact that a matter is of; after a restore it may come back later than the matter."""
    contact = await reception.contacts.get(contact_id)
    if contact is None:
        raise NotYet(contact_id)
    return contact


def _noting(kind: type[Event]) -> Callable[..., Coroutine[Any, Any, None]]:
    """The handler that puts events of one kind on the timeline."""

    async def note_event(event: Event, timelines: Timelines, envelope: Envelope) -> None:
        await note(event, envelope, timelines)

    note_event.__annotations__["event"] = kind
    note_event.__name__ = f"note_{kind.__name__}"
    note_event.__doc__ = "Something has happened that belongs on a party's timeline."
    return note_event


def _only_noted() -> Iterator[tuple[Stream, type[Event]]]:
    """What is on the timeline and means nothing else here."""
    for stream, kinds in TOLD.items():
        yield from ((stream, kind) for kind in kinds if kind.type not in bus.heard.get(stream.topic, {}))


for topic, told in list(_only_noted()):
    bus.hear(topic, about={Timeline: entry_id_of, Contacts: contacts_of})(_noting(told))
