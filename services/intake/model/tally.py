"""What is counted of contacts, so that reports need not read them all."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

ALL_TYPES = "*"
"""The tally of every contact, whatever it is about: one about two case types is counted once here."""

Side = Literal["desk", "bus"]
"""Where a contact's first outcome was decided. Each counts in tallies of its own, so that they do not wait for each
other."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Something to be counted of a contact (utfall): what became of it first, or that a person first dealt with it."""

    municipality: str
    registered_at: datetime
    channel: str
    case_types: tuple[str, ...]
    side: Side
    answered: int = 0
    handed_over: int = 0
    waited: int | None = None
    """Whole seconds from when it reached us until a person first dealt with it."""


@dataclass(frozen=True, slots=True)
class Tally:
    """The contacts of one week, channel and case type (räkning). `waits` has a count for each step of waiting time."""

    municipality: str
    tally_id: str
    week: str
    channel: str
    case_type: str
    answered: int = 0
    handed_over: int = 0
    waits: Mapping[str, int] = field(default_factory=dict)

    def counting(self, outcome: Outcome, step: str | None) -> "Tally":
        """The tally with one outcome more."""
        waits = self.waits if step is None else {**self.waits, step: self.waits.get(step, 0) + 1}
        answered, handed_over = self.answered + outcome.answered, self.handed_over + outcome.handed_over
        return replace(self, answered=answered, handed_over=handed_over, waits=waits)
