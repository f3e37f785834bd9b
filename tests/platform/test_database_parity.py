"""The fake and MongoDB are told the same random stories, and the same comes of them."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import zip_longest

import pytest
from hypothesis import HealthCheck, given, settings

from shared.platform.memory import MemoryDatabase
from stack.mongo import Mongo
from tests.conftest import connected, forget_unclosed
from tests.platform.database_stories import LAYOUT, Step, stories, tell

pytestmark = pytest.mark.servers


class Both:
    """The fake and the real one, on a loop of their own, so that one connection serves all stories."""

    def __init__(self, server: Mongo) -> None:
        self.runner = asyncio.Runner()
        self.fake, self.real = MemoryDatabase(), self.runner.run(self._connect(server))
        self.runner.run(self.fake.prepare(LAYOUT))
        self.runner.run(self.real.prepare(LAYOUT))

    async def _connect(self, server: Mongo):  # type: ignore[no-untyped-def]
        return connected(server, "pymongo")

    def agree_on(self, story: Sequence[Step]) -> None:
        """The same came of each step."""
        fake, real = self.runner.run(tell(self.fake, story)), self.runner.run(tell(self.real, story))
        for step, one, other in zip_longest(story, fake, real):
            assert one == other, f"{step} in {story}"

    def close(self) -> None:
        """Leave nothing behind."""
        self.runner.run(self.real.drop())
        self.runner.run(self.real.close())
        self.runner.close()
        forget_unclosed()


@pytest.fixture(scope="module")
def both(mongo_server: Mongo) -> Iterator[Both]:
    made = Both(mongo_server)
    yield made
    made.close()


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(story=stories)
def test_the_same_comes_of_the_same_story(both: Both, story: list[Step]) -> None:
    both.agree_on(story)
