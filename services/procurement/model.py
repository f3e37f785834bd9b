"""What procurement keeps: contracts, each with the day by which procuring anew must start, and why that day."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal


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
