"""Disposal: the decision that something may be erased, and the hold that forbids it for now."""

from dataclasses import dataclass, replace
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class DisposalDecision:
    """A decision that something may be erased (gallringsbeslut): who decided, when, under which number, on what ground.

    `paragraph` is the rule that it rests on, such as "AL 10 §" or a row of the municipality's own disposal plan.
    """

    decided_by: str
    decided_on: date
    reference: str
    paragraph: str


@dataclass(frozen=True, slots=True)
class Disposal:
    """That what was written in a contact was erased (gallring): when, by whom, and by which decision."""

    at: datetime
    by: str
    decision: DisposalDecision


@dataclass(frozen=True, slots=True)
class LegalHold:
    """That nothing may be erased for now (gallringsstopp): since when, by whom and why, and how it ended."""

    since: datetime
    by: str
    reason: str
    lifted_at: datetime | None = None
    lifted_by: str | None = None
    lifted_because: str | None = None

    @property
    def is_on(self) -> bool:
        """Whether nobody has lifted it."""
        return self.lifted_at is None

    def lifted(self, at: datetime, by: str, because: str) -> "LegalHold":
        """The hold as it ended; one that has ended stays as it was."""
        return replace(self, lifted_at=at, lifted_by=by, lifted_because=because) if self.is_on else self


Holds = tuple[LegalHold, ...] | None
"""All holds there were; None when there was none, or they were erased with the rest."""


def is_held(holds: Holds) -> bool:
    """Whether one of them is on."""
    return any(hold.is_on for hold in holds or ())
