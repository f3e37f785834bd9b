"""The fake and MongoDB agree, on many more stories."""

from hypothesis import HealthCheck, given, settings

from tests.platform.database_stories import Step, stories
from tests.platform.test_database_parity import Both, both, pytestmark

__all__ = ["both", "pytestmark"]


@settings(max_examples=5_000, suppress_health_check=[HealthCheck.too_slow])
@given(story=stories)
def test_the_same_comes_of_the_same_story(both: Both, story: list[Step]) -> None:
    both.agree_on(story)
