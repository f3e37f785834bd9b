"""A question that a unit of work has asked is answered from memory the second time, with what it has changed since."""

from dataclasses import dataclass

import pytest

from shared.platform.database import Document, Query, Sort
from shared.platform.errors import TryAgain
from shared.platform.memory import MemoryDatabase
from shared.platform.store import Store


@dataclass(frozen=True, slots=True)
class Shelf:
    """Something with a colour."""

    municipality: str
    shelf_id: str
    colour: str


class Shelves(Store[Shelf]):
    """Shelves by colour."""

    collection = "shelves"
    state = Shelf
    identity = "shelf_id"

    async def of(self, colour: str, limit: int = 0) -> list[Shelf]:
        return await self.find({"colour": colour}, lambda one: one.colour == colour, limit=limit)


class Asked(MemoryDatabase):
    """Counts questions."""

    questions = 0

    async def find(self, collection: str, query: Query, *, sort: Sort = (), limit: int = 0) -> list[Document]:
        self.questions += 1
        return await super().find(collection, query, sort=sort, limit=limit)


def shelf(number: int, colour: str = "red") -> Shelf:
    return Shelf("1460", f"1460-s-{number}", colour)


async def stocked(*shelves: Shelf) -> Asked:
    database = Asked()
    store = Shelves(database)
    for one in shelves:
        store.save(one)
    store.merge()
    session = await database.session()
    async with session.transaction() as transaction:
        await transaction.update(store.collection, store.statements())
    return database


async def test_the_same_question_is_asked_once() -> None:
    database = await stocked(shelf(1), shelf(2), shelf(3, "blue"))
    store = Shelves(database)
    assert await store.of("red") == await store.of("red") == [shelf(1), shelf(2)]
    assert database.questions == 1


async def test_another_question_is_another_question() -> None:
    database = await stocked(shelf(1), shelf(2, "blue"))
    store = Shelves(database)
    await store.of("red")
    assert await store.of("blue") == [shelf(2, "blue")]
    await store.of("red", limit=1)
    await Shelves(database).of("red")
    assert database.questions == 4


async def test_the_answer_from_memory_holds_what_was_changed_since() -> None:
    database = await stocked(shelf(1), shelf(2))
    store = Shelves(database)
    await store.of("red")
    store.save(shelf(1, "blue"))
    store.save(shelf(4))
    assert await store.of("red") == [shelf(2), shelf(4)]
    store.merge()
    assert await store.of("red") == [shelf(2), shelf(4)]
    store.save(shelf(2, "blue"))
    store.discard()
    assert await store.of("red") == [shelf(2), shelf(4)]
    assert database.questions == 1


async def test_a_question_that_failed_is_asked_again() -> None:
    database = await stocked(shelf(1))
    store = Shelves(database)
    database.away = True
    with pytest.raises(TryAgain):
        await store.of("red")
    database.away = False
    assert await store.of("red") == [shelf(1)]
