"""What is due by the plan on a day, counted in Swedish days, and what stops it."""

from calendar import monthrange
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta

from services.intake.model.contact import Contact, ContactState
from services.intake.model.disposal import Holds, is_held
from services.intake.model.party import Party
from services.intake.model.retention import Announcement, Facts, Judgement, RetentionRule, Standing, Why
from services.intake.rules.arrival_day import day_of
from services.intake.rules.in_force import Rows

GROUPS: Mapping[str, tuple[str, ...]] = {
    "parties": ("parties",),
    "contacts": ("contacts", "contacts.with-matter", "contacts.trivial"),
    "follow_ups": ("follow_ups",),
    "disclosures": ("disclosures",),
    "company_changes": ("company_changes",),
    "reads": ("reads",),
}
"""What a run takes, in this order, and the kinds in each. Parties go first: one whose last contact goes today is in
use today, and so a run takes no more than could be seen of it before."""
BY = "retention-plan"
"""Who erases what goes by the plan."""
COUNTED: Mapping[str, Collection[str]] = {
    "parties": ("last-contact",),
    "contacts": ("closed", "registered"),
    "follow_ups": ("made",),
    "disclosures": ("made",),
    "company_changes": ("made",),
    "reads": ("made",),
}


class RetentionPlan(Rows[RetentionRule]):
    """The plan (gallringsplan): rows by kind, the municipality's own before those for all."""

    def decided(self, day: date) -> list[str]:
        """The municipalities that have decided on a row in force that day."""
        found = (one for (owner, _), rows in self._rows.items() if owner for one in rows if one.decision)
        return sorted({one.owner for one in found if one.is_in_force(day)})


def fault(rule: RetentionRule) -> str | None:
    """What is wrong with a row for what the runs can do; None when nothing is."""
    if rule.fate not in ("erase", "archive"):
        return None
    group = group_of(rule.kind)
    if group is None:
        return f"nothing of the kind {rule.kind} is erased by the plan"
    if rule.fate == "archive" and group != "contacts":
        return f"{rule.kind} is not handed to the archive by itself"
    if rule.counted_from not in COUNTED[group]:
        return f"the time of {rule.kind} is not counted from {rule.counted_from}"
    return None


def group_of(kind: str) -> str | None:
    """The group in which a kind is taken; None when the runs leave it alone."""
    return next((group for group, kinds in GROUPS.items() if kind in kinds), None)


def due_on(rule: RetentionRule, counted_on: date) -> date:
    """The first day on which it need not be kept any more; months end on the same day, or the last one there is."""
    start = date(counted_on.year, 12, 31) if rule.from_years_end else counted_on
    months = start.month - 1 + rule.months
    year, month = start.year + rule.years + months // 12, months % 12 + 1
    last = date(year, month, min(start.day, monthrange(year, month)[1]))
    return last + timedelta(days=rule.days + 1)


def may_be_due(rules: Collection[RetentionRule], on: date) -> date | None:
    """The latest day from which anything can be counted that is due on a day; None when there are no rules."""
    return max((_before(rule, on) for rule in rules), default=None)


def _before(rule: RetentionRule, on: date) -> date:
    """Never too early: years of 365 days and months of 28 are the shortest."""
    least = rule.years * 365 + rule.months * 28 + rule.days + 1
    return on - timedelta(days=min(least, (on - date.min).days))


def judged(
    facts: Facts, rule: RetentionRule | None, before: Announcement | None, on: date, today: date, archive_is_set: bool
) -> Judgement | None:
    """What happens to it by that day, as seen today; None when its time has not come by then, or it is kept.

    It goes when it could be seen for as long as its row says that it would: since it was announced under the same row,
    or from today, or from the later day on which it is due.
    """
    if rule is None or rule.fate not in ("erase", "archive") or facts.counted_on is None:
        return None
    due = due_on(rule, facts.counted_on)
    if due > on:
        return None
    announced = before.announced_on if before is not None and holds_still(before, rule, due) else None
    takes_on = (announced or max(today, due)) + timedelta(days=rule.notice_days)
    why = what_stops(facts, rule, archive_is_set)
    standing: Standing = "stopped" if why else "goes" if takes_on <= on else "waits"
    return Judgement(facts, rule, due, takes_on, standing, announced, why)


def holds_still(announcement: Announcement, rule: RetentionRule, due: date) -> bool:
    """Whether what was announced is what the row says now: under another row it is announced anew."""
    return (announcement.rule, announcement.fate, announcement.due_on) == (rule.name, rule.fate, due)


def what_stops(facts: Facts, rule: RetentionRule, archive_is_set: bool) -> tuple[Why, ...]:
    """Why it stays although its time has come; nothing when it may go."""
    reasons: tuple[tuple[bool, Why], ...] = (
        (facts.is_held, "hold"),
        (facts.is_open, "open"),
        (facts.is_in_use, "in-use"),
        (rule.decision is None, "no-decision"),
        (rule.fate == "archive" and not archive_is_set, "no-archive"),
    )
    return tuple(why for holds, why in reasons if holds)


def announced(judgement: Judgement, today: date) -> Announcement:
    """The announcement of what a rule says."""
    facts, rule = judgement.facts, judgement.rule
    return Announcement(
        municipality=facts.municipality,
        announcement_id=announcement_id(facts.subject_id, judgement.due_on),
        kind=facts.kind,
        subject_id=facts.subject_id,
        number=facts.number,
        rule=rule.name,
        fate=rule.fate,
        reference=rule.decision.reference if rule.decision else "",
        due_on=judgement.due_on,
        announced_on=judgement.announced_on or today,
    )


def announcement_id(subject_id: str, due: date) -> str:
    """One announcement for each time that something falls due: a party that comes back can go again."""
    return f"{subject_id}-g{due:%y%m%d}"


def run_id(municipality: str, on: date) -> str:
    """The run of a municipality and a day."""
    return f"{municipality}-g-{on.isoformat()}"


def kind_of(contact: Contact) -> str:
    """Which row of the plan is about a contact."""
    if contact.trivial is not None:
        return "contacts.trivial"
    return "contacts.with-matter" if contact.held else "contacts"


def closed_at(contact: Contact) -> datetime:
    """When it was answered, or when its last matter came to whoever has it; at the latest moment that is known."""
    answered_at = contact.answered.at if contact.answered else None
    since = (one.since for one in contact.held)
    moments = (contact.registered_at, contact.dealt_with_at, answered_at, *since)
    return max(moment for moment in moments if moment is not None)


def facts_of_contact(contact: Contact, rule: RetentionRule | None, holds: Collection[Holds]) -> Facts:
    """A contact's; `holds` are its own and those of whoever it is from. An open one is counted from its beginning, so
    that it shows among what is stopped.
    """
    is_open = contact.state in (ContactState.AT_RECEPTION, ContactState.HANDED_OVER)
    from_start = is_open or (rule is not None and rule.counted_from == "registered")
    return Facts(
        municipality=contact.municipality,
        kind=kind_of(contact),
        subject_id=contact.contact_id,
        number=contact.number,
        counted_on=day_of(contact.registered_at if from_start else closed_at(contact)),
        is_open=is_open,
        is_held=any(is_held(one) for one in holds),
    )


def facts_of_party(party: Party, holds: Collection[Holds], is_in_use: bool) -> Facts:
    """A party's; in use as long as a contact that is kept names it, or one of a person who speaks for it."""
    return Facts(
        municipality=party.municipality,
        kind="parties",
        subject_id=party.party_id,
        number=None,
        counted_on=party.last_contact_on,
        is_held=any(is_held(one) for one in holds),
        is_in_use=is_in_use,
    )
