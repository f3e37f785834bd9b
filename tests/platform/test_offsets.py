"""What Kafka is told of how far a listener has come, on a loop whose time is its own."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError

from shared.platform.offsets import APART, COMMIT_WITHIN, Offsets
from shared.platform.positions import Place, Position
from tests.simulation.loop import Loop

PLACE = ("walking.steps.v1", 0)


class Consumer:
    """Notes what is committed, and when."""

    def __init__(self) -> None:
        self.committed: list[tuple[float, int]] = []
        self.error: Exception | None = None
        self.takes = 0.0

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        await asyncio.sleep(self.takes)
        if self.error is not None:
            raise self.error
        [offset] = offsets.values()
        self.committed.append((asyncio.get_running_loop().time(), offset))


class Heard:
    """A listener's offsets: `to` says that it has come so far."""

    def __init__(self) -> None:
        self.held: dict[Place, Position] = {}
        self.consumer = Consumer()
        self.offsets = Offsets("walking-1-0", self.held)

    def to(self, offset: int) -> None:
        self.held[PLACE] = Position("walking", 1, offset)
        self.offsets.commit_soon(self.consumer)


def on_its_own_time(course: Callable[[Heard], Coroutine[Any, Any, None]]) -> list[tuple[float, int]]:
    async def taken() -> None:
        await course(heard[0])

    heard: list[Heard] = []
    loop = Loop()
    heard.append(Heard())
    loop.to_the_end(taken())
    assert loop.failures == []
    return heard[0].consumer.committed


def test_the_first_is_committed_at_once_and_the_newest_a_second_later() -> None:
    async def course(heard: Heard) -> None:
        for offset in range(1, 8):
            heard.to(offset)
            await asyncio.sleep(0.1)
        await asyncio.sleep(5)

    assert on_its_own_time(course) == [(0.0, 1), (APART, 7)]


def test_what_comes_in_quiet_is_committed_at_once() -> None:
    async def course(heard: Heard) -> None:
        for offset in (1, 2, 3):
            heard.to(offset)
            await asyncio.sleep(7)

    assert on_its_own_time(course) == [(0.0, 1), (7.0, 2), (14.0, 3)]


def test_who_leaves_commits_once_more_and_waits_for_no_second() -> None:
    async def course(heard: Heard) -> None:
        heard.to(1)
        await asyncio.sleep(0.25)
        heard.to(2)
        await heard.offsets.leave(heard.consumer)

    assert on_its_own_time(course) == [(0.0, 1), (0.25, 2), (0.25, 2)]


def test_who_holds_nothing_commits_nothing() -> None:
    async def course(heard: Heard) -> None:
        await heard.offsets.leave(heard.consumer)

    assert on_its_own_time(course) == []


def test_a_commit_that_fails_or_hangs_costs_nothing_else() -> None:
    async def course(heard: Heard) -> None:
        heard.consumer.error = CommitFailedError()
        heard.to(1)
        await asyncio.sleep(2)
        heard.consumer.error, heard.consumer.takes = None, 60.0
        heard.to(2)
        await asyncio.sleep(COMMIT_WITHIN + APART)
        heard.consumer.takes = 0.0
        heard.to(3)
        await asyncio.sleep(2)

    assert [offset for _, offset in on_its_own_time(course)] == [3]
