"""Clocks: aware, in UTC, and never backward."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.platform.clock import Clock, FixedClock, SimulatedClock, SystemClock

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Wall:
    """A wall clock that somebody may set back."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at


class Days:
    """Where the shared offset is kept."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    async def __call__(self) -> timedelta:
        return self.ahead


def test_the_system_clock_is_aware_and_in_utc() -> None:
    before = datetime.now(UTC)
    clock: Clock = SystemClock()
    assert before <= clock.now() <= datetime.now(UTC)
    assert clock.now().tzinfo is UTC


def test_a_fixed_clock_stands_still_until_told() -> None:
    clock = FixedClock(NOON.astimezone(timezone(timedelta(hours=2))))
    assert clock.now() == clock.now() == NOON
    assert clock.now().tzinfo is UTC
    clock.advance(timedelta(days=1))
    assert clock.now() == NOON + timedelta(days=1)


def test_a_fixed_clock_refuses_naive_moments_and_the_past() -> None:
    with pytest.raises(ValueError, match="aware"):
        FixedClock(datetime(2026, 3, 2))  # noqa: DTZ001
    with pytest.raises(ValueError, match="backward"):
        FixedClock(NOON).advance(timedelta(seconds=-1))


async def test_days_pass_when_the_offset_grows() -> None:
    wall, days = Wall(), Days()
    clock = SimulatedClock(wall, days)
    assert clock.now() == NOON
    days.ahead = timedelta(days=30)
    assert clock.now() == NOON
    await clock.refresh()
    assert clock.now() == NOON + timedelta(days=30)


async def test_simulated_time_never_goes_backward() -> None:
    wall, days = Wall(), Days()
    clock = SimulatedClock(wall, days)
    days.ahead = timedelta(days=30)
    await clock.refresh()
    there = clock.now()
    days.ahead = timedelta(days=1)
    await clock.refresh()
    assert clock.now() == there
    wall.at = NOON - timedelta(hours=1)
    assert clock.now() == there
    wall.at = NOON + timedelta(hours=1)
    assert clock.now() == there + timedelta(hours=1)
