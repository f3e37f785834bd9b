"""What procurement keeps: contracts, and for each the day by which procuring must start."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency (belopp)."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Option:
    """A right to prolong a contract, and the last day to use it (option)."""

    until: date
    notice_by: date


@dataclass(frozen=True, slots=True)
class Start:
    """The day by which procuring must start, and the rule that says so."""

    on: date
    at: datetime
    lead_days: int
    rule: str
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Signed:
    """What is known of a contract that was signed, before it is one of ours."""

    municipality: str
    contract_id: str
    reference: str
    title: str
    owner_id: str
    ends_on: date
    department: str | None = None
    cpv: str | None = None
    supplier_party_id: str | None = None
    starts_on: date | None = None
    options: tuple[Option, ...] = ()
    notice_months: int | None = None
    value: Money | None = None
    ceiling: Money | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract (avtal) that will need a new procurement. `due_at` is when that must start; None once it was said."""

    municipality: str
    contract_id: str
    signed: Signed
    start: Start
    start_procuring_on: date
    registered_at: datetime
    due_at: datetime | None
    reached_at: datetime | None = None

    @classmethod
    def registered(cls, signed: Signed, start: Start, at: datetime) -> "Contract":
        """A contract that we did not know."""
        return cls(signed.municipality, signed.contract_id, signed, start, start.on, at, start.at)

    def changed(self, signed: Signed, start: Start) -> "Contract":
        """The contract as it now is; a day that has moved is promised anew."""
        moved = start.on != self.start.on
        due_at = start.at if moved else self.due_at
        reached_at = None if moved else self.reached_at
        return replace(
            self, signed=signed, start=start, start_procuring_on=start.on, due_at=due_at, reached_at=reached_at
        )

    def reached(self, at: datetime) -> "Contract":
        """The day has come, and it was said."""
        return replace(self, due_at=None, reached_at=at)
