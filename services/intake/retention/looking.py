"""What the plan takes on a day: one and the same look for whoever asks beforehand and for the run that takes it."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from services.intake.model.contact import Contact
from services.intake.model.party import Party
from services.intake.model.retention import Facts, Judgement, RetentionRule
from services.intake.rules.arrival_day import SWEDEN, day_of
from services.intake.rules.retention import (
    GROUPS,
    RetentionPlan,
    announcement_id,
    due_on,
    facts_of_contact,
    facts_of_party,
    judged,
    kind_of,
    may_be_due,
)
from services.intake.store.company_changes import CompanyChanges
from services.intake.store.contacts import Contacts
from services.intake.store.disclosures import Disclosures
from services.intake.store.follow_ups import FollowUps
from services.intake.store.parties import Parties
from services.intake.store.reads import Reads
from services.intake.store.retention import Announcements
from shared.platform.store import kept_moment

Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ArchiveIs:
    """Whether there is an archive to hand things to."""

    is_set: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """One unit's stores of all that the plan takes, what was announced of it, and the plan."""

    contacts: Contacts
    parties: Parties
    follow_ups: FollowUps
    disclosures: Disclosures
    changes: CompanyChanges
    reads: Reads
    announcements: Announcements
    plan: RetentionPlan
    archive: ArchiveIs


@dataclass(frozen=True, slots=True)
class Look:
    """Which piece of which group is looked at: what goes by the day `on`, as seen on the day `today`."""

    municipality: str
    group: str
    on: date
    today: date
    after: tuple[Any, ...] | None
    limit: int


class Seen(NamedTuple):
    """One thing that was looked at, where it lies, and what the plan says of it; None while its time has not come."""

    place: Place
    judgement: Judgement | None


class Found(NamedTuple):
    """One thing that may be due, and where it lies."""

    place: Place
    facts: Facts


Rules = Mapping[str, RetentionRule]


async def looked(look: Look, kept: Kept) -> list[Seen]:
    """What lies next in the group, the oldest first; fewer than asked for only at its end."""
    rules = rules_of(look, kept.plan)
    latest = may_be_due([rule for rule in rules.values() if rule.fate in ("erase", "archive")], look.on)
    if latest is None:
        return []
    found = await FINDERS[look.group](look, latest + timedelta(days=1), rules, kept)
    named = [_announcement_of(one.facts, rules) for one in found]
    before = await kept.announcements.all_of([one for one in named if one])

    def verdict(facts: Facts, announced: str | None) -> Judgement | None:
        known = before.get(announced or "")
        return judged(facts, rules.get(facts.kind), known, look.on, look.today, kept.archive.is_set)

    return [Seen(one.place, verdict(one.facts, announced)) for one, announced in zip(found, named, strict=True)]


def rules_of(look: Look, plan: RetentionPlan) -> Rules:
    """The rows in force on the day for the kinds of the group."""
    found = ((kind, plan.in_force(look.municipality, kind, look.on)) for kind in GROUPS[look.group])
    return {kind: rule for kind, rule in found if rule is not None}


def _announcement_of(facts: Facts, rules: Rules) -> str | None:
    rule = rules.get(facts.kind)
    if rule is None or facts.counted_on is None:
        return None
    return announcement_id(facts.subject_id, due_on(rule, facts.counted_on))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), SWEDEN)


async def _contacts(look: Look, before: date, rules: Rules, kept: Kept) -> list[Found]:
    found = await kept.contacts.oldest(look.municipality, _midnight(before), look.after, look.limit)
    await kept.parties.load({one for contact in found for one in _from(contact)})
    return [await _of_contact(contact, rules, kept.parties) for contact in found]


async def _of_contact(contact: Contact, rules: Rules, parties: Parties) -> Found:
    from_whom = [await parties.known(one) for one in _from(contact)]
    holds = [contact.holds, *(party.holds for party in from_whom if party)]
    facts = facts_of_contact(contact, rules.get(kind_of(contact)), holds)
    return Found((kept_moment(contact.registered_at) or "", contact.contact_id), facts)


def _from(contact: Contact) -> list[str]:
    return [one for one in (contact.party_id, contact.speaker_id) if one is not None]


async def _parties(look: Look, before: date, _: Rules, kept: Kept) -> list[Found]:
    """A company is looked at with those who speak for it, and one of those with the company."""
    found = await kept.parties.silent(look.municipality, before, look.after, look.limit)
    await kept.parties.load({one.company_id for one in found if one.company_id})
    speakers = await kept.parties.speakers_of([one.party_id for one in found if one.kind == "company"], 0)
    with_each = [(one, [two for two in speakers if two.company_id == one.party_id]) for one in found]
    named = await kept.contacts.naming({one.party_id for one in (*found, *speakers)})
    return [await _of_party(party, persons, named, kept.parties) for party, persons in with_each]


async def _of_party(party: Party, persons: Sequence[Party], named: Collection[str], parties: Parties) -> Found:
    everybody, company = [party, *persons], await parties.known(party.company_id)
    in_use = any(one.party_id in named for one in everybody)
    holds = [one.holds for one in (*everybody, company) if one]
    place = party.last_contact_on.isoformat() if party.last_contact_on else ""
    return Found((place, party.party_id), facts_of_party(party, holds, in_use))


def _made(kind: str, municipality: str, subject_id: str, at: datetime, number: str | None = None) -> Found:
    return Found((kept_moment(at) or "", subject_id), Facts(municipality, kind, subject_id, number, day_of(at)))


async def _follow_ups(look: Look, before: date, _: Rules, kept: Kept) -> list[Found]:
    found = await kept.follow_ups.oldest(look.municipality, _midnight(before), look.after, look.limit)
    return [_made(look.group, one.municipality, one.follow_up_id, one.made_at) for one in found]


async def _disclosures(look: Look, before: date, _: Rules, kept: Kept) -> list[Found]:
    found = await kept.disclosures.oldest(look.municipality, _midnight(before), look.after, look.limit)
    return [_made(look.group, one.municipality, one.disclosure_id, one.at, one.number) for one in found]


async def _changes(look: Look, before: date, _: Rules, kept: Kept) -> list[Found]:
    found = await kept.changes.oldest(look.municipality, _midnight(before), look.after, look.limit)
    return [_made(look.group, one.municipality, one.change_id, one.told_at) for one in found]


async def _reads(look: Look, before: date, _: Rules, kept: Kept) -> list[Found]:
    found = await kept.reads.oldest(look.municipality, _midnight(before), look.after, look.limit)
    return [_made(look.group, one.municipality, one.read_id, one.at) for one in found]


FINDERS: Mapping[str, Callable[[Look, date, Rules, Kept], Awaitable[Sequence[Found]]]] = {
    "parties": _parties,
    "contacts": _contacts,
    "follow_ups": _follow_ups,
    "disclosures": _disclosures,
    "company_changes": _changes,
    "reads": _reads,
}
