"""Pure decisions of procurement: which lead time counts, from which day to procure, and how to explain it.

The numbers are dated rows (`data/*.json`), given as a `Rulebook`. Rows are chosen by the day the contract ends: it is
known from the start, so the same contract told again gives the same day, whenever that happens.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

from stdnum.exceptions import ValidationError
from stdnum.se import orgnr

from services.procurement.model import (
    Contract,
    Division,
    Kind,
    LeadTime,
    Limit,
    Reason,
    Rulebook,
    Signed,
    Sort,
    Threshold,
)
from shared.contracts.refusal import Invalid

EARLIEST_END = date(1970, 1, 1)
"""Before this day a date is a slip of the pen: the calendar of holidays and of time zones gives out."""
LONGEST_ID = 200

WEEKEND = {5: ("lördag", "Saturday"), 6: ("söndag", "Sunday")}
WRONG_NUMBER = (
    "Organisationsnumret stämmer inte: kontrollera siffrorna.",
    "The organisation number is not valid: check the digits.",
)
TOO_EARLY = ("Avtalet slutar före 1970: kontrollera datumet.", "The contract ends before 1970: check the date.")
ENDS_FIRST = ("Avtalet börjar efter att det slutar.", "The contract starts after it ends.")
ID_TOO_LONG = ("Handläggarens id är för långt.", "The officer's id is too long.")

LADDER: Mapping[Sort, tuple[tuple[tuple[Limit, Kind], ...], Kind]] = MappingProxyType(
    {
        "goods-services": (
            (("documentation", "direct-small"), ("direct-award", "direct"), ("eu-goods-services", "national")),
            "eu",
        ),
        "works": (
            (("documentation", "direct-small"), ("direct-award", "direct"), ("eu-works", "national")),
            "eu",
        ),
        "complex": ((("documentation", "direct-small"), ("direct-award", "direct")), "complex"),
    }
)
"""Per sort of purchase the limits from below, each with the kind of procurement beneath it; and the kind above all."""


@dataclass(frozen=True, slots=True)
class Holidays:
    """Days that are free beside Saturday and Sunday: `named(day)` is (Swedish, English), None on other days."""

    named: Callable[[date], tuple[str, str] | None]

    def free(self, day: date) -> tuple[str, str] | None:
        """Why nobody works on a day, None when they do."""
        return self.named(day) or WEEKEND.get(day.weekday())


@dataclass(frozen=True, slots=True)
class PartyIds:
    """Names companies: `keyed(municipality, digits)` is a keyed HMAC, the same in intake and procurement."""

    keyed: Callable[[str, str], str]


def estimated(signed: Signed) -> Decimal | None:
    """The value to judge by: the greater of value and ceiling (LOU 5 kap. 3 and 14 §§), if they are in kronor."""
    told = [money.amount for money in (signed.value, signed.ceiling) if money and money.currency == "SEK"]
    return max(told, default=None)


def kind_of(value: Decimal | None, cpv: str | None, day: date, book: Rulebook) -> tuple[Kind, tuple[Reason, ...]]:
    """How what a contract covers will have to be procured, and why: by value and CPV; unknown value: with care."""
    if value is None:
        return "national", (_value_unknown(),)
    division = book.division(cpv, day)
    because = [] if division is None else [_is_a(division)]
    limits, above_all = LADDER[division.sort if division else "goods-services"]
    for limit, beneath in limits:
        threshold = book.threshold(limit, day)
        because.append(_compared(value, threshold))
        if not threshold.reached_by(value):
            return beneath, tuple(because)
    return above_all, tuple(because)


def starting_day(ends_on: date, lead: LeadTime, holidays: Holidays) -> tuple[date, tuple[Reason, ...]]:
    """The lead time before the end, or the working day before that; and how it was counted."""
    counted = start = ends_on - timedelta(days=lead.lead_days)
    while holidays.free(start):
        start -= timedelta(days=1)
    free = holidays.free(counted)
    return start, (_counted(ends_on, lead, counted), *([_moved(counted, free, start)] if free else []))


def start_of_day(day: date) -> datetime:
    """The moment when a day begins in Sweden, in UTC."""
    return datetime.combine(day, time(), ZoneInfo("Europe/Stockholm")).astimezone(UTC)


def made_id(municipality: str, letter: str, *parts: str) -> str:
    """The same id each time from the same parts: `1460-k-` and 26 hexadecimal digits."""
    digest = hashlib.sha256("\x00".join((letter, *parts)).encode()).hexdigest()
    return f"{municipality}-{letter}-{digest[:26]}"


def contract_id_of(signed: Signed) -> str:
    """The contract's id: the same each time the same publisher tells of the same reference."""
    return made_id(signed.municipality, "k", signed.publisher, signed.reference)


