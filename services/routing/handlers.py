"""What routing hears, officers and contacts, and what it promises: nobody waits longer than they must."""

from datetime import datetime

from services.routing import events, rules
from services.routing.model import Matter
from services.routing.rules import Choice, Patience
from services.routing.store import Matters, Officers, Roster
from shared.contracts.inbox import OfficerChanged
from shared.contracts.intake_contacts import ContactLinked, ContactReferred, ContactRegistered, ContactUnlinked
from shared.contracts.streams import INBOX, INTAKE_CONTACTS
from shared.platform.bus import Bus
from shared.platform.errors import NotYet
from shared.platform.handlers import Origin

bus = Bus("routing")


@bus.hear(INBOX)
async def declare_officer(event: OfficerChanged, officers: Officers, origin: Origin) -> None:
    """The staff system tells of an officer: the roster follows, and what they have in hand stays."""
    told = events.officer(event, origin.municipality)
    before = await officers.get(told.officer_id)
    officer = told.following(before)
    if officer != before:
        officers.save(officer, says=[events.told(officer)])


@bus.hear(INTAKE_CONTACTS, about=events.matter_ids)
async def open_matters(
    event: ContactRegistered, matters: Matters, roster: Roster, patience: Patience, at: datetime
) -> None:
    """A contact opens a matter for each of its case types; each is given to an officer, or waits for one.

    One that is at the reception opens none yet: it is answered there, or handed over.
    """
    if not event.at_reception:
        await _open_all(event, matters, roster, patience, at)


@bus.hear(INTAKE_CONTACTS, about=events.matter_ids)
async def open_referred(
    event: ContactReferred, matters: Matters, roster: Roster, patience: Patience, at: datetime
) -> None:
    """The reception has handed a contact over: the same is done."""
    await _open_all(event, matters, roster, patience, at)


@bus.hear(INTAKE_CONTACTS, about=events.joined_id)
async def add_contact(event: ContactLinked, matters: Matters, at: datetime) -> None:
    """A contact is about an open matter: it joins that, and whoever has the matter hears that there is news."""
    matter = await matters.get(events.joined_id(event))
    if matter is None:
        raise NotYet(event.linked_to)
    if event.contact_id not in matter.more_contacts:
        news = events.contact_added(matter, event.contact_id, at)
        matters.save(matter.told_of(event.contact_id), says=[news])


@bus.hear(INTAKE_CONTACTS, about=events.joined_id)
async def part_contact(
    event: ContactUnlinked, matters: Matters, roster: Roster, patience: Patience, at: datetime
) -> None:
    """A contact was about something of its own after all: it leaves the matter that it had joined and opens one."""
    joined = await matters.get(events.joined_id(event))
    if joined is not None and event.contact_id in joined.more_contacts:
        matters.save(joined.not_about(event.contact_id))
    await _open(events.matter_of_its_own(event, at), matters, roster, patience, at)


@bus.when_due(Matters)
async def look_again(matter: Matter, matters: Matters, roster: Roster, patience: Patience, at: datetime) -> None:
    """A matter has waited: somebody takes it now, or it waits on, silently."""
    choice = rules.chosen(await roster.free_for(matter), matter.case_type)
    if choice is None:
        matters.save(matter.waiting_on(patience.next_look(at)))
    else:
        _give(matter, choice, matters, roster.officers, at)


async def _open_all(
    event: events.ContactForOfficers, matters: Matters, roster: Roster, patience: Patience, at: datetime
) -> None:
    for matter in events.matters(event, at):
        await _open(matter, matters, roster, patience, at)


async def _open(matter: Matter, matters: Matters, roster: Roster, patience: Patience, at: datetime) -> None:
    """Somebody gets it, or it waits; one that is there already stays as it is."""
    if await matters.get(matter.matter_id) is not None:
        return
    choice = rules.chosen(await roster.free_for(matter), matter.case_type)
    if choice is not None:
        _give(matter, choice, matters, roster.officers, at)
        return
    reason = rules.nobody(matter.case_type)
    waiting = matter.waiting(reason, at, patience.next_look(at))
    matters.save(waiting, says=[events.opened(matter), events.waiting(waiting, reason)])


def _give(matter: Matter, choice: Choice, matters: Matters, officers: Officers, at: datetime) -> None:
    """Both change: the officer has one more in hand. An opened matter is told of first."""
    given = matter.given_to(choice.officer, choice.reason, at)
    officers.save(choice.officer.taking(matter))
    news = [events.opened(matter)] if matter.state == "opened" else []
    matters.save(given, says=[*news, events.assigned(given, choice.officer, choice.reason)])
