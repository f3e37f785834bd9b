"""What is sealed opens with its owner's key only, and no more once that is forgotten: on the fake and on MongoDB."""

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import pytest

from shared.platform.database import Database, at_once, statement
from shared.platform.errors import LostRace, TryAgain, Unwritable
from shared.platform.outbox import Cause, Voice
from shared.platform.secrets import BrokenSeal
from shared.platform.store import Store
from shared.platform.unit import Shelf, Unit
from shared.platform.vault import KEYS, Prints, Vault, master_id
from tests.conftest import AnyDatabase

AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
OLD, NEW = "the old master key, long enough ....", "the new master key, long enough ...."
ANNA, BO = "1460-anna", "1460-bo"


@dataclass(frozen=True, slots=True)
class Diary:
    """Somebody's diary; the colour is no secret."""

    municipality: str
    diary_id: str
    colour: str = "red"
    text: str | None = None
    places: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Leaf:
    """A loose leaf of a diary."""

    municipality: str
    leaf_id: str
    diary_id: str
    text: str | None


class Diaries(Protocol):
    """The diaries."""


class Leaves(Protocol):
    """The leaves."""


class KeptDiaries(Store[Diary]):
    """Diaries, each sealed with a key of its own."""

    collection = "diaries"
    state = Diary
    identity = "diary_id"
    sealed = ("text", "places")

    async def red(self) -> list[Diary]:
        return await self.page({"colour": "red"}, sort=(("_id", 1),), limit=10)

    async def all_red(self) -> list[Diary]:
        return await self.find({"colour": "red"}, lambda one: one.colour == "red")


class KeptLeaves(Store[Leaf]):
    """Leaves, sealed with the key of their diary."""

    collection = "leaves"
    state = Leaf
    identity = "leaf_id"
    sealed = ("text",)
    sealed_by = "diary_id"


class Counted:
    """A database that counts the questions for keys."""

    def __init__(self, database: Database) -> None:
        self._database, self.questions = database, 0

    async def find(self, collection: str, *rest: Any, **how: Any) -> Any:
        self.questions += collection == KEYS.name
        return await self._database.find(collection, *rest, **how)

    async def together(self, *questions: Awaitable[Any]) -> list[Any]:
        return await at_once(questions)


def unit(reads: Any, *masters: str) -> Unit:
    shelf: Shelf = {Diaries: KeptDiaries, Leaves: KeptLeaves}
    return Unit(reads, shelf, {}, Voice("library", 1, AT), Vault(masters or (OLD,), os.urandom))


async def written(database: Database, work: Unit) -> None:
    work.merge(Cause())
    session = await database.session()
    try:
        async with session.transaction() as transaction:
            await work.write(transaction)
    finally:
        await session.close()


async def keep(database: Database, *states: Diary | Leaf, masters: tuple[str, ...] = ()) -> None:
    """Write these, whatever was there before."""
    work = unit(database, *masters)
    for state in states:
        store = work.store(Diaries if isinstance(state, Diary) else Leaves)
        await store.get(getattr(state, store.identity))
        store.save(state)
    await written(database, work)


async def forget(database: Database, owner: str) -> None:
    work = unit(database)
    work.store(Diaries).forget(owner)
    await written(database, work)


async def diary(database: Database, owner: str, *masters: str) -> Diary | None:
    found: Diary | None = await unit(database, *masters).store(Diaries).get(owner)
    return found


def diary_of(owner: str, text: str | None = "Hemligt", **others: Any) -> Diary:
    return Diary("1460", owner, text=text, **others)


async def test_what_is_sealed_reads_as_it_was_and_stands_nowhere_in_clear(database: AnyDatabase) -> None:
    kept = diary_of(ANNA, places=("Bengtsfors", "Åmål"))
    await keep(database, kept)
    assert await diary(database, ANNA) == kept
    [row] = await database.find("diaries", {})
    assert (type(row["text"]), type(row["places"]), row["colour"]) == (bytes, bytes, "red")
    assert b"Hemligt" not in bytes(row["text"])


async def test_nothing_needs_no_key(database: AnyDatabase) -> None:
    await keep(database, diary_of(ANNA, None))
    assert await diary(database, ANNA) == diary_of(ANNA, None)
    assert await database.find(KEYS.name, {}) == []


