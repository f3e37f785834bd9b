"""Retention: how long each kind of information is kept, what was announced, and what went when its time had come."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from services.intake.model.dated import Dated
from services.intake.model.disposal import DisposalDecision

Fate = Literal["erase", "archive", "keep", "follow", "expire"]
"""What happens when the time has come: it is erased; or handed to the archive first; or never. What follows goes with
what it belongs to; what expires is let go of by the part that keeps it."""
CountedFrom = Literal["closed", "registered", "last-contact", "made"]
Why = Literal["hold", "open", "in-use", "no-decision", "no-archive"]
"""Why something stays although its time has come."""
Standing = Literal["goes", "waits", "stopped"]

LONGEST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRule(Dated):
    """How long a kind of information is kept, counted from what, and what happens then (gallringsregel).

    `kind` is a collection, or a part of one after a dot. It is kept through the day that so many years, months and days
    end, counted from the end of that year when `from_years_end`; then it is announced for `notice_days`. Without a
    `decision` of the municipality it is a proposal, and nothing is taken by it.
    """

    kind: str
    fate: Fate
    sv: str
    en: str
    source: str
    counted_from: CountedFrom | None = None
    from_years_end: bool = False
    years: int = 0
    months: int = 0
    days: int = 0
    notice_days: int = 0
    follows: str | None = None
    decision: DisposalDecision | None = None

    def __post_init__(self) -> None:
        """ValueError for a row that does not say what it must, or says what nobody can mean."""
        Dated.__post_init__(self)
        if any(not 0 <= one <= LONGEST * 366 for one in (self.months, self.days, self.notice_days)):
            raise ValueError("months, days and notice_days are numbers from 0, and no more than a thousand years")
        if not 0 <= self.years <= LONGEST:
            raise ValueError("years are from 0 to 1000: what is kept longer has the fate keep")
        if (self.counted_from is None) is (self.fate in ("erase", "archive")):
            raise ValueError("what is erased or archived, and nothing else, says from what its time is counted")
        if (self.follows is None) is (self.fate == "follow"):
            raise ValueError("what follows, and nothing else, says what it belongs to")

    @property
    def key(self) -> str:
        """See `Dated`."""
        return self.kind

    @property
    def name(self) -> str:
        """By which a run says later which row it was: `1460 contacts 2026-01-01`."""
        return " ".join(part for part in (self.owner, self.kind, self.valid_from.isoformat()) if part)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a rule needs to know of one thing that is kept, and nothing that is written in it.

    `counted_on` is the day from which its time is counted, None when there is none. It may be open, held (of itself, or
    of whom it is from), or in use: something else names it.
    """

    municipality: str
    kind: str
    subject_id: str
    number: str | None
    counted_on: date | None
    is_open: bool = False
    is_held: bool = False
    is_in_use: bool = False


@dataclass(frozen=True, slots=True)
class Announcement:
    """That something is to go, as it could be seen before it went, and when it did (aviserad gallring).

    By which row of the plan, and by which decision; nothing of what it was but its id and its number. It stays, as the
    record of what was taken.
    """

    municipality: str
    announcement_id: str
    kind: str
    subject_id: str
    number: str | None
    rule: str
    fate: Fate
    reference: str
    due_on: date
    announced_on: date
    taken_at: datetime | None = None
    run_id: str | None = None

    def taken(self, run_id: str, at: datetime) -> "Announcement":
        """The announcement when it has come true."""
        return replace(self, run_id=run_id, taken_at=at)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a rule says of one thing whose time has come: it goes on `takes_on`, waits until then, or stays, and why."""

    facts: Facts
    rule: RetentionRule
    due_on: date
    takes_on: date
    standing: Standing
    announced_on: date | None = None
    why: tuple[Why, ...] = ()


@dataclass(frozen=True, slots=True)
class Count:
    """How many of a kind went in a run, by which row of the plan and which decision (antal gallrade)."""

    kind: str
    fate: Fate
    rule: str
    reference: str
    count: int


@dataclass(frozen=True, slots=True)
class RetentionRun:
    """A day's work by the plan in one municipality (gallringskörning), and how far it has come.

    It has looked at what lies up to `place` in `group`, both None when it has ended. It holds nothing personal.
    """

    municipality: str
    run_id: str
    on: date
    began_at: datetime
    group: str | None
    place: tuple[str, str] | None = None
    ended_at: datetime | None = None
    announced: int = 0
    stopped: int = 0
    failed: int = 0
    taken: tuple[Count, ...] = ()

    def counting(self, taken: tuple[Count, ...], announced: int, stopped: int, failed: int) -> "RetentionRun":
        """The run with what one batch has done."""
        counts = {(one.rule, one.kind, one.fate): one for one in self.taken}
        for one in taken:
            key = (one.rule, one.kind, one.fate)
            before = counts.get(key)
            counts[key] = replace(one, count=one.count + (before.count if before else 0))
        return replace(
            self,
            taken=tuple(counts.values()),
            announced=self.announced + announced,
            stopped=self.stopped + stopped,
            failed=self.failed + failed,
        )

    def come_to(self, group: str | None, place: tuple[str, str] | None, at: datetime) -> "RetentionRun":
        """The run at its next place; without a group it has ended."""
        return replace(self, group=group, place=place, ended_at=at if group is None else None)
