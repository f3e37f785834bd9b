"""Several writes of a transaction at once: in their order, all or nothing, also when who writes is called away."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from shared.platform import mongo_writes
from shared.platform.database import Collection, Document, Write, statement
from shared.platform.errors import LostRace, Taken, Unwritable
from stack.mongo import Mongo
from tests.conftest import AnyDatabase, connected
from tests.platform.test_database_suite import transaction

CATS, DOGS = Collection("cats"), Collection("dogs")


async def kept(database: AnyDatabase) -> list[list[Document]]:
    return [await database.find(one.name, {}, sort=(("_id", 1),)) for one in (CATS, DOGS)]


async def write(database: AnyDatabase, writes: Sequence[Write]) -> None:
    async with transaction(database) as work:
        await work.write(writes)


def named(key: int, version: int, name: str) -> Document:
    return statement({"_id": key, "v": version}, {"v": version + 1, "name": name}, upsert=version == 0)


async def test_each_is_written_in_its_order_and_sees_the_one_before(database: AnyDatabase) -> None:
    await database.prepare([CATS, DOGS])
    first, second = named(1, 0, "Misse"), named(1, 1, "Måns")
    await write(database, [Write("dogs", new=[{"_id": 1}]), Write("cats", matching=[first]), Write("dogs"),
                           Write("cats", new=[{"_id": 2}], matching=[second])])  # fmt: skip
    assert await kept(database) == [[{"_id": 1, "v": 2, "name": "Måns"}, {"_id": 2}], [{"_id": 1}]]
    await write(database, [])


@pytest.mark.parametrize(
    ("last", "error"),
    [
        (Write("cats", matching=[named(1, 7, "Misse"), named(2, 0, "Måns")]), LostRace),
        (Write("dogs", new=[{"_id": 1}]), Taken),
        (Write("cats", new=[{"_id": 3, "name": "x" * 17_000_000}]), Unwritable),
        (Write("cats", new=[{"_id": 3, "name": 2**70}]), Unwritable),
    ],
)
async def test_when_one_cannot_be_written_none_is(database: AnyDatabase, last: Write, error: type[Exception]) -> None:
    await database.prepare([CATS, DOGS])
    await write(database, [Write("cats", new=[{"_id": 1, "v": 1}]), Write("dogs", new=[{"_id": 1}])])
    before = await kept(database)
    with pytest.raises(error):
        await write(database, [Write("dogs", new=[{"_id": 2}]), last, Write("dogs", new=[{"_id": 4}])])
    assert await kept(database) == before


@pytest.mark.servers
async def test_who_is_called_away_has_written_nothing(mongo_server: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that is under way in its thread ends before the transaction does: after it, it would stand alone."""
    begun, go_on, plainly = threading.Event(), threading.Event(), mongo_writes.done

    def slowly(*done: Any) -> None:
        begun.set()
        go_on.wait(10)
        plainly(*done)

    monkeypatch.setattr(mongo_writes, "done", slowly)
    database = connected(mongo_server)
    try:
        await database.prepare([CATS, DOGS])
        writing = asyncio.create_task(
            write(database, [Write("cats", new=[{"_id": 1}]), Write("dogs", new=[{"_id": 1}])])
        )
        assert await asyncio.to_thread(begun.wait, 10)
        writing.cancel()
        await asyncio.wait([writing], timeout=0.1)
        assert not writing.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await writing
        assert await kept(database) == [[], []]
        await write(database, [Write("dogs", new=[{"_id": 1}])])
        assert await kept(database) == [[], [{"_id": 1}]]
    finally:
        await database.drop()
        await database.close()
