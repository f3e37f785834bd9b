"""procurement's pure decisions: which kind of procurement, which day, and the explanation."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from services.procurement.app import rulebook, swedish_holidays
from services.procurement.model import Amount, LeadTime
from services.procurement.rules import (
    LADDER,
    PartyIds,
    contract_id_of,
    estimated,
    kind_of,
    owner_id_of,
    registered,
    start_of_day,
    starting_day,
    supplier_of,
)
from shared.contracts.refusal import Invalid
from tests.procurement.settled import AT, signed

BOOK, HOLIDAYS = rulebook(), swedish_holidays()
IDS = PartyIds(lambda municipality, digits: f"{municipality}-p-{digits[::-1]}")


def kronor(amount: str) -> Amount:
    return Amount(Decimal(amount), "SEK")


def lead(days: int) -> LeadTime:
    return LeadTime(
        name_sv="prov",
        name_en="trial",
        valid_from=date(2000, 1, 1),
        valid_to=None,
        source="prov",
        verified=True,
        note="",
        rule="lead-trial",
        kind="national",
        lead_days=days,
    )


@pytest.mark.parametrize(
    ("value", "cpv", "kind"),
    [
        ("0", None, "direct-small"),
        ("100000", None, "direct-small"),
        ("100000.01", None, "direct"),
        ("699999.99", None, "direct"),
        ("700000", None, "national"),
        ("2389584", "90919200-4", "national"),
        ("2389585", "90919200-4", "eu"),
        ("2389585", "45210000-2", "national"),
        ("59880179", "45210000-2", "eu"),
        ("699999", "72000000-5", "direct"),
        ("700000", "72000000-5", "complex"),
        ("700000", "48000000-8", "complex"),
        ("9000000", "85000000-9", "complex"),
    ],
)
def test_the_kind_follows_from_value_and_cpv(value: str, cpv: str | None, kind: str) -> None:
    assert kind_of(Decimal(value), cpv, date(2025, 6, 30), BOOK)[0] == kind


def test_an_unknown_value_is_taken_with_care() -> None:
    kind, [why] = kind_of(None, "72000000-5", date(2027, 6, 30), BOOK)
    assert kind == "national"
    assert "försiktigt" in why.sv
    assert why.verified is None


@pytest.mark.parametrize(
    ("value", "ceiling", "judged"),
    [
        (None, None, None),
        (kronor("5"), None, Decimal(5)),
        (kronor("5"), kronor("7"), Decimal(7)),
        (Amount(Decimal(5), "EUR"), None, None),
        (Amount(Decimal(5), "EUR"), kronor("7"), Decimal(7)),
    ],
)
def test_the_greater_of_value_and_ceiling_counts_if_in_kronor(
    value: Amount | None, ceiling: Amount | None, judged: Decimal | None
) -> None:
    assert estimated(signed(value=value, ceiling=ceiling)) == judged


@pytest.mark.parametrize(
    ("ends_on", "amount", "verified"),
    [
        (date(2020, 6, 30), 2_236_731, False),
        (date(2023, 12, 31), 2_236_731, False),
        (date(2024, 1, 1), 2_389_585, True),
        (date(2025, 12, 31), 2_389_585, True),
        (date(2026, 1, 1), 2_389_585, False),
        (date(2031, 6, 30), 2_389_585, False),
    ],
)
def test_where_no_threshold_counts_the_nearest_is_used_and_marked(ends_on: date, amount: int, verified: bool) -> None:
    row = BOOK.threshold("eu-goods-services", ends_on)
    assert (int(row.amount), row.verified) == (amount, verified)


@pytest.mark.parametrize(
    ("day", "amount"),
    [(date(2022, 1, 31), 615_312), (date(2022, 2, 1), 700_000), (date(2030, 1, 1), 700_000)],
)
def test_the_direct_award_limit_is_the_one_of_its_day(day: date, amount: int) -> None:
    assert BOOK.threshold("direct-award", day).amount == amount


def test_the_rows_are_whole_and_no_lead_time_is_called_verified() -> None:
    for limits, above in LADDER.values():
        for limit, beneath in limits:
            assert BOOK.threshold(limit, date(2025, 1, 1)).verified
            assert BOOK.lead_time(beneath, date(2025, 1, 1)).lead_days > 0
        assert BOOK.lead_time(above, date(2025, 1, 1)).lead_days > 0
    assert not any(row.verified for row in BOOK.lead_times)
    assert {row.kind: row.lead_days for row in BOOK.lead_times} == {
        "direct-small": 21,
        "direct": 60,
        "national": 210,
        "eu": 330,
        "complex": 450,
    }


@pytest.mark.parametrize("limit", ["documentation", "direct-award", "eu-goods-services", "eu-works"])
def test_no_two_rows_of_a_limit_count_on_the_same_day(limit: str) -> None:
    rows = sorted((row for row in BOOK.thresholds if row.limit == limit), key=lambda row: row.valid_from)
    for before, after in pairwise(rows):
        assert before.valid_to is not None
        assert before.valid_to < after.valid_from


@pytest.mark.parametrize(
    ("counted", "start"),
    [
        ("2026-06-17", "2026-06-17"),  # an ordinary Wednesday
        ("2026-06-19", "2026-06-18"),  # Midsummer Eve, a Friday
        ("2026-06-21", "2026-06-18"),  # Sunday, Midsummer Day and the Eve before it
        ("2027-12-26", "2027-12-23"),  # the second day of Christmas, and two days before
        ("2027-01-01", "2026-12-30"),  # New Year's Day and New Year's Eve
        ("2026-04-06", "2026-04-02"),  # Easter Monday back to Maundy Thursday
        ("2026-05-14", "2026-05-13"),  # Ascension Day
        ("2026-06-06", "2026-06-05"),  # the National Day, a Saturday
        ("2026-10-31", "2026-10-30"),  # All Saints' Day
        ("2026-03-29", "2026-03-27"),  # summer time begins, a Sunday
        ("2026-10-25", "2026-10-23"),  # summer time ends, a Sunday
        ("2028-02-29", "2028-02-29"),  # a leap day, a Tuesday
        ("2101-12-24", "2101-12-23"),  # a Saturday beyond the calendar of holidays
    ],
)
def test_the_start_is_the_working_day_before(counted: str, start: str) -> None:
    ends_on = date.fromisoformat(counted) + timedelta(days=210)
    day, why = starting_day(ends_on, lead(210), HOLIDAYS)
    assert day == date.fromisoformat(start)
    assert len(why) == (1 if counted == start else 2)


@pytest.mark.parametrize(
    ("ends_on", "days", "start"),
    [
        ("2028-03-30", 30, "2028-02-29"),  # over the end of February in a leap year
        ("2027-03-31", 30, "2027-03-01"),  # and in another
        ("2029-01-15", 366, "2028-01-14"),  # 2028 has 366 days, and the 15th is a Saturday
        ("2028-02-29", 366, "2027-02-26"),  # from a leap day: the 28th is a Sunday
    ],
)
def test_leap_years_count_their_days(ends_on: str, days: int, start: str) -> None:
    assert starting_day(date.fromisoformat(ends_on), lead(days), HOLIDAYS)[0].isoformat() == start


@pytest.mark.parametrize(
    ("day", "moment"),
    [
        ("2026-01-15", "2026-01-14T23:00Z"),
        ("2026-07-15", "2026-07-14T22:00Z"),
        ("2026-03-29", "2026-03-28T23:00Z"),  # the day on which summer time begins begins in winter time
        ("2026-03-30", "2026-03-29T22:00Z"),
        ("2026-10-25", "2026-10-24T22:00Z"),  # the day on which it ends begins in summer time
        ("2026-10-26", "2026-10-25T23:00Z"),
        ("2028-02-29", "2028-02-28T23:00Z"),
    ],
)
def test_a_day_begins_at_midnight_in_sweden(day: str, moment: str) -> None:
    began = start_of_day(date.fromisoformat(day))
    assert began == datetime.fromisoformat(moment)
    assert began.tzinfo is UTC


def test_a_contract_is_registered_with_its_day_and_the_chain_of_reasons() -> None:
    kept = registered(
        signed(value=kronor("1250000.50"), cpv="90919200-4", ends_on=date(2027, 1, 17)), IDS, BOOK, HOLIDAYS, AT
    )
    assert (kept.rule, kept.lead_days, kept.rule_verified) == ("lead-national", 210, False)
    assert kept.start_procuring_on == date(2026, 6, 18)
    assert kept.due_at == datetime(2026, 6, 17, 22, tzinfo=UTC)
    assert [(why.source, why.verified) for why in kept.because] == [
        ("LOU 19 a kap. 11 §", True),
        ("LOU 19 a kap. 2 §", True),
        ("SFS 2024:30 (221 000 euro)", False),
        (kept.rule_source, False),
        (None, None),
    ]
    assert [why.sv for why in kept.because] == [
        "Värdet 1 250 000,50 kr når över gränsen för dokumentationsplikt, 100 000 kr.",
        "Värdet 1 250 000,50 kr når direktupphandlingsgränsen, 700 000 kr.",
        "Värdet 1 250 000,50 kr når inte EU:s tröskelvärde för varor och tjänster, 2 389 585 kr.",
        "Det blir upphandling under tröskelvärdet (LOU 19 kap.), som ska börja 210 dagar före avtalets slut "
        "2027-01-17: 2026-06-21.",
        "2026-06-21 är söndag: arbetsdagen före är 2026-06-18.",
    ]
    assert "SEK 1,250,000.50" in kept.because[0].en
    assert kept.because[-1].en == "2026-06-21 is Sunday: the working day before is 2026-06-18."


def test_a_holiday_is_called_by_its_name_and_a_division_by_its_sort() -> None:
    it = registered(signed(value=kronor("50000"), cpv="72000000-5", ends_on=date(2026, 7, 10)), IDS, BOOK, HOLIDAYS, AT)
    assert it.because[0].sv == "CPV-koden börjar med 72: it-tjänster."
    assert it.because[-1].sv == "2026-06-19 är midsommarafton: arbetsdagen före är 2026-06-18."
    assert it.because[-1].en == "2026-06-19 is Midsummer Eve: the working day before is 2026-06-18."


def test_the_same_reference_of_the_same_publisher_is_the_same_contract() -> None:
    assert contract_id_of(signed()) == contract_id_of(signed(title="Annat"))
    assert contract_id_of(signed()).startswith("1460-k-")
    others = [signed(publisher=""), signed(reference="A-2"), signed(municipality="1438")]
    assert len({contract_id_of(one) for one in [signed(), *others]}) == 4


@pytest.mark.parametrize("number", ["556016-0680", "5560160680", " 556016 0680 ", "165560160680"])
def test_a_supplier_is_named_alike_however_its_number_is_written(number: str) -> None:
    assert supplier_of(signed(organisation_number=number), IDS) == "1460-p-0860610655"
    assert supplier_of(signed(), IDS) is None


def wrong(members: dict[str, object]) -> Callable[[], object]:
    return lambda: registered(signed(**members), IDS, BOOK, HOLIDAYS, AT)


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"organisation_number": "556016-0681"}, "/supplier/organisation_number"),
        ({"organisation_number": ""}, "/supplier/organisation_number"),
        ({"starts_on": date(2028, 1, 1)}, "/starts_on"),
        ({"ends_on": date(1969, 12, 31)}, "/ends_on"),
        ({"ends_on": date.min}, "/ends_on"),
        ({"owner_id": "x" * 194}, "/owner_id"),
    ],
)
def test_what_cannot_be_so_says_where(members: dict[str, object], pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        wrong(members)()
    assert refused.value.pointer == pointer
    assert "556016" not in refused.value.sv + refused.value.en


def test_the_longest_owner_and_the_last_of_days_are_taken() -> None:
    assert len(owner_id_of("1460", "x" * 193)) == 200
    kept = registered(signed(ends_on=date.max, starts_on=date.max), IDS, BOOK, HOLIDAYS, AT)
    assert kept.start_procuring_on.year == 9999
