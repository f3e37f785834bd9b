"""Rows of fact that hold between two days: what each has, and how sure it is."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date
from typing import Literal

Sureness = Literal["A", "B", "C", "U"]
"""How sure a fact is: A read in the law, B on an authority's page, C at second hand, U not verified."""

SUREST_FIRST = "ABCU"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated(ABC):
    """A row that is in force from one day to another, both counted; `owner` is the municipality that has made it its
    own way, "" for all.
    """

    valid_from: date
    valid_to: date | None = None
    sureness: Sureness
    owner: str = ""

    def __post_init__(self) -> None:
        """ValueError for a row that is never in force."""
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to is before valid_from")

    @property
    @abstractmethod
    def key(self) -> str:
        """What the row is about: at most one row of an owner is in force about it on a day."""

    def is_in_force(self, day: date) -> bool:
        """Whether the row holds that day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def weakest(marks: tuple[Sureness, ...]) -> Sureness:
    """The sureness of a whole: that of its weakest part."""
    return max(marks, key=SUREST_FIRST.index)
