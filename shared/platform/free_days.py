"""The days beside Saturdays and Sundays that nobody works in Sweden: dated rows (`free_days.json`), each with its law.

Holidays are those of the law on public holidays (SFS 1989:253); the three eves count as Sundays when a legal time ends
(SFS 1930:173 2 §). Rows count from 1953, when midsummer became a Saturday. Marie bebådelsedag, a holiday until 1990,
was a Sunday anyway and has no row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from dateutil.easter import easter
from pydantic import StringConstraints, TypeAdapter

DATA = Path(__file__).with_name("free_days.json")
REMEMBERED_YEARS = 100

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Names = tuple[str, str]
FreeDays = Callable[[date], Names | None]
"""What a day is called in (Swedish, English) when nobody works on it; None for all other days, and before 1953."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeDay:
    """A day of each year: from Easter Sunday or a month and day (MM-DD) some days on, then the first such weekday."""

    name_sv: str
    name_en: str
    start: Annotated[str, StringConstraints(pattern=r"^(easter|\d\d-\d\d)$")]
    days: int = 0
    weekday: Weekday | None = None
    valid_from: date = date(1953, 1, 1)
    valid_to: date = date.max
    source: str

    def of(self, year: int) -> date:
        """The day that it is in a year."""
        start = easter(year) if self.start == "easter" else date.fromisoformat(f"{year:04}-{self.start}")
        day = start + timedelta(days=self.days)
        return day if self.weekday is None else day + timedelta(days=(WEEKDAYS.index(self.weekday) - day.weekday()) % 7)

    def counts_on(self, day: date) -> bool:
        """Whether the law had it then."""
        return self.valid_from <= day <= self.valid_to


def free_days(rows: tuple[FreeDay, ...]) -> FreeDays:
    """Which days are free by these rows."""

    @lru_cache(REMEMBERED_YEARS)
    def of_year(year: int) -> Mapping[date, Names]:
        found: dict[date, list[FreeDay]] = {}
        for row in rows:
            if row.counts_on(day := row.of(year)):
                found.setdefault(day, []).append(row)
        return {day: _named(on_it) for day, on_it in found.items()}

    return lambda day: of_year(day.year).get(day)


def swedish_free_days() -> FreeDays:
    """Which days are free by the rows beside this file."""
    return free_days(TypeAdapter(tuple[FreeDay, ...]).validate_json(DATA.read_bytes()))


def _named(rows: list[FreeDay]) -> Names:
    return "; ".join(row.name_sv for row in rows), "; ".join(row.name_en for row in rows)
