"""Pure decisions of procurement: when procuring must start, by dated rows with their sources; and how ids are made."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from stdnum.exceptions import ValidationError
from stdnum.se import orgnr

from services.procurement.model import Contract, Money, Signed, Start
from shared.contracts.refusal import Invalid

SWEDEN = ZoneInfo("Europe/Stockholm")
LONGEST_ID = 200
WRONG_NUMBER = (
    "Organisationsnumret stämmer inte: kontrollera siffrorna.",
    "The organisation number is not valid: check the digits.",
)
ENDS_FIRST = ("Avtalet slutar innan det börjar.", "The contract ends before it starts.")
ID_TOO_LONG = ("Ägarens id är för långt.", "The owner's id is too long.")
TOO_EARLY = ("Slutdagen är för tidig.", "The end is too early.")


@dataclass(frozen=True, slots=True)
class LeadTime:
    """How many days before its end a contract of this kind must be procured anew, from a day on, and who says so.

    The row holds for values below `below` (in SEK, excluding VAT); None is for any value.
    """

    rule: str
    lead_days: int
    below: Decimal | None
    valid_from: date
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Calendar:
    """The lead times, and which days are holidays in Sweden."""

    lead_times: Sequence[LeadTime]
    is_holiday: Callable[[date], bool]

    def start(self, ends_on: date, value: Money | None, on: date) -> Start:
        """The day by which procuring must start, computed by the rows that are in force on a day.

        `ends_on` minus the lead time in calendar days, moved back to a working day. Due from the first moment of
        that day in Sweden. Invalid when there is no such day in the calendar.
        """
        row = self.lead_time(value, on)
        try:
            day = self.working_day(ends_on - timedelta(days=row.lead_days))
            at = datetime.combine(day, time(), SWEDEN).astimezone(UTC)
        except OverflowError:
            raise Invalid("too-early", *TOO_EARLY, "/ends_on") from None
        return Start(day, at, row.lead_days, row.rule, row.source, row.verified)

    def lead_time(self, value: Money | None, on: date) -> LeadTime:
        """The row for a value: the one with the lowest limit above it; an unknown value gets the careful row."""
        begun = [row for row in self.lead_times if row.valid_from <= on] or list(self.lead_times)
        if value is None or value.currency != "SEK":
            return next(row for row in _newest(begun) if row.rule == CAREFUL)
        fits = [row for row in _newest(begun) if row.below is None or value.amount < row.below]
        return min(fits, key=lambda row: row.below if row.below is not None else Decimal("Infinity"))

    def working_day(self, day: date) -> date:
        """The day itself, or the last working day before it."""
        while day.isoweekday() > 5 or self.is_holiday(day):
            day -= timedelta(days=1)
        return day


CAREFUL = "national-procurement"
"""The rule for a contract whose value nobody has told: long enough for a procurement under LOU 19 kap."""


def _newest(rows: Sequence[LeadTime]) -> list[LeadTime]:
    newest: dict[str, LeadTime] = {}
    for row in sorted(rows, key=lambda row: row.valid_from):
        newest[row.rule] = row
    return list(newest.values())


@dataclass(frozen=True, slots=True)
class PartyIds:
    """Names companies: `keyed(municipality, digits)` is a keyed HMAC, the same in intake and procurement."""

    keyed: Callable[[str, str], str]

    def of(self, municipality: str, organisation_number: str | None) -> str | None:
        """The party that a number names; Invalid with its pointer when it is no number."""
        if organisation_number is None:
            return None
        bare = organisation_number.strip().replace(" ", "").replace("-", "")
        try:
            return self.keyed(municipality, orgnr.validate(bare[2:] if len(bare) == 12 else bare))
        except ValidationError:
            raise Invalid("organisation-number", *WRONG_NUMBER, "/supplier/organisation_number") from None


def contract_id_of(municipality: str, publisher: str, reference: str) -> str:
    """The id of the contract that a publisher calls so: the same each time."""
    digest = hashlib.sha256("\x00".join(("k", publisher, reference)).encode()).hexdigest()
    return f"{municipality}-k-{digest[:26]}"


def officer_id_of(municipality: str, officer_id: str) -> str:
    """The staff system's id made unique among municipalities, as routing makes it; Invalid when it becomes too long."""
    qualified = f"{municipality}-o-{officer_id}"
    if len(qualified) > LONGEST_ID:
        raise Invalid("owner-id-too-long", *ID_TOO_LONG, "/owner_id")
    return qualified


def kept(signed: Signed, before: Contract | None, calendar: Calendar, at: datetime) -> Contract:
    """The contract as it is to be kept; the one before when nothing has changed. Invalid when it ends first."""
    if signed.starts_on is not None and signed.starts_on > signed.ends_on:
        raise Invalid("ends-before-it-starts", *ENDS_FIRST, "/ends_on")
    if before is not None and before.signed == signed:
        return before
    start = calendar.start(signed.ends_on, signed.value, at.astimezone(SWEDEN).date())
    return Contract.registered(signed, start, at) if before is None else before.changed(signed, start)
