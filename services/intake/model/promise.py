"""How soon somebody is answered when nothing else was promised, and how long before that it is alarmed: dated data."""

from dataclasses import dataclass
from datetime import time

from services.intake.model.dated import Dated

ANY_CHANNEL = "any"
"""The row of all channels that have none of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPromise(Dated):
    """When an answer is owed (svarslöfte): so many working days later at that time of the day.

    What is registered after `latest`, or on a day that nobody works, counts as the next working day's. It is alarmed
    when `warn_percent` of the time is left, but at least `warn_minutes` before.
    """

    channel: str
    working_days: int
    latest: time
    by: time
    warn_percent: int
    warn_minutes: int
    source: str

    def __post_init__(self) -> None:
        """ValueError for a row that promises what has been."""
        Dated.__post_init__(self)
        if self.working_days < 0 or self.latest > self.by or not (0 <= self.warn_percent <= 100):
            raise ValueError("an answer is owed after it was asked for, and alarmed before")

    @property
    def key(self) -> str:
        """See `Dated`."""
        return self.channel
