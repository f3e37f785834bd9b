"""The timeline is written from events, as they come or all of them anew: the same event makes the same entry."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.intake.model.timeline import TimelineEntry
from services.intake.rules.ids import entry_id_of as made_entry_id
from services.intake.store.contacts import Contacts
from services.intake.store.timeline import Timeline
from shared.contracts.event import Event
from shared.platform.cloudevents import Envelope
from shared.platform.errors import NotYet

READ_AT: Mapping[str, str] = {
    "contact_id": "/intake/v1/{}/contacts/{}",
    "matter_id": "/routing/v1/{}/matters/{}",
    "contract_id": "/procurement/v1/{}/contracts/{}",
}
"""Where a subject is read, by the member of its events that names it."""
OWNERS = ("party_id", "supplier_party_id")


@dataclass(frozen=True, slots=True)
class Timelines:
    """What noting an event writes and looks in."""

    timeline: Timeline
    contacts: Contacts


async def note(event: Event, envelope: Envelope, timelines: Timelines) -> None:
    """An event has come: its entry is there, once. NotYet when it is about a contract whose own event has not come."""
    entry_id = entry_id_of(event)
    if await timelines.timeline.get(entry_id) is None:
        contract = getattr(event, "contract_id", None)
        if contract and _owner(event) is None and not _begins(event) and not await _known(contract, timelines):
            raise NotYet(contract)
        await note_anew(event, envelope, timelines)


async def note_anew(event: Event, envelope: Envelope, timelines: Timelines) -> None:
    """The entry of an event as it is made today, whether it is there or not; none when it belongs to nobody."""
    party_id = await _party_of(event, timelines)
    if party_id is None and not _begins(event):
        return
    member = _subject(event)
    subject_id = getattr(event, member)
    entry = TimelineEntry(
        municipality=_municipality(event),
        entry_id=entry_id_of(event),
        party_id=party_id,
        at=datetime.fromisoformat(envelope.time or ""),
        kind=event.type.split(".")[-2],
        subject_id=subject_id,
        codes=_codes(event),
        read_at=READ_AT[member].format(_municipality(event), subject_id),
    )
    timelines.timeline.save(entry)


def entry_id_of(event: Event) -> str:
    """The same each time the same event comes."""
    return made_entry_id(event.subject, event.type, event.model_dump_json(exclude_none=True))


def contacts_of(event: Event) -> list[str]:
    """The contacts that are asked whose an event is."""
    contact_id = getattr(event, "contact_id", None)
    return [contact_id] if contact_id and _owner(event) is None else []


async def _party_of(event: Event, timelines: Timelines) -> str | None:
    owner = _owner(event)
    if owner is not None:
        return owner
    for contact_id in contacts_of(event):
        contact = await timelines.contacts.get(contact_id)
        return None if contact is None else contact.party_id
    known = await _known(getattr(event, "contract_id", ""), timelines)
    return known[-1].party_id if known and not _begins(event) else None


async def _known(contract_id: str, timelines: Timelines) -> list[TimelineEntry]:
    return await timelines.timeline.of_subject(contract_id)


def _owner(event: Event) -> str | None:
    return next((owner for name in OWNERS if (owner := getattr(event, name, None))), None)


def _begins(event: Event) -> bool:
    """Whether the event tells whose its subject is, be it nobody's: a contract without a supplier that is known."""
    return "supplier_party_id" in type(event).model_fields


def _subject(event: Event) -> str:
    """The member that names what is read: a note is read with its contact."""
    return event.about if event.about in READ_AT else "contact_id"


def _municipality(event: Event) -> str:
    municipality: str = event.municipality  # type: ignore[attr-defined]
    return municipality


def _codes(event: Event) -> tuple[str, ...]:
    one = getattr(event, "case_type", None)
    return tuple(getattr(event, "case_types", None) or ([one] if one else []))
