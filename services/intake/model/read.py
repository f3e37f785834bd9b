"""A read: that somebody has read personal data, and why; never what they read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Why = Literal["reception", "search", "registry", "export", "disclosure", "grant"]


@dataclass(frozen=True, slots=True)
class Read:
    """That somebody has read what is kept of parties or contacts (läsning): who, when, at which door and why.

    `subjects` are the ids of the contacts and parties; `matter_id` is the matter of the grant, where there was one.
    """

    municipality: str
    read_id: str
    at: datetime
    by: str
    roles: tuple[str, ...]
    door: str
    why: Why
    matter_id: str | None
    subjects: tuple[str, ...]
