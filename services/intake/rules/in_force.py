"""Which dated row is in force: a municipality's own before the one for all."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Generic, TypeVar

from services.intake.model.card import Card
from services.intake.model.case_type import CaseType
from services.intake.model.dated import Dated

Row = TypeVar("Row", bound=Dated)


class Rows(Generic[Row]):
    """Dated rows of one kind, asked by what they are about and the day."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows: dict[tuple[str, str], list[Row]] = {}
        for row in rows:
            self._rows.setdefault((row.owner, row.key), []).append(row)
        self._keys = tuple(dict.fromkeys(key for _, key in self._rows))

    def in_force(self, municipality: str, key: str, day: date) -> Row | None:
        """The row in force that day: the municipality's own, else the one for all; None when there is none."""
        rows = (*self._rows.get((municipality, key), ()), *self._rows.get(("", key), ()))
        return next((row for row in rows if row.is_in_force(day)), None)

    def all_in_force(self, municipality: str, day: date) -> Mapping[str, Row]:
        """Each row in force that day by what it is about, in the order of the file."""
        found = ((key, self.in_force(municipality, key, day)) for key in self._keys)
        return {key: row for key, row in found if row is not None}


class CaseTypes(Rows[CaseType]):
    """The case types (ärendetyper), by code."""


class Cards(Rows[Card]):
    """The guidance cards (vägledningskort), by the code of their case type."""


def overlapping(rows: Iterable[Dated]) -> tuple[int, int] | None:
    """The places of two rows of one owner about the same, in force on the same day; None when there are none."""
    latest: dict[tuple[str, str], int] = {}
    listed = list(rows)
    for place in sorted(range(len(listed)), key=lambda place: listed[place].valid_from):
        row = listed[place]
        before = latest.get((row.owner, row.key))
        if before is not None and listed[before].is_in_force(row.valid_from):
            return before, place
        latest[(row.owner, row.key)] = place
    return None
