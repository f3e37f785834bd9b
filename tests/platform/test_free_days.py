"""The days that nobody works, beside the calendar that a library keeps: its own understanding of the law, not ours."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from holidays.countries.sweden import Sweden
from pydantic import TypeAdapter, ValidationError

from shared.platform.free_days import FreeDay, free_days, swedish_free_days

FREE = ("public", "de_facto")
NAMED = swedish_free_days()
PROV = FreeDay(name_sv="Prov", name_en="Trial", start="06-06", source="prov")
ALWAYS_A_SUNDAY = "Marie bebådelsedag"


def each(names: str) -> set[str]:
    """Two may fall on one day: May Day and Ascension Day did in 2008."""
    return set(names.split("; "))


def test_each_day_from_1953_to_2100_is_what_the_library_says() -> None:
    sv = Sweden(include_sundays=False, categories=FREE, language="sv", years=range(1953, 2101))
    en = Sweden(include_sundays=False, categories=FREE, language="en_US", years=range(1953, 2101))
    expected = {day: (each(name), each(en[day])) for day, name in sv.items() if name != ALWAYS_A_SUNDAY}
    days = (date(1953, 1, 1) + timedelta(days=n) for n in range((date(2101, 1, 1) - date(1953, 1, 1)).days))
    assert {day: (each(names[0]), each(names[1])) for day in days if (names := NAMED(day))} == expected
    assert len(expected) > 15 * 148
    assert {day.weekday() for day, name in sv.items() if name == ALWAYS_A_SUNDAY} == {6}


@pytest.mark.parametrize("day", [date.min, date(1952, 12, 25), date.max - timedelta(days=1)])
def test_days_beyond_the_calendar_are_asked_without_harm(day: date) -> None:
    assert NAMED(day) is None


def test_a_row_counts_from_its_day_to_its_day() -> None:
    row = replace(PROV, valid_from=date(2005, 6, 6), valid_to=date(2006, 6, 5))
    named = free_days((row,))
    assert [named(date(year, 6, 6)) for year in (2004, 2005, 2006)] == [None, ("Prov", "Trial"), None]


def test_a_row_that_names_no_day_says_where() -> None:
    with pytest.raises(ValidationError, match=r"0\.start"):
        TypeAdapter(tuple[FreeDay, ...]).validate_python(
            [{"name_sv": "Prov", "name_en": "Trial", "start": "6 juni", "source": "prov"}]
        )
