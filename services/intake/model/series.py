"""A series of numbers: each contact of a municipality and year gets the next one, in the same write."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Series:
    """The numbers of one municipality and year (nummerserie): `last` is the last one given, 0 before the first."""

    municipality: str
    series_id: str
    year: int
    last: int = 0

    def one_more(self) -> "Series":
        """The series when another number has been given."""
        return replace(self, last=self.last + 1)

    @property
    def number(self) -> str:
        """The last number as the register has it: `K 2026/000123`."""
        return f"K {self.year}/{self.last:06d}"
