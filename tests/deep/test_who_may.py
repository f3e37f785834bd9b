"""Nothing of a town is told at another town's address, whatever is asked by whom: many more askings."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.intake.asking import WORDS, Asked
from tests.intake.test_who_may import askings, both, nothing_leaks, of_towns, role_sets
from tests.intake.two_towns import filled

__all__ = ["both"]


@settings(max_examples=5_000)
@given(asked=askings, cursor_of=st.sampled_from(["", *WORDS]), roles=role_sets, of=of_towns)
async def test_nothing_of_a_town_is_told_at_another_towns_address(
    asked: Asked, cursor_of: str, roles: frozenset[str], of: frozenset[str]
) -> None:
    asked.cursor = filled().towns[cursor_of].cursors.get(asked.door[1]) if cursor_of else None
    await nothing_leaks(asked, roles, of)
