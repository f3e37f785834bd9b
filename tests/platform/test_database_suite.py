"""One suite for the database port: the fake and MongoDB by both drivers keep the same promises."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.platform.database import Collection, Database, Index, Transaction, statement
from shared.platform.errors import LostRace, Taken, Unwritable
from tests.conftest import AnyDatabase

AT = datetime(2026, 11, 24, 9, 30, 0, 123_000, UTC)
THINGS = Collection("things")
NAMED = Collection("named", (Index((("name", 1),), unique=True),))
LIVE = Collection("live", (Index((("name", 1),), unique=True, where={"open": True}),))
ORDERED = Collection("ordered", clustered=True)
FADING = Collection("fading", (Index((("at", 1),), expires_after_seconds=3_600),))
ALL = (THINGS, NAMED, LIVE, ORDERED, FADING)


@pytest.fixture
async def kept(database: AnyDatabase) -> AnyDatabase:
    await database.check()
    await database.prepare(ALL)
    return database


@asynccontextmanager
async def transaction(database: Database) -> AsyncIterator[Transaction]:
    session = await database.session()
    try:
        async with session.transaction() as work:
            yield work
    finally:
        await session.close()


async def insert(database: Database, collection: str, *documents: dict[str, Any]) -> None:
    async with transaction(database) as work:
        await work.insert(collection, documents)


async def update(database: Database, *statements: dict[str, Any], collection: str = "things") -> int:
    async with transaction(database) as work:
        return await work.update(collection, statements)


async def ids(database: Database, query: dict[str, Any], **how: Any) -> list[Any]:
    return [found["_id"] for found in await database.find("things", query, **how)]


async def test_what_was_inserted_is_found_as_it_was(kept: AnyDatabase) -> None:
    document = {
        "_id": "a",
        "text": "åäö \x00 €",
        "number": 2**40,
        "half": 0.5,
        "at": AT,
        "bytes": b"\x00\xff",
        "none": None,
        "many": [1, {"x": True}],
        "dotted.name": {"intake.contacts.v1": 3},
    }
    await insert(kept, "things", document)
    assert await kept.find("things", {"_id": "a"}) == [document]


async def test_a_found_document_may_be_changed_without_changing_what_is_kept(kept: AnyDatabase) -> None:
    await insert(kept, "things", {"_id": 1, "deep": {"n": 1}})
    [found] = await kept.find("things", {"_id": 1})
    found["deep"]["n"] = 2
    assert (await kept.find("things", {"_id": 1}))[0]["deep"] == {"n": 1}


async def test_a_moment_is_kept_in_milliseconds_and_found_by_what_was_asked(kept: AnyDatabase) -> None:
    finer = AT + timedelta(microseconds=7)
    await insert(kept, "things", {"_id": 1, "at": finer})
    assert (await kept.find("things", {"at": finer}))[0]["at"] == AT
    assert await ids(kept, {"at": {"$lte": AT}}) == [1]
    assert await ids(kept, {"at": {"$lt": AT}}) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [1, 2, 3, 4]),
        ({"n": 1}, [1]),
        ({"n": {"$in": [1, "x"]}}, [1, 4]),
        ({"n": {"$nin": [1, "x"]}}, [2, 3]),
        ({"n": {"$ne": 1}}, [2, 3, 4]),
        ({"n": None}, [3]),
        ({"n": {"$exists": False}}, [3]),
        ({"n": {"$exists": True}}, [1, 2, 4]),
        ({"n": {"$gt": 1}}, [2]),
        ({"n": {"$gte": 1, "$lt": 2}}, [1]),
        ({"n": {"$lte": "y"}}, [4]),
        ({"deep.m": 5}, [2]),
        ({"deep": {"m": 5, "k": 6}}, [2]),
        ({"deep": {"k": 6, "m": 5}}, []),
        ({"many": "b"}, [1]),
        ({"flag": 1}, []),
        ({"$or": [{"n": 1}, {"deep.k": 6}]}, [1, 2]),
        ({"_id": {"$in": []}}, []),
    ],
)
async def test_queries_find_the_same_everywhere(kept: AnyDatabase, query: dict[str, Any], found: list[int]) -> None:
    await insert(
        kept,
        "things",
        {"_id": 1, "n": 1, "many": ["a", "b"]},
        {"_id": 2, "n": 2.5, "deep": {"m": 5, "k": 6}},
        {"_id": 3, "flag": True},
        {"_id": 4, "n": "x"},
    )
    assert await ids(kept, query, sort=(("_id", 1),)) == found


async def test_sorting_by_several_members_and_kinds_and_a_limit(kept: AnyDatabase) -> None:
    values: list[Any] = [2, None, "b", 10, True, AT, {"a": 1}, "a"]
    rows = [{"_id": i, "v": value, "even": i % 2} for i, value in enumerate(values)]
    await insert(kept, "things", *rows, {"_id": 8, "even": 0})
    order = [1, 8, 0, 3, 7, 2, 6, 4, 5]
    assert await ids(kept, {}, sort=(("v", 1), ("_id", 1))) == order
    assert await ids(kept, {}, sort=(("v", -1), ("_id", -1))) == order[::-1]
    assert await ids(kept, {}, sort=(("even", 1), ("_id", -1)), limit=3) == [8, 6, 4]


async def test_more_than_one_reply_holds_is_found_whole(kept: AnyDatabase) -> None:
    for part in range(4):
        await insert(kept, "things", {"_id": part, "x": "a" * 6_000_000})
    assert [len(one["x"]) for one in await kept.find("things", {})] == [6_000_000] * 4


async def test_an_update_counts_what_it_matched_or_inserted(kept: AnyDatabase) -> None:
    await insert(kept, "things", {"_id": 1, "v": 1}, {"_id": 2, "v": 1})
    matched = await update(
        kept,
        statement({"_id": 1, "v": 1}, {"v": 2}, upsert=True),
        statement({"_id": 2, "v": 7}, {"v": 8}),
        statement({"_id": 3, "v": 0}, {"v": 1, "new": True}, upsert=True),
        statement({"v": {"$lt": 3}}, {"$inc": {"seen": 1}}, multi=True),
        statement({"_id": 4}, {"$set": {"a": 1}, "$setOnInsert": {"b": 2}}, upsert=True),
        statement({"_id": 4}, {"$set": {"a": 3}, "$setOnInsert": {"b": 4}}, upsert=True),
        statement({"_id": 4}, {"$unset": {"a": ""}}),
    )
    assert matched == 1 + 0 + 1 + 3 + 1 + 1 + 1
    assert await kept.find("things", {}, sort=(("_id", 1),)) == [
        {"_id": 1, "v": 2, "seen": 1},
        {"_id": 2, "v": 1, "seen": 1},
        {"_id": 3, "v": 1, "new": True, "seen": 1},
        {"_id": 4, "b": 2},
    ]


async def test_nothing_to_write_is_no_command(kept: AnyDatabase) -> None:
    async with transaction(kept) as work:
        assert await work.update("things", []) == 0
        await work.insert("things", [])
    assert await kept.count("things", {}) == 0


async def test_an_id_that_is_there_loses_the_race_and_nothing_is_kept(kept: AnyDatabase) -> None:
    await insert(kept, "things", {"_id": 1, "v": 3})
    with pytest.raises(Taken):
        await insert(kept, "things", {"_id": 2}, {"_id": 1})
    with pytest.raises(Taken):
        await update(kept, statement({"_id": 1, "v": 2}, {"v": 3}, upsert=True))
    assert await kept.find("things", {}) == [{"_id": 1, "v": 3}]


async def test_a_transaction_sees_its_own_writes_and_nobody_else_does(kept: AnyDatabase) -> None:
    async with transaction(kept) as work:
        await work.insert("things", [{"_id": 1}])
        assert await work.find("things", {}) == [{"_id": 1}]
        assert await kept.find("things", {}) == []
        assert await work.delete("things", {"_id": 1}) == 1
        assert await work.find("things", {}) == []
        await work.insert("things", [{"_id": 2}])
    assert await ids(kept, {}) == [2]


async def test_a_transaction_reads_one_moment_from_its_first_call_on(kept: AnyDatabase) -> None:
    async with transaction(kept) as work:
        await insert(kept, "things", {"_id": 1})
        assert await work.find("things", {}) == [{"_id": 1}]
        await insert(kept, "things", {"_id": 2})
        assert await work.find("things", {}) == [{"_id": 1}]


async def test_an_undone_transaction_leaves_nothing(kept: AnyDatabase) -> None:
    await insert(kept, "things", {"_id": 1, "v": 1})

    async def failing() -> None:
        async with transaction(kept) as work:
            await work.insert("things", [{"_id": 2}])
            await work.update("things", [statement({"_id": 1}, {"v": 2})])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await failing()
    assert await kept.find("things", {}) == [{"_id": 1, "v": 1}]
    await insert(kept, "things", {"_id": 2})


async def test_after_a_lost_race_nothing_of_the_transaction_is_kept_even_if_it_was_swallowed(kept: AnyDatabase) -> None:
    await insert(kept, "things", {"_id": 1})

    async def swallowing() -> None:
        async with transaction(kept) as work:
            await work.insert("things", [{"_id": 2}])
            with pytest.raises(Taken):
                await work.insert("things", [{"_id": 1}])

    with pytest.raises(LostRace):
        await swallowing()
    assert await ids(kept, {}) == [1]


@pytest.mark.parametrize("change", [{"v": 2}, {"$inc": {"_l": 1}}])
async def test_the_second_writer_of_a_document_loses_while_the_first_is_open(
    kept: AnyDatabase, change: dict[str, Any]
) -> None:
    await insert(kept, "things", {"_id": 1, "v": 1})
    async with transaction(kept) as first:
        await first.update("things", [statement({"_id": 1}, change)])
        with pytest.raises(LostRace) as lost:
            await update(kept, statement({"_id": 1}, {"v": 3}))
        assert not isinstance(lost.value, Taken)
    assert await update(kept, statement({"_id": 1}, {"v": 4})) == 1


async def test_the_second_inserter_of_an_id_loses_while_the_first_is_open(kept: AnyDatabase) -> None:
    async with transaction(kept) as first:
        await first.insert("things", [{"_id": 1}])
        with pytest.raises(LostRace):
            await insert(kept, "things", {"_id": 1})


async def test_what_was_changed_since_the_snapshot_cannot_be_written(kept: AnyDatabase) -> None:
    await insert(kept, "things", {"_id": 1, "v": 1})

    async def late() -> None:
        async with transaction(kept) as work:
            assert len(await work.find("things", {})) == 1
            await update(kept, statement({"_id": 1}, {"v": 2}))
            await work.update("things", [statement({"_id": 1, "v": 1}, {"v": 3})])

    with pytest.raises(LostRace):
        await late()
    assert (await kept.find("things", {}))[0]["v"] == 2


async def test_one_session_serves_one_transaction_after_the_other_also_after_failures(kept: AnyDatabase) -> None:
    session = await kept.session()
    for number in range(4):
        try:
            async with session.transaction() as work:
                await work.insert("things", [{"_id": number // 2}])
        except LostRace:
            assert number % 2
    await session.close()
    assert await ids(kept, {}, sort=(("_id", 1),)) == [0, 1]


def deep() -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for _ in range(5_000):
        nested = {"n": nested}
    return nested


UNWRITABLE: dict[str, Any] = {
    "a number beyond 64 bits": 2**70,
    "half of a surrogate pair": "\ud800",
    "a set": {1, 2},
    "a class of ours": object(),
    "a UUID without a representation": UUID(int=1),
    "more than 16 MB": "a" * (16 * 1024 * 1024 + 1_000),
    "far more than 16 MB": "a" * (20 * 1024 * 1024),
    "a name that is no text": {1: 2},
    "a name with a zero in it": {"a\x00b": 1},
    "deeper than anybody reads": deep(),
}


@pytest.mark.parametrize("kind", UNWRITABLE)
async def test_what_mongodb_never_takes_is_unwritable_and_nothing_is_kept(kept: AnyDatabase, kind: str) -> None:
    bad = UNWRITABLE[kind]
    with pytest.raises(Unwritable):
        await insert(kept, "things", {"_id": 1}, {"_id": 2, "x": bad})
    with pytest.raises(Unwritable):
        await update(kept, statement({"_id": 3}, {"x": bad}, upsert=True))
    assert await kept.count("things", {}) == 0


async def test_what_is_just_small_enough_is_taken(kept: AnyDatabase) -> None:
    await insert(kept, "things", {"_id": 1, "x": "a" * (16 * 1024 * 1024 - 40)})
    assert await kept.count("things", {}) == 1


async def test_a_command_over_16_mb_is_unwritable_although_each_document_is_small(kept: AnyDatabase) -> None:
    with pytest.raises(Unwritable):
        await insert(kept, "things", *({"_id": part, "x": "a" * 6_000_000} for part in range(3)))
    with pytest.raises(Unwritable):
        await insert(kept, "things", *({"_id": part, "x": "a" * 6_000_000} for part in range(10)))
    assert await kept.count("things", {}) == 0


@pytest.mark.parametrize(
    "change",
    [{"$inc": {"number": 2**62}}, {"$inc": {"text": 1}}, {"$inc": {"none": 1}}, {"_id": 2, "x": 1}],
    ids=["overflow", "add to a text", "add to nothing", "another id"],
)
async def test_a_change_that_makes_no_sense_is_unwritable(kept: AnyDatabase, change: dict[str, Any]) -> None:
    await insert(kept, "things", {"_id": 1, "number": 2**62, "text": "a", "none": None})
    with pytest.raises(Unwritable):
        await update(kept, statement({"_id": 1}, change))


async def test_change_returns_what_it_became_or_none(kept: AnyDatabase) -> None:
    assert await kept.change("things", {"_id": 1}, {"$set": {"a": 1}}) is None
    assert await kept.change("things", {"_id": 1}, {"$inc": {"n": 1}}, upsert=True) == {"_id": 1, "n": 1}
    assert await kept.change("things", {"_id": 1}, {"$inc": {"n": 1}}, upsert=True) == {"_id": 1, "n": 2}


async def test_an_upsert_whose_query_no_longer_matches_loses_and_returns_none(kept: AnyDatabase) -> None:
    mine = {"_id": "lease", "$or": [{"holder": "a"}, {"until": {"$lte": AT}}]}
    taken = await kept.change("things", mine, {"$set": {"holder": "a", "until": AT + timedelta(1)}}, upsert=True)
    assert taken == {"_id": "lease", "holder": "a", "until": AT + timedelta(1)}
    other = {"_id": "lease", "$or": [{"holder": "b"}, {"until": {"$lte": AT}}]}
    assert await kept.change("things", other, {"$set": {"holder": "b"}}, upsert=True) is None


async def test_of_many_upserts_at_once_each_counts_or_says_that_it_lost(kept: AnyDatabase) -> None:
    async def one() -> bool:
        return await kept.change("things", {"_id": 1}, {"$inc": {"n": 1}}, upsert=True) is not None

    won = sum(await asyncio.gather(*(one() for _ in range(20))))
    assert won >= 1
    assert await kept.find("things", {}) == [{"_id": 1, "n": won}]


async def test_a_change_outside_waits_for_an_open_transaction(kept: AnyDatabase) -> None:
    await insert(kept, "things", {"_id": 1, "n": 1})
    async with transaction(kept) as work:
        await work.update("things", [statement({"_id": 1}, {"$inc": {"n": 1}})])
        waiting = asyncio.create_task(kept.change("things", {"_id": 1}, {"$inc": {"n": 1}}))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not waiting.done()
    assert await waiting == {"_id": 1, "n": 3}


async def test_delete_and_count(kept: AnyDatabase) -> None:
    await insert(kept, "things", *({"_id": number} for number in range(5)))
    assert await kept.delete("things", {"_id": {"$in": [0, 1, 9]}}) == 2
    assert await kept.count("things", {}) == 3
    assert await kept.count("things", {"_id": {"$gte": 3}}) == 2


async def test_a_clustered_collection_lies_and_is_found_in_the_order_of_its_ids(kept: AnyDatabase) -> None:
    places = [{"k": key, "s": number} for key in ("b", "a") for number in (10, 2, 1)]
    await insert(kept, "ordered", *({"_id": place} for place in places))
    found = [row["_id"] for row in await kept.find("ordered", {}, sort=(("_id", 1),), limit=4)]
    assert found == [{"k": "a", "s": 1}, {"k": "a", "s": 2}, {"k": "a", "s": 10}, {"k": "b", "s": 1}]
    rest = await kept.find("ordered", {"_id.k": {"$nin": ["a"]}}, sort=(("_id", 1),))
    assert [row["_id"]["s"] for row in rest] == [1, 2, 10]
    assert await kept.delete("ordered", {"_id": {"$in": found[:3]}}) == 3
    with pytest.raises(Taken):
        await insert(kept, "ordered", {"_id": {"k": "b", "s": 1}})


async def test_a_unique_value_is_there_once_also_by_an_update(kept: AnyDatabase) -> None:
    await insert(kept, "named", {"_id": 1, "name": "a"}, {"_id": 2, "name": "b"}, {"_id": 3})
    with pytest.raises(Taken):
        await insert(kept, "named", {"_id": 4, "name": "a"})
    with pytest.raises(Taken):
        await insert(kept, "named", {"_id": 4})
    with pytest.raises(Taken):
        await update(kept, statement({"_id": 2}, {"name": "a"}), collection="named")
    assert await update(kept, statement({"_id": 2}, {"name": "b"}), collection="named") == 1


async def test_a_partial_index_minds_only_what_it_is_about(kept: AnyDatabase) -> None:
    await insert(kept, "live", {"_id": 1, "name": "a", "open": True}, {"_id": 2, "name": "a", "open": False})
    await insert(kept, "live", {"_id": 3, "name": "a"})
    with pytest.raises(Taken):
        await insert(kept, "live", {"_id": 4, "name": "a", "open": True})
    with pytest.raises(Taken):
        await update(kept, statement({"_id": 2}, {"$set": {"open": True}}), collection="live")
    await update(kept, statement({"_id": 1}, {"$set": {"open": False}}), collection="live")
    await insert(kept, "live", {"_id": 4, "name": "a", "open": True})


async def test_preparing_again_changes_nothing(kept: AnyDatabase) -> None:
    await insert(kept, "named", {"_id": 1, "name": "a"})
    await kept.prepare(ALL)
    await kept.prepare([])
    with pytest.raises(Taken):
        await insert(kept, "named", {"_id": 2, "name": "a"})


async def test_several_may_prepare_at_once(database: AnyDatabase) -> None:
    await asyncio.gather(*(database.prepare(ALL) for _ in range(4)))
    await insert(database, "things", {"_id": 1})


async def test_a_session_has_an_id_of_its_own_by_which_it_can_be_ended(kept: AnyDatabase) -> None:
    first, second = await kept.session(), await kept.session()
    assert len(first.id) == 16
    assert first.id != second.id
    await kept.end_session(first.id)
    await kept.end_session(b"\x07" * 16)
    async with first.transaction() as work:
        await work.insert("things", [{"_id": 1}])
    await first.close()
    await second.close()


async def test_what_a_predecessor_left_open_is_undone_and_its_locks_go_when_its_session_is_ended(
    kept: AnyDatabase,
) -> None:
    await insert(kept, "things", {"_id": 1, "v": 1})
    predecessor = await kept.session()

    async def stopped_for_good() -> None:
        async with predecessor.transaction() as left_open:
            await left_open.update("things", [statement({"_id": 1}, {"v": 2})])
            with pytest.raises(LostRace):
                await update(kept, statement({"_id": 1}, {"v": 3}))
            await kept.end_session(predecessor.id)
            assert await update(kept, statement({"_id": 1}, {"v": 3})) == 1

    with pytest.raises(LostRace):
        await stopped_for_good()
    assert await kept.find("things", {}) == [{"_id": 1, "v": 3}]
    async with predecessor.transaction() as awake:
        await awake.update("things", [statement({"_id": 1}, {"v": 4})])
    await predecessor.close()
    assert (await kept.find("things", {}))[0]["v"] == 4


async def test_a_change_that_changes_nothing_matches_and_meets_nobody(kept: AnyDatabase) -> None:
    await insert(kept, "things", {"_id": 1, "v": 1})
    async with transaction(kept) as work:
        await work.find("things", {})
        await update(kept, statement({"_id": 1}, {"v": 2}))
        assert await work.update("things", [statement({"_id": 1}, {"$set": {"v": 1}})]) == 1
    assert await kept.change("things", {"_id": 1}, {"$set": {"v": 2}}) == {"_id": 1, "v": 2}


async def test_a_unique_value_cannot_be_taken_by_two_open_transactions(kept: AnyDatabase) -> None:
    async with transaction(kept) as first:
        await first.insert("named", [{"_id": 1, "name": "a"}])
        with pytest.raises(LostRace):
            await insert(kept, "named", {"_id": 2, "name": "a"})
    with pytest.raises(Taken):
        await insert(kept, "named", {"_id": 2, "name": "a"})
