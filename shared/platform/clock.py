"""What time it is: asked of a clock that is passed in, always aware and in UTC."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time: `now()` is an aware moment in UTC and never goes backward."""

    def now(self) -> datetime:
        """The present moment."""
        ...


class SystemClock:
    """The time of this machine."""

    def now(self) -> datetime:
        """The present moment."""
        return datetime.now(UTC)


class FixedClock:
    """A clock for tests: it stands still until it is told to go on."""

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("a clock needs an aware moment")
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        """The moment it was given, and what it was advanced since."""
        return self._at

    def advance(self, by: timedelta) -> None:
        """Let time pass; never backward."""
        if by < timedelta(0):
            raise ValueError("time does not go backward")
        self._at += by


class SimulatedClock:
    """A clock for development whose days pass on demand: another clock's time and an offset that all processes share.

    `ahead` fetches the offset from where it is kept; `refresh()` is called now and then by a task of the process. An
    offset that shrinks is ignored, and a wall clock that is set back makes this one stand still.
    """

    def __init__(self, wall: Clock, ahead: Callable[[], Awaitable[timedelta]]) -> None:
        self._wall, self._ahead = wall, ahead
        self._offset = timedelta(0)
        self._latest = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        """The present moment of the simulation."""
        self._latest = max(self._latest, self._wall.now() + self._offset)
        return self._latest

    async def refresh(self) -> None:
        """Fetch the offset anew."""
        self._offset = max(self._offset, await self._ahead())
