"""An aggregate of which nothing was said can be dropped: as it was read, or not at all."""

import os

import pytest

from shared.platform.database import Document
from shared.platform.errors import LostRace
from shared.platform.memory import MemoryDatabase
from shared.platform.outbox import Voice
from shared.platform.unit import Unit
from shared.platform.vault import Vault
from tests.conftest import AnyDatabase
from tests.platform.counting_service import AT, KeptWalks, Walk, Walks
from tests.platform.test_store_questions import Shelves, shelf, stocked

VAULT = Vault(["for tests only, never for real people"], os.urandom)


async def written(database: AnyDatabase, unit: Unit) -> list[Document]:
    session = await database.session()
    try:
        async with session.transaction() as transaction:
            await unit.write(transaction)
    finally:
        await session.close()
    return await database.find("shelves", {})


def unit_on(database: MemoryDatabase) -> tuple[Unit, Shelves]:
    unit = Unit(database, {Shelves: Shelves}, {}, Voice("counting", 1, AT), VAULT)
    store = unit.store(Shelves)
    assert isinstance(store, Shelves)
    return unit, store


async def test_what_is_dropped_is_gone_and_not_found_in_the_same_unit() -> None:
    database = await stocked(shelf(1), shelf(2))
    unit, shelves = unit_on(database)
    await shelves.of("red")
    shelves.drop("1460-s-1")
    assert (await shelves.get("1460-s-1"), await shelves.of("red")) == (None, [shelf(2)])
    shelves.merge()
    assert (await shelves.get("1460-s-1"), await shelves.of("red")) == (None, [shelf(2)])
    assert [one["_id"] for one in await written(database, unit)] == ["1460-s-2"]


async def test_what_somebody_has_changed_since_is_not_dropped() -> None:
    database = await stocked(shelf(1))
    unit, shelves = unit_on(database)
    await shelves.get("1460-s-1")
    shelves.drop("1460-s-1")
    shelves.merge()
    await database.change("shelves", {"_id": "1460-s-1"}, {"$inc": {"_v": 1}})
    with pytest.raises(LostRace):
        await written(database, unit)
    assert len(await database.find("shelves", {})) == 1


async def test_what_is_kept_again_after_it_was_dropped_stays() -> None:
    database = await stocked(shelf(1))
    unit, shelves = unit_on(database)
    await shelves.get("1460-s-1")
    shelves.drop("1460-s-1")
    shelves.merge()
    shelves.save(shelf(1, "blue"))
    shelves.merge()
    assert [one["colour"] for one in await written(database, unit)] == ["blue"]


async def test_what_others_have_heard_of_is_not_dropped() -> None:
    database = MemoryDatabase()
    document = {"_id": "1460-a", "_v": 1, "_schema": 1, "_said": {"t": 1}, "_chain": b"", "municipality": "1460"}
    session = await database.session()
    async with session.transaction() as transaction:
        await transaction.insert(KeptWalks.collection, [{**document, "walker": "1460-a", "total": 1}])
    walks = Unit(database, {Walks: KeptWalks}, {}, Voice("counting", 1, AT), VAULT).store(Walks)
    assert isinstance(await walks.get("1460-a"), Walk)
    with pytest.raises(ValueError, match="heard"):
        walks.drop("1460-a")
