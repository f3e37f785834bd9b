"""What procurement keeps: contracts with their day to start procuring; and what it goes by: the dated rows of rules."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypeVar

Kind = Literal["direct-small", "direct", "national", "eu", "complex"]
Sort = Literal["goods-services", "works", "complex"]
Limit = Literal["documentation", "direct-award", "eu-goods-services", "eu-works"]


@dataclass(frozen=True, slots=True)
class Amount:
    """Money with its currency (belopp)."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Option:
    """A right to prolong a contract, and the last day to use it (option)."""

    until: date
    notice_by: date


@dataclass(frozen=True, slots=True)
class Reason:
    """One step of an explanation, for people to read. `verified` is None where nothing needs to be looked up."""

    sv: str
    en: str
    source: str | None = None
    verified: bool | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """A contract as somebody tells of it, before it is one of ours.

    `publisher` is the system that publishes it, "" at our own door; with the reference it says which contract it is.
    `owner_id` and `organisation_number` are as the teller writes them.
    """

    municipality: str
    publisher: str
    by: str
    reference: str
    title: str
    owner_id: str
    ends_on: date
    department: str | None = None
    cpv: str | None = None
    organisation_number: str | None = None
    starts_on: date | None = None
    options: tuple[Option, ...] = ()
    notice_months: int | None = None
    value: Amount | None = None
    ceiling: Amount | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """What the municipality has agreed to buy, until when, and from when to procure it anew (avtal).

    `due_at` is when its owner is to be told, None once that is done; `because` explains `start_procuring_on`.
    """

    municipality: str
    contract_id: str
    reference: str
    title: str
    department: str | None
    cpv: str | None
    supplier_party_id: str | None
    owner_id: str
    starts_on: date | None
    ends_on: date
    options: tuple[Option, ...]
    notice_months: int | None
    value: Amount | None
    ceiling: Amount | None
    start_procuring_on: date
    lead_days: int
    rule: str
    rule_source: str
    rule_verified: bool
    because: tuple[Reason, ...]
    registered_at: datetime
    registered_by: str
    due_at: datetime | None
    reached_at: datetime | None = None

    def reached(self, at: datetime) -> "Contract":
        """It is time to procure, and that is told now: nothing more is due."""
        return replace(self, due_at=None, reached_at=at)

    def following(self, before: "Contract | None", at: datetime) -> "Contract":
        """The contract as told now, where it was known before: equal to it when nothing is new.

        That it is time is told once: not again while it still is, but anew when the day has been moved ahead of us.
        """
        if before is None:
            return self
        kept = replace(self, registered_at=before.registered_at, registered_by=before.registered_by)
        ahead = self.due_at is not None and self.due_at > at
        if before.reached_at is None or ahead:
            return kept
        return replace(kept, due_at=None, reached_at=before.reached_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A row that counts from a day, until a day or further notice; `verified`: read in the text of the law itself."""

    name_sv: str
    name_en: str
    valid_from: date
    valid_to: date | None
    source: str
    verified: bool
    note: str

    def counts_on(self, day: date) -> bool:
        """Whether the row counts on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadTime(Dated):
    """How many calendar days before its contract ends a kind of procurement must start."""

    rule: str
    kind: Kind
    lead_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold(Dated):
    """An amount in kronor where other rules begin: at the amount when `inclusive`, else above it."""

    limit: Limit
    amount: Decimal
    inclusive: bool

    def reached_by(self, value: Decimal) -> bool:
        """Whether a value is where the other rules begin."""
        return value >= self.amount if self.inclusive else value > self.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Division(Dated):
    """What sort of purchase a division of the CPV is: its first two digits."""

    division: str
    sort: Sort


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All dated rows."""

    lead_times: tuple[LeadTime, ...]
    thresholds: tuple[Threshold, ...]
    divisions: tuple[Division, ...]

    def lead_time(self, kind: Kind, day: date) -> LeadTime:
        """The lead time of a kind."""
        return in_force([row for row in self.lead_times if row.kind == kind], day)

    def threshold(self, limit: Limit, day: date) -> Threshold:
        """The amount of a limit."""
        return in_force([row for row in self.thresholds if row.limit == limit], day)

    def division(self, cpv: str | None, day: date) -> Division | None:
        """What is known of a CPV code's division; None: goods or services like any other."""
        rows = [row for row in self.divisions if cpv is not None and cpv.startswith(row.division)]
        return in_force(rows, day) if rows else None


Row = TypeVar("Row", bound=Dated)


def in_force(rows: Sequence[Row], day: date) -> Row:
    """The row that counts on a day; where none does, the one nearest before (else the first), marked unverified."""
    begun = [row for row in rows if row.valid_from <= day]
    nearest = max(begun, key=lambda row: row.valid_from) if begun else min(rows, key=lambda row: row.valid_from)
    return nearest if nearest.counts_on(day) else replace(nearest, verified=False)
