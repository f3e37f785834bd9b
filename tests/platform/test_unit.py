"""What a function asks for is given to it."""

from dataclasses import dataclass

import pytest

from tests.platform.counting_service import Counting, KeptWalks, Walks


@dataclass(frozen=True)
class Many:
    """Several things at once."""

    walks: Walks


async def test_a_dataclass_is_put_together_of_what_its_members_ask_for() -> None:
    unit = Counting().hearing.unit(Counting().database)
    assert isinstance(unit.given(Many).walks, KeptWalks)
    assert unit.given(Many).walks is unit.given(Walks)


async def test_what_nobody_provides_is_told_at_once() -> None:
    unit = Counting().hearing.unit(Counting().database)
    with pytest.raises(KeyError):
        unit.given(int)
