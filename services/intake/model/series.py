"""A series of numbers: each contact of a municipality and year gets the next one, in the same write."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Series:
    """The numbers of one municipality and year (nummerserie): `last` is the last one given, 0 before the first.

    So many contacts that have one are `exempt` from the register.
    """

    municipality: str
    series_id: str
    year: int
    last: int = 0
    exempt: int = 0

    def one_more(self, exempt: bool = False) -> "Series":
        """The series when another number has been given."""
        return replace(self, last=self.last + 1, exempt=self.exempt + exempt)

    @property
    def number(self) -> str:
        """The last number as the register has it: `K 2026/000123`."""
        return number_of(self.year, self.last)


def number_of(year: int, number: int) -> str:
    """A number as the register has it."""
    return f"K {year}/{number:06d}"
