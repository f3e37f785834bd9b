"""One batch of a run: what was seen to go goes, as by a person's decision, and what is due is announced."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pydantic import BaseModel

from services.intake.erasing import dispose_of, erase
from services.intake.model.contact import Contact
from services.intake.model.disposal import Disposal, DisposalDecision
from services.intake.model.party import Erasure
from services.intake.model.retention import Count, Judgement, RetentionRun
from services.intake.retention.looking import Kept, Look, looked
from services.intake.retention.package import Parcel
from services.intake.rules.retention import BY, GROUPS, announced, group_of, run_id
from services.intake.store.notes import Notes
from services.intake.store.retention import RetentionRuns
from services.intake.store.uploads import Uploads

Taker = Callable[[Judgement, "Prints", "Hands", datetime], Awaitable[bool]]
"""Takes one thing; False when the archive does not hold it as it is now."""
Prints = Mapping[str, str]
"""The contacts that lie in the archive, and the prints of their packages."""


@dataclass(frozen=True, slots=True)
class Hands:
    """One unit's stores that a run writes in."""

    kept: Kept
    notes: Notes
    uploads: Uploads
    runs: RetentionRuns


class Came(BaseModel):
    """Where a batch has come to: the group that is next, None when the run has ended."""

    group: str | None


def run_begun(look: Look, at: datetime) -> RetentionRun:
    """A run before its first batch."""
    run = run_id(look.municipality, look.on)
    return RetentionRun(look.municipality, run, look.on, at, group=next(iter(GROUPS)))


async def take_batch(look: Look, packed: Prints, hands: Hands, at: datetime) -> Came:
    """Look again, now inside the write, and take what goes; nothing when the run has moved on meanwhile."""
    run = await hands.runs.get(run_id(look.municipality, look.on)) or run_begun(look, at)
    if (run.group, run.place) != (look.group, look.after):
        return Came(group=run.group)
    seen = await looked(look, hands.kept)
    due = [one.judgement for one in seen if one.judgement is not None]
    gone = [one for one in due if one.standing == "goes" and await _take(one, packed, hands, run.run_id, at)]
    news = [one for one in due if one.standing == "waits" and one.announced_on is None]
    for one in news:
        hands.kept.announcements.save(announced(one, look.today))
    stopped = sum(one.standing == "stopped" for one in due)
    failed = sum(one.standing == "goes" for one in due) - len(gone)
    counted = run.counting(tuple(_count(one) for one in gone), len(news), stopped, failed)
    return _come(counted, seen[-1].place if len(seen) == look.limit else None, hands.runs, at)


async def pass_by(look: Look, place: tuple[str, str], hands: Hands, at: datetime) -> Came:
    """Leave one thing that cannot be taken for the next day, so that it stops nothing else."""
    run = await hands.runs.get(run_id(look.municipality, look.on)) or run_begun(look, at)
    if (run.group, run.place) != (look.group, look.after):
        return Came(group=run.group)
    return _come(run.counting((), 0, 0, failed=1), place, hands.runs, at)


def _come(run: RetentionRun, place: tuple[str, str] | None, runs: RetentionRuns, at: datetime) -> Came:
    """On to the next thing in the group, or to the next group."""
    group = run.group if place is not None else _next(run.group)
    runs.save(run.come_to(group, place, at))
    return Came(group=group)


def _next(group: str | None) -> str | None:
    names = list(GROUPS)
    after = names.index(group) + 1 if group else len(names)
    return names[after] if after < len(names) else None


def _count(one: Judgement) -> Count:
    return Count(one.facts.kind, one.rule.fate, one.rule.name, decision_of(one).reference, 1)


def decision_of(judgement: Judgement) -> DisposalDecision:
    """The decision by which something goes; ValueError for what goes by none, which nothing does."""
    if judgement.rule.decision is None:
        raise ValueError("nothing goes without a decision")
    return judgement.rule.decision


async def _take(one: Judgement, packed: Prints, hands: Hands, run: str, at: datetime) -> bool:
    """Whether it is gone; not when the archive does not hold it as it is now."""
    taken = await TAKERS[group_of(one.facts.kind) or ""](one, packed, hands, at)
    if taken:
        hands.kept.announcements.save(announced(one, one.takes_on).taken(run, at))
    return taken


async def parcel_of(judgement: Judgement, hands: Hands) -> Parcel | None:
    """What is handed to the archive of a contact; None when there is no such contact."""
    contact = await hands.kept.contacts.get(judgement.facts.subject_id)
    if contact is None:
        return None
    notes = await hands.notes.all_of(contact.contact_id)
    parties = [await hands.kept.parties.known(one) for one in (contact.party_id, contact.speaker_id)]
    return Parcel(contact, notes, [one for one in parties if one], judgement.rule.name, decision_of(judgement))


async def _take_contact(one: Judgement, packed: Prints, hands: Hands, at: datetime) -> bool:
    if one.rule.fate == "archive":
        parcel = await parcel_of(one, hands)
        if parcel is None or packed.get(one.facts.subject_id) != parcel.print:
            return False
    contact: Contact | None = await hands.kept.contacts.get(one.facts.subject_id)
    if contact is not None:
        dispose_of(contact, Disposal(at, BY, decision_of(one)), hands.kept.contacts, hands.uploads, at)
    return contact is not None


async def _take_party(one: Judgement, _: Prints, hands: Hands, at: datetime) -> bool:
    party = await hands.kept.parties.known(one.facts.subject_id)
    if party is not None:
        persons = await hands.kept.parties.persons_of(party.party_id)
        erase(party, persons, Erasure(at, BY, "no-longer-needed", decision_of(one)), hands.kept.parties)
    return party is not None


class Droppable(Protocol):
    """A store whose things go whole: nobody else has heard of them."""

    async def load(self, ids: Iterable[str], /) -> None:
        """Fetch these, so that `drop` knows them."""
        ...

    def drop(self, one_id: str, /) -> None:
        """One, read before, is kept no more."""
        ...


def _dropping(of: Callable[[Kept], Droppable]) -> Taker:
    async def drop(one: Judgement, _: Prints, hands: Hands, at: datetime) -> bool:
        store = of(hands.kept)
        await store.load([one.facts.subject_id])
        store.drop(one.facts.subject_id)
        return True

    return drop


TAKERS: Mapping[str, Taker] = {
    "parties": _take_party,
    "contacts": _take_contact,
    "follow_ups": _dropping(lambda kept: kept.follow_ups),
    "disclosures": _dropping(lambda kept: kept.disclosures),
    "company_changes": _dropping(lambda kept: kept.changes),
    "reads": _dropping(lambda kept: kept.reads),
}
