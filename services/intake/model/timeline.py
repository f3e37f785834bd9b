"""A party's timeline: what has happened between a party and the municipality, whichever service told of it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One event of one party (post på tidslinjen): what happened to which subject, and where that is read.

    `codes` are case types, nothing personal. `party_id` is None for a contract that is nobody's: it tells so
    when more is said of it.
    """

    municipality: str
    entry_id: str
    party_id: str | None
    at: datetime
    kind: str
    subject_id: str
    codes: tuple[str, ...]
    read_at: str