async def test_an_owner_has_one_key_however_often_something_is_written(database: AnyDatabase) -> None:
    await keep(database, diary_of(ANNA), Leaf("1460", "1460-l", ANNA, "ett blad"))
    before = await database.find(KEYS.name, {})
    await keep(database, diary_of(ANNA, "mer"), Leaf("1460", "1460-m", ANNA, "ett till"))
    assert await database.find(KEYS.name, {}) == before
    assert [row["_id"] for row in before] == [ANNA]


@pytest.mark.parametrize("how", ["red", "all_red"])
async def test_many_are_opened_with_one_question_for_their_keys(database: AnyDatabase, how: str) -> None:
    await keep(database, *(diary_of(f"1460-{number}", f"text {number}") for number in range(5)))
    counted = Counted(database)
    store = unit(counted).store(Diaries)
    asked: Callable[[], Awaitable[list[Diary]]] = getattr(store, how)
    assert [one.text for one in await asked()] == [f"text {number}" for number in range(5)]
    assert counted.questions == 1


async def test_keys_loaded_early_serve_all_stores_also_for_what_is_not_there_yet(database: AnyDatabase) -> None:
    await keep(database, diary_of(ANNA))
    counted = Counted(database)
    work = unit(counted)
    await work.load_keys({Diaries: [ANNA, BO], Leaves: ["1460-l"]})
    for owner in (ANNA, BO):
        await work.store(Diaries).get(owner)
        work.store(Diaries).save(diary_of(owner, "nytt"))
    await written(database, work)
    assert counted.questions == 1
    assert [await diary(database, one) for one in (ANNA, BO)] == [diary_of(ANNA, "nytt"), diary_of(BO, "nytt")]


async def test_what_came_with_its_key_after_the_key_was_looked_for_is_not_taken_for_forgotten(
    database: AnyDatabase,
) -> None:
    await keep(database, diary_of(BO, "gammalt"))
    work = unit(database)
    await work.load_keys({Diaries: [ANNA, BO]})
    await forget(database, BO)
    await keep(database, diary_of(ANNA), diary_of(BO, "nytt"))
    assert [await work.store(Diaries).get(one) for one in (ANNA, BO)] == [diary_of(ANNA), diary_of(BO, "nytt")]


async def test_when_the_key_is_forgotten_all_that_it_sealed_is_gone_and_the_rest_stays(database: AnyDatabase) -> None:
    await keep(database, diary_of(ANNA), diary_of(BO), Leaf("1460", "1460-l", ANNA, "ett blad"))
    await forget(database, ANNA)
    assert await diary(database, ANNA) == diary_of(ANNA, None)
    assert await unit(database).store(Leaves).get("1460-l") == Leaf("1460", "1460-l", ANNA, None)
    assert await diary(database, BO) == diary_of(BO)


async def test_a_new_key_does_not_bring_back_what_the_old_one_sealed(database: AnyDatabase) -> None:
    await keep(database, diary_of(ANNA), Leaf("1460", "1460-l", ANNA, "ett blad"))
    await forget(database, ANNA)
    await keep(database, diary_of(ANNA, "ny början"))
    assert await diary(database, ANNA) == diary_of(ANNA, "ny början")
    assert await unit(database).store(Leaves).get("1460-l") == Leaf("1460", "1460-l", ANNA, None)


async def test_forgotten_and_told_anew_in_one_unit_is_sealed_with_a_new_key(database: AnyDatabase) -> None:
    await keep(database, diary_of(ANNA))
    [before] = await database.find(KEYS.name, {})
    work = unit(database)
    store = work.store(Diaries)
    await store.get(ANNA)
    store.forget(ANNA)
    work.merge(Cause())
    store.save(diary_of(ANNA, "anew"))
    await written(database, work)
    assert await database.find(KEYS.name, {}) != [before]
    assert await diary(database, ANNA) == diary_of(ANNA, "anew")


async def test_a_handler_that_failed_has_forgotten_nothing(database: AnyDatabase) -> None:
    await keep(database, diary_of(ANNA))
    work = unit(database)
    work.store(Diaries).forget(ANNA)
    work.discard()
    await written(database, work)
    assert await diary(database, ANNA) == diary_of(ANNA)


async def test_two_who_make_the_same_owners_key_at_once_are_one_key(database: AnyDatabase) -> None:
    first, second = unit(database), unit(database)
    for work, leaf_id in ((first, "1460-l"), (second, "1460-m")):
        work.store(Leaves).save(Leaf("1460", leaf_id, ANNA, leaf_id))
        work.merge(Cause())
        await work.load_keys({Diaries: [ANNA]})
    await written(database, first)
    with pytest.raises(LostRace):
        await written(database, second)
    await keep(database, Leaf("1460", "1460-m", ANNA, "1460-m"))
    assert [row["_id"] for row in await database.find(KEYS.name, {})] == [ANNA]


