"""What is counted, and what reports make of it: shares, and how long people waited."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from math import expm1, log, log1p

from services.intake.model.contact import Contact, ContactState
from services.intake.model.tally import ALL_TYPES, Outcome, Side, Tally
from services.intake.rules.arrival_day import day_of

STEP = log(1.1)
"""Waiting times are counted in steps that grow by a tenth, so that a median is known to within five percent."""


@dataclass(slots=True)
class Figures:
    """What was counted of some contacts, by week, channel and case type; None is all of them."""

    week: str | None
    channel: str | None
    case_type: str | None
    answered: int = 0
    handed_over: int = 0
    waits: Counter[int] = field(default_factory=Counter)

    @property
    def share(self) -> float | None:
        """The share that was answered directly; None of nothing."""
        decided = self.answered + self.handed_over
        return self.answered / decided if decided else None

    def waited(self, part: float) -> int | None:
        """The seconds within which this part of them was first dealt with; None when nobody was."""
        wanted, so_far = part * self.waits.total(), 0
        for step in sorted(self.waits):
            so_far += self.waits[step]
            if so_far >= wanted:
                return round(expm1(step * STEP))
        return None

    def add(self, tally: Tally) -> None:
        """Count what a tally has."""
        self.answered += tally.answered
        self.handed_over += tally.handed_over
        self.waits.update({int(step): count for step, count in tally.waits.items()})


def outcome_of(before: Contact | None, after: Contact, side: Side) -> Outcome | None:
    """What is to be counted of a change: each contact is decided once, first dealt with once; a trivial one never."""
    if after.trivial is not None:
        return None
    undecided = before is None or before.state is ContactState.AT_RECEPTION
    answered = undecided and after.state is ContactState.ANSWERED
    handed_over = undecided and after.state in (ContactState.HANDED_OVER, ContactState.TAKEN)
    first = after.dealt_with_at if before is None or before.dealt_with_at is None else None
    if not (answered or handed_over or first):
        return None
    return Outcome(
        municipality=after.municipality,
        registered_at=after.registered_at,
        channel=after.channel,
        case_types=after.case_types,
        side=side,
        answered=int(answered),
        handed_over=int(handed_over),
        waited=max(0, int((first - after.received_at).total_seconds())) if first else None,
    )


def tallies_of(outcome: Outcome) -> list[Tally]:
    """The tallies that an outcome counts in, as they are before anything was counted: each of its types, and all."""
    week = week_of(outcome.registered_at)
    ids = tally_ids(outcome.municipality, week, outcome.channel, outcome.side, outcome.case_types)
    return [Tally(outcome.municipality, ids[one], week, outcome.channel, one) for one in ids]


def tally_ids(municipality: str, week: str, channel: str, side: Side, case_types: Iterable[str]) -> Mapping[str, str]:
    """The ids of the tallies of some case types, and of all, by case type."""
    before = f"{municipality}-t-{week}-{channel}-{side}"
    return {one: f"{before}-{one}" for one in (*case_types, ALL_TYPES)}


def step_of(outcome: Outcome) -> str | None:
    """The step of waiting time that an outcome counts in."""
    return None if outcome.waited is None else str(round(log1p(outcome.waited) / STEP))


def week_of(moment: datetime | date) -> str:
    """The ISO week of a Swedish day: `2026-W48`; as text they sort as they come."""
    day = day_of(moment) if isinstance(moment, datetime) else moment
    year, week, _ = day.isocalendar()
    return f"{year:04d}-W{week:02d}"


def report(tallies: Iterable[Tally]) -> list[Figures]:
    """All of it, each week, each channel, each case type, and each combination of the three."""
    found: dict[tuple[str | None, str | None, str | None], Figures] = {}
    for tally in tallies:
        for place in _places(tally):
            found.setdefault(place, Figures(*place)).add(tally)
    return sorted(found.values(), key=_order)


def _order(one: Figures) -> tuple[int, tuple[bool, ...], tuple[str, ...]]:
    """What is summed up most first."""
    parts = (one.week, one.channel, one.case_type)
    given = tuple(part is None for part in parts)
    return -sum(given), given, tuple(part or "" for part in parts)


def _places(tally: Tally) -> Iterator[tuple[str | None, str | None, str | None]]:
    if tally.case_type == ALL_TYPES:
        yield from ((None, None, None), (tally.week, None, None), (None, tally.channel, None))
    else:
        yield from ((None, None, tally.case_type), (tally.week, tally.channel, tally.case_type))
