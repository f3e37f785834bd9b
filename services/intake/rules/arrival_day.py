"""The day that something counts as come in: when it reached us, or the working day before for paper (FL 22)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.intake.model.contact import Arrival

SWEDEN = ZoneInfo("Europe/Stockholm")
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """Which days are working days: `is_holiday(day)` for holidays and eves, Saturdays and Sundays beside."""

    is_holiday: Callable[[date], bool]

    def works(self, day: date) -> bool:
        """Whether it is a working day."""
        return day.weekday() < SATURDAY and not self.is_holiday(day)

    def before(self, day: date) -> date:
        """The nearest working day before."""
        day -= timedelta(days=1)
        while not self.works(day):
            day -= timedelta(days=1)
        return day

    def after(self, day: date) -> date:
        """The nearest working day after."""
        day += timedelta(days=1)
        while not self.works(day):
            day += timedelta(days=1)
        return day


def day_of(moment: datetime) -> date:
    """The Swedish day of a moment."""
    return moment.astimezone(SWEDEN).date()


def arrived_on(arrival: Arrival, days: WorkingDays) -> date:
    """FL 22: the day it reached us; what came by post, or lay in the mailbox when it was first emptied that day, the
    working day before. A letter came by post unless something else is said.
    """
    day = day_of(arrival.received_at)
    delivery = arrival.delivery or ("post" if arrival.channel == "letter" else "hand")
    return day if delivery == "hand" else days.before(day)