async def test_what_stood_in_clear_before_is_read_and_sealed_when_it_is_written_again(database: AnyDatabase) -> None:
    row = {"_id": ANNA, "_v": 1, "_schema": 1, "_said": {}, "_chain": b"", "municipality": "1460", "diary_id": ANNA}
    await put(database, "diaries", {**row, "colour": "red", "text": "i klartext", "places": None})
    assert await diary(database, ANNA) == diary_of(ANNA, "i klartext")
    await keep(database, diary_of(ANNA, "i klartext", colour="blue"))
    [after] = await database.find("diaries", {})
    assert type(after["text"]) is bytes
    assert await diary(database, ANNA) == diary_of(ANNA, "i klartext", colour="blue")


@pytest.mark.parametrize("member", ["text", "_id"])
async def test_what_was_sealed_opens_in_its_own_place_only(database: AnyDatabase, member: str) -> None:
    await keep(database, diary_of(ANNA, "A"), Leaf("1460", "1460-l", ANNA, "B"))
    [row], [leaf] = await database.find("diaries", {}), await database.find("leaves", {})
    moved = {"text": {**row, "text": leaf["text"]}, "_id": {**row, "_id": BO}}
    await put(database, "diaries", moved[member])
    with pytest.raises(BrokenSeal):
        await diary(database, moved[member]["_id"])


async def test_any_master_key_that_is_set_opens_and_the_first_one_wraps(database: AnyDatabase) -> None:
    await keep(database, diary_of(ANNA), masters=(OLD,))
    await keep(database, diary_of(BO), masters=(NEW, OLD))
    assert await diary(database, ANNA, NEW, OLD) == diary_of(ANNA)
    assert await diary(database, BO, OLD, NEW) == diary_of(BO)
    rows = await database.find(KEYS.name, {}, sort=(("_id", 1),))
    assert [row["master"] for row in rows] == [master_id(OLD), master_id(NEW)]


async def test_without_its_master_key_one_waits_and_nothing_is_taken_for_erased(database: AnyDatabase) -> None:
    await keep(database, diary_of(ANNA), masters=(OLD,))
    with pytest.raises(TryAgain, match=master_id(OLD)):
        await diary(database, ANNA, NEW)
    with pytest.raises(TryAgain):
        await keep(database, Leaf("1460", "1460-l", ANNA, "ett blad"), masters=(NEW,))


async def test_a_key_that_was_tampered_with_stops_only_what_needs_it(database: AnyDatabase) -> None:
    await keep(database, diary_of(ANNA), diary_of(BO))
    [anna, _] = await database.find(KEYS.name, {}, sort=(("_id", 1),))
    await put(database, KEYS.name, {**anna, "_id": BO})
    assert await diary(database, ANNA) == diary_of(ANNA)
    with pytest.raises(Unwritable):
        await keep(database, Leaf("1460", "1460-l", BO, "ett blad"))


async def put(database: AnyDatabase, collection: str, row: dict[str, Any]) -> None:
    session = await database.session()
    try:
        async with session.transaction() as transaction:
            await transaction.update(collection, [statement({"_id": row["_id"]}, row, upsert=True)])
    finally:
        await session.close()


def test_only_what_may_be_none_can_be_sealed() -> None:
    with pytest.raises(TypeError, match="must be allowed to be None"):
        type("Wrong", (Store,), {"collection": "w", "state": Leaf, "identity": "leaf_id", "sealed": ("diary_id",)})


def test_a_store_that_seals_needs_keys() -> None:
    with pytest.raises(RuntimeError, match="given no keys"):
        KeptDiaries(None).forget(ANNA)  # type: ignore[arg-type]


def test_prints_are_alike_for_the_same_text_and_purpose_only() -> None:
    prints = Prints(OLD)
    assert prints.of("phone", "0531-1") == Prints(OLD).of("phone", "0531-1")
    others = {prints.of("word", "0531-1"), prints.of("phone", "0531-2"), Prints(NEW).of("phone", "0531-1")}
    assert len(others | {prints.of("phone", "0531-1")}) == 4
    assert len(prints.of("phone", "0531-1")) == 16
