"""procurement's pure decisions: dates from the almanac, rows from the facts."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from services.procurement import events, rules
from services.procurement.app import lead_times, swedish_holidays
from services.procurement.model import Contract, Money, Signed
from services.procurement.rules import Calendar, PartyIds
from shared.contracts.refusal import Invalid

CALENDAR = Calendar(lead_times(), swedish_holidays())
TODAY = date(2026, 11, 24)
AT = datetime(2026, 11, 24, 9, tzinfo=UTC)


def signed(**members: object) -> Signed:
    usual: dict[str, object] = {
        "municipality": "1460",
        "contract_id": "1460-k-1",
        "reference": "A",
        "title": "Städning",
        "owner_id": "1460-o-lind",
        "ends_on": date(2027, 12, 31),
    }
    return Signed(**{**usual, **members})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2027, 6, 4), date(2027, 6, 4)),  # a Friday
        (date(2027, 6, 5), date(2027, 6, 4)),  # Saturday
        (date(2027, 6, 6), date(2027, 6, 4)),  # Sunday and national day
        (date(2027, 6, 25), date(2027, 6, 24)),  # Midsummer Eve, a Friday
        (date(2026, 12, 27), date(2026, 12, 23)),  # Sunday; Christmas Day, Boxing Day and the Eve before it
        (date(2027, 1, 1), date(2026, 12, 30)),  # New Year's Day and the Eve before it
        (date(2026, 4, 6), date(2026, 4, 2)),  # Easter Monday, back past Good Friday
        (date(2028, 2, 29), date(2028, 2, 29)),  # a leap day, a Tuesday
    ],
)
def test_a_day_that_is_no_working_day_moves_back(day: date, working: date) -> None:
    assert CALENDAR.working_day(day) == working


@pytest.mark.parametrize(
    ("value", "rule", "days"),
    [
        (None, "national-procurement", 210),
        (Money(Decimal("99999.99"), "SEK"), "direct-award-undocumented", 21),
        (Money(Decimal("100000"), "SEK"), "direct-award", 60),
        (Money(Decimal("699999"), "SEK"), "direct-award", 60),
        (Money(Decimal("700000"), "SEK"), "national-procurement", 210),
        (Money(Decimal("2389585"), "SEK"), "eu-open-procurement", 330),
        (Money(Decimal("1"), "EUR"), "national-procurement", 210),
    ],
)
def test_the_value_decides_the_lead_time(value: Money | None, rule: str, days: int) -> None:
    row = CALENDAR.lead_time(value, TODAY)
    assert (row.rule, row.lead_days) == (rule, days)


def test_no_lead_time_claims_to_be_verified() -> None:
    assert not any(row.verified for row in lead_times())
    assert all(row.source for row in lead_times())


def test_before_the_first_row_the_rows_there_are_hold() -> None:
    assert CALENDAR.lead_time(None, date(2000, 1, 1)).lead_days == 210


@pytest.mark.parametrize(
    ("ends_on", "due"),
    [
        (date(2027, 10, 27), datetime(2027, 3, 30, 22, tzinfo=UTC)),  # summer time since the Sunday before
        (date(2027, 12, 31), datetime(2027, 6, 3, 22, tzinfo=UTC)),
        (date(2027, 9, 1), datetime(2027, 2, 2, 23, tzinfo=UTC)),  # winter time
    ],
)
def test_it_is_due_from_the_first_moment_of_the_day_in_sweden(ends_on: date, due: datetime) -> None:
    assert CALENDAR.start(ends_on, None, TODAY).at == due


def test_the_almanac_has_an_end() -> None:
    with pytest.raises(Invalid) as refused:
        CALENDAR.start(date(1, 1, 2), None, TODAY)
    assert refused.value.pointer == "/ends_on"


def test_a_contract_that_has_not_changed_stays_as_it_is() -> None:
    contract = rules.kept(signed(), None, CALENDAR, AT)
    assert rules.kept(signed(), contract, CALENDAR, AT) is contract
    assert rules.kept(signed(title="B"), contract, CALENDAR, AT).due_at == contract.due_at


def test_a_contract_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(Invalid):
        rules.kept(signed(starts_on=date(2028, 1, 1)), None, CALENDAR, AT)
    assert rules.kept(signed(starts_on=date(2027, 1, 1)), None, CALENDAR, AT).registered_at == AT


def test_the_day_must_have_come_before_it_is_said() -> None:
    contract = rules.kept(signed(), None, CALENDAR, AT)
    with pytest.raises(ValueError, match="has not come"):
        events.reached(contract)
    assert events.reached(contract.reached(AT)).reached_at == AT


def test_ids_tell_whose_they_are() -> None:
    assert rules.contract_id_of("1460", "finance", "A") == rules.contract_id_of("1460", "finance", "A")
    assert rules.contract_id_of("1460", "finance", "A") != rules.contract_id_of("1460", "door", "A")
    assert rules.officer_id_of("1460", "lind") == "1460-o-lind"
    with pytest.raises(Invalid):
        rules.officer_id_of("1460", "x" * 200)


def test_a_suppliers_number_is_read_as_intake_reads_it() -> None:
    ids = PartyIds(lambda municipality, digits: f"{municipality}-p-{digits}")
    assert ids.of("1460", None) is None
    assert ids.of("1460", "16556016-0680") == "1460-p-5560160680"
    assert ids.of("1460", "556016-0680") == "1460-p-5560160680"
    with pytest.raises(Invalid):
        ids.of("1460", "x")


def test_a_contract_keeps_its_day_when_only_its_words_change() -> None:
    contract: Contract = rules.kept(signed(), None, CALENDAR, AT).reached(AT)
    assert rules.kept(signed(title="B"), contract, CALENDAR, AT).reached_at == AT