def owner_id_of(municipality: str, owner_id: str) -> str:
    """The officer's id as routing says it: `1460-o-lind`; Invalid when that becomes too long."""
    qualified = f"{municipality}-o-{owner_id}"
    if len(qualified) > LONGEST_ID:
        raise Invalid("owner-id-too-long", *ID_TOO_LONG, "/owner_id")
    return qualified


def supplier_of(signed: Signed, ids: PartyIds) -> str | None:
    """The supplier's party id, None without an organisation number; Invalid for a wrong one."""
    if signed.organisation_number is None:
        return None
    bare = signed.organisation_number.strip().replace(" ", "").replace("-", "")
    try:
        digits = orgnr.validate(bare[2:] if len(bare) == 12 else bare)
    except ValidationError:
        raise Invalid("organisation-number", *WRONG_NUMBER, "/supplier/organisation_number") from None
    return ids.keyed(signed.municipality, digits)


def registered(signed: Signed, ids: PartyIds, book: Rulebook, holidays: Holidays, at: datetime) -> Contract:
    """The contract that was signed, with the day by which procuring anew must start; Invalid when it can't be so."""
    _check_days(signed)
    kind, why_kind = kind_of(estimated(signed), signed.cpv, signed.ends_on, book)
    lead = book.lead_time(kind, signed.ends_on)
    start, why_day = starting_day(signed.ends_on, lead, holidays)
    because = (*why_kind, *why_day)
    return Contract(
        municipality=signed.municipality,
        contract_id=contract_id_of(signed),
        reference=signed.reference,
        title=signed.title,
        department=signed.department,
        cpv=signed.cpv,
        supplier_party_id=supplier_of(signed, ids),
        owner_id=owner_id_of(signed.municipality, signed.owner_id),
        starts_on=signed.starts_on,
        ends_on=signed.ends_on,
        options=signed.options,
        notice_months=signed.notice_months,
        value=signed.value,
        ceiling=signed.ceiling,
        start_procuring_on=start,
        lead_days=lead.lead_days,
        rule=lead.rule,
        rule_source=lead.source,
        rule_verified=all(reason.verified is not False for reason in because),
        because=because,
        registered_at=at,
        registered_by=signed.by,
        due_at=start_of_day(start),
    )


def _check_days(signed: Signed) -> None:
    if signed.ends_on < EARLIEST_END:
        raise Invalid("ends-too-early", *TOO_EARLY, "/ends_on")
    if signed.starts_on is not None and signed.starts_on > signed.ends_on:
        raise Invalid("starts-after-end", *ENDS_FIRST, "/starts_on")


def _value_unknown() -> Reason:
    return Reason(
        "Avtalets värde i kronor är inte känt: det räknas försiktigt, som en upphandling enligt LOU 19 kap.",
        "The contract's value in kronor is not known: it is taken with care, as a procurement under LOU 19 kap.",
    )


def _is_a(row: Division) -> Reason:
    return Reason(
        f"CPV-koden börjar med {row.division}: {row.name_sv}.",
        f"The CPV code begins with {row.division}: {row.name_en}.",
        row.source,
        row.verified,
    )


def _compared(value: Decimal, row: Threshold) -> Reason:
    reached = row.reached_by(value)
    sv, en = ("når", "reaches") if reached else ("når inte", "does not reach")
    over_sv, over_en = ("", "") if row.inclusive else ("över ", "above ")
    return Reason(
        f"Värdet {_kronor(value, 'sv')} {sv} {over_sv}{row.name_sv}, {_kronor(row.amount, 'sv')}.",
        f"The value {_kronor(value, 'en')} {en} {over_en}{row.name_en}, {_kronor(row.amount, 'en')}.",
        row.source,
        row.verified,
    )


def _counted(ends_on: date, lead: LeadTime, counted: date) -> Reason:
    return Reason(
        f"Det blir {lead.name_sv}, som ska börja {lead.lead_days} dagar före avtalets slut {ends_on}: {counted}.",
        f"It will be {lead.name_en}, to start {lead.lead_days} days before the contract ends on {ends_on}: {counted}.",
        lead.source,
        lead.verified,
    )


def _moved(counted: date, free: tuple[str, str], start: date) -> Reason:
    return Reason(
        f"{counted} är {free[0].lower()}: arbetsdagen före är {start}.",
        f"{counted} is {free[1]}: the working day before is {start}.",
    )


def _kronor(value: Decimal, language: Literal["sv", "en"]) -> str:
    text = f"{value:,.2f}".removesuffix(".00")
    return f"SEK {text}" if language == "en" else f"{text.replace(',', ' ').replace('.', ',')} kr"
