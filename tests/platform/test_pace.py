"""The pace of a listener, on a clock of the test's own."""

import pytest

from shared.platform.pace import APART, MANY, Pace


def test_what_comes_in_quiet_waits_for_nothing() -> None:
    pace = Pace()
    assert pace.rest(7.0) == 0
    pace.began(7.0, 1)
    assert pace.rest(7.0 + APART) == 0
    assert pace.rest(60.0) == 0


def test_the_next_batch_waits_until_it_is_time_and_no_longer() -> None:
    pace = Pace()
    pace.began(7.0, MANY - 1)
    assert pace.rest(7.0) == pytest.approx(APART)
    assert 0 < pace.rest(7.0 + APART / 2) < APART


def test_after_a_large_batch_the_next_begins_at_once() -> None:
    pace = Pace()
    pace.began(7.0, MANY)
    assert pace.rest(7.0) == 0


def test_each_failure_in_a_row_pauses_longer_up_to_a_minute_until_it_goes_well() -> None:
    pace = Pace()
    assert [pace.after_failure() for _ in range(9)] == [1, 2, 4, 8, 15, 30, 60, 60, 60]
    pace.went_well()
    assert pace.after_failure() == 1
