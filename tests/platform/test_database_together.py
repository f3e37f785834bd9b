"""Questions that are asked at the same time are answered as each would be alone, and by id they are one command."""

import asyncio
from collections.abc import Sequence
from inspect import CORO_CLOSED, getcoroutinestate
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo import monitoring

from bench.round import Watch
from shared.platform.database import Collection, in_turn
from shared.platform.errors import TryAgain
from shared.platform.memory import MemoryDatabase
from shared.platform.mongo import connect
from stack.mongo import Mongo
from tests.conftest import AnyDatabase, connected, forget_unclosed, fresh_name
from tests.platform.test_database_suite import transaction

LAYOUT = (Collection("cats"), Collection("dogs"), Collection("said", clustered=True))
IDS: dict[str, Sequence[Any]] = {
    "cats": ["a", "b", "c"],
    "dogs": ["a", "b", "d"],
    "said": [{"k": "t|1460-c", "s": number} for number in range(3)],
    "none": ["a"],
}
questions = st.lists(
    st.sampled_from(sorted(IDS)).flatmap(
        lambda name: st.tuples(
            st.just(name),
            st.one_of(
                st.lists(st.sampled_from(IDS[name]), max_size=4).map(lambda ids: {"_id": {"$in": ids}}),
                st.sampled_from(IDS[name]).map(lambda one: {"_id": one}),
                st.just({"colour": "grey"}),
            ),
        )
    ),
    min_size=1,
    max_size=6,
)


async def filled(database: AnyDatabase) -> None:
    await database.prepare(LAYOUT)
    async with transaction(database) as work:
        for name, ids in IDS.items():
            kept = [] if name == "none" else ids[:2]
            await work.insert(name, [{"_id": one, "colour": "grey", "name": name} for one in kept])


def ordered(answers: Sequence[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    return [sorted(answer, key=lambda one: str(one["_id"])) for answer in answers]


async def test_what_is_asked_together_is_answered_as_if_asked_alone(database: AnyDatabase) -> None:
    await filled(database)
    runner = asyncio.get_running_loop()

    @settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
    @given(asked=questions)
    def same(asked: list[tuple[str, dict[str, Any]]]) -> None:
        asyncio.run_coroutine_threadsafe(agree(asked), runner).result(30)

    async def agree(asked: list[tuple[str, dict[str, Any]]]) -> None:
        together = await database.together(*(database.find(*one) for one in asked))
        alone = [await database.find(name, query, limit=1_000) for name, query in asked]
        async with transaction(database) as work:
            within = await work.together(*(work.find(*one) for one in asked))
        assert ordered(together) == ordered(alone) == ordered(within)

    await asyncio.to_thread(same)


async def test_one_that_fails_lets_the_others_end_and_is_told(database: AnyDatabase) -> None:
    await filled(database)
    ended = []

    async def asked() -> None:
        await database.find("cats", {"_id": "a"})
        ended.append("asked")

    async def wrong() -> None:
        raise TryAgain("away")

    with pytest.raises(TryAgain):
        await database.together(wrong(), asked())
    assert ended == ["asked"]


async def test_in_turn_nothing_is_asked_after_an_error() -> None:
    database = MemoryDatabase()
    database.away = True
    asked = [database.find("cats", {}), database.find("dogs", {})]
    with pytest.raises(TryAgain):
        await in_turn(asked)
    assert [getcoroutinestate(one) for one in asked] == [CORO_CLOSED, CORO_CLOSED]


@pytest.mark.servers
async def test_questions_by_id_are_one_command_and_one_alone_is_a_plain_one(mongo_server: Mongo) -> None:
    watch = Watch()
    monitoring.register(watch)
    database = connect(mongo_server.url, fresh_name())
    try:
        await filled(database)
        by_id = [database.find(name, {"_id": {"$in": ids}}) for name, ids in IDS.items()]
        watch.commands.clear()
        [*_, none] = await database.together(*by_id)
        first = f"aggregate {next(iter(IDS))}"
        assert (watch.commands, none) == ([first], [])
        await database.find("cats", {"_id": "a"})
        await database.together(database.find("cats", {"_id": "a"}), database.find("dogs", {}, limit=1))
        assert sorted(watch.commands) == [first, "find cats", "find cats", "find dogs"]
    finally:
        await database.drop()
        await database.close()


@pytest.mark.servers
async def test_more_than_one_answer_of_the_server_can_hold(mongo_server: Mongo) -> None:
    database = connected(mongo_server)
    try:
        for name in ("cats", "dogs"):
            for number in range(10):
                await database.change(name, {"_id": number}, {"$set": {"text": "x" * 1_000_000}}, upsert=True)
        wanted = {"_id": {"$in": list(range(10))}}
        cats, dogs = await database.together(database.find("cats", wanted), database.find("dogs", wanted))
        assert sorted(one["_id"] for one in cats) == sorted(one["_id"] for one in dogs) == list(range(10))
    finally:
        await database.drop()
        await database.close()


@pytest.mark.servers
@pytest.mark.parametrize("driver", ["motor", "pymongo"])
async def test_who_goes_away_leaves_the_others_their_answers(mongo_server: Mongo, driver: Any) -> None:
    database = connected(mongo_server, driver)
    try:
        await filled(database)
        gone, stays = (asyncio.create_task(database.find(name, {"_id": "a"})) for name in ("cats", "dogs"))
        await asyncio.sleep(0)
        gone.cancel()
        assert [one["name"] for one in await stays] == ["dogs"]
        assert gone.cancelled() or (await asyncio.wait([gone]) and gone.cancelled())
    finally:
        await database.drop()
        await database.close()
        forget_unclosed()


@pytest.mark.servers
async def test_when_mongodb_is_away_each_is_told(mongo: Mongo) -> None:
    database = connect(mongo.url, fresh_name(), timeout_ms=300)
    await database.prepare(LAYOUT)
    mongo.stop()
    asked = [database.find(name, {"_id": "a"}) for name in ("cats", "dogs")]
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in told] == [TryAgain, TryAgain]
    await database.close()
