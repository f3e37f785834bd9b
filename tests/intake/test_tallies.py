"""What reports are made of: steps of waiting time that a median can be read from, and weeks."""

from datetime import UTC, date, datetime

import hypothesis.strategies as st
from hypothesis import given

from services.intake.model.tally import Outcome, Tally
from services.intake.rules.tallies import Figures, report, step_of, tallies_of, week_of

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)


def waited(seconds: int) -> Tally:
    outcome = Outcome("1460", AT, "phone", ("bygglov",), "desk", waited=seconds)
    return tallies_of(outcome)[-1].counting(outcome, step_of(outcome))


@given(st.lists(st.integers(0, 40_000_000), min_size=1, max_size=60), st.sampled_from([0.5, 0.9, 1.0]))
def test_a_share_of_the_waits_is_known_to_within_five_percent(seconds: list[int], part: float) -> None:
    [whole, *_] = report(waited(one) for one in seconds)
    place = next(n for n in range(1, len(seconds) + 1) if n >= part * len(seconds))
    exact, told = sorted(seconds)[place - 1], whole.waited(part)
    assert told is not None
    assert abs(told - exact) <= 1 + 0.05 * exact


def test_of_nothing_there_is_no_share_and_no_median() -> None:
    nothing = Figures(None, None, None)
    assert (nothing.share, nothing.waited(0.5)) == (None, None)


def test_weeks_are_those_of_the_wall_in_sweden() -> None:
    assert week_of(date(2027, 1, 3)) == "2026-W53"
    assert week_of(datetime(2026, 11, 22, 22, 59, tzinfo=UTC)) == "2026-W47"
    assert week_of(datetime(2026, 11, 22, 23, 0, tzinfo=UTC)) == "2026-W48"
