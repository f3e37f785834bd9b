"""Random stories of what several transactions do at once, told to any database, and what came of each step."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from shared.platform.database import Collection, Database, Index, Transaction, statement
from shared.platform.errors import LostRace, Unwritable

PLAIN = Collection("plain")
UNIQUE = Collection("unique", (Index((("name", 1),), unique=True, where={"name": {"$exists": True}}),))
LAYOUT = (PLAIN, UNIQUE)
AT = datetime(2026, 11, 24, 9, 30, 0, 123_456, UTC)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that one of two transactions does; it begins when it is first heard of."""

    who: int
    what: str
    collection: str = ""
    content: Any = None


ids = st.integers(0, 2)
names = st.sampled_from(["a", "b"])
scalars = st.sampled_from([0, 1, 1.5, -3, 2**40, "a", "b", "å", "", None, True, False, b"x", AT, [1, "a"], {"k": 1}])
wrong = st.sampled_from([2**70, "\udfff", {1, 2}, {1: 2}])
members = st.dictionaries(names, scalars, max_size=2)
documents = st.builds(lambda key, rest: {"_id": key, **rest}, ids, members)
operands = scalars.filter(lambda value: value is not None and not isinstance(value, list | dict))
conditions = st.one_of(
    scalars,
    st.builds(lambda name, value: {name: value}, st.sampled_from(["$lt", "$lte", "$gt", "$gte"]), operands),
    st.builds(lambda name, values: {name: values}, st.sampled_from(["$in", "$nin"]), st.lists(scalars, max_size=3)),
    st.builds(lambda value: {"$ne": value}, scalars),
    st.builds(lambda value: {"$exists": value}, st.booleans()),
)
queries = st.one_of(
    st.builds(lambda key, rest: {"_id": key, **rest}, ids, st.dictionaries(names, conditions, max_size=1)),
    st.dictionaries(names, conditions, max_size=2),
)
by_id = st.builds(lambda key, rest: {"_id": key, **rest}, ids, st.dictionaries(names, operands, max_size=1))
changes = st.one_of(
    members,
    st.builds(lambda held: {"$set": held}, st.dictionaries(names, scalars, min_size=1)),
    st.builds(lambda name, by: {"$inc": {name: by}}, names, st.sampled_from([1, -2, 2**62])),
    st.builds(lambda name: {"$unset": {name: ""}}, names),
)
statements = st.builds(statement, by_id, changes, upsert=st.booleans())
places = st.sampled_from(["plain", "plain", "unique"])
actors = st.integers(0, 1)
steps = st.one_of(
    st.builds(Step, actors, st.just("find"), places, queries),
    st.builds(Step, actors, st.just("insert"), places, st.lists(documents, min_size=1, max_size=2)),
    st.builds(Step, actors, st.just("update"), places, st.lists(statements, min_size=1, max_size=3)),
    st.builds(Step, actors, st.just("delete"), places, by_id),
    st.builds(Step, actors, st.just("insert"), places, st.builds(lambda bad: [{"_id": 1, "a": bad}], wrong)),
    st.builds(Step, actors, st.sampled_from(["commit", "undo"])),
)
stories = st.lists(steps, min_size=1, max_size=12)


class Telling:
    """One telling of a story to one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._open: dict[int, tuple[AsyncExitStack, Transaction]] = {}

    async def whole(self, story: Sequence[Step]) -> list[Any]:
        """What came of each step, and what is kept at the end."""
        told = [await self._step(step) for step in story]
        for who in list(self._open):
            told.append(await self._end(who))
        kept = [await self._database.find(place.name, {}, sort=(("_id", 1),)) for place in LAYOUT]
        return [*told, *kept]

    async def _step(self, step: Step) -> Any:
        if step.what == "commit":
            return await self._end(step.who)
        if step.what == "undo":
            return await self._undo(step.who)
        return await self._do(step)

    async def _do(self, step: Step) -> Any:
        try:
            return await self._done(await self._transaction(step.who), step)
        except (LostRace, Unwritable) as error:
            await self._undo(step.who)
            return "unwritable" if isinstance(error, Unwritable) else "lost"

    async def _done(self, transaction: Transaction, step: Step) -> Any:
        if step.what == "find":
            return await transaction.find(step.collection, step.content, sort=(("_id", 1),))
        if step.what == "insert":
            return await transaction.insert(step.collection, step.content)
        if step.what == "update":
            return await transaction.update(step.collection, step.content)
        return await transaction.delete(step.collection, step.content)

    async def _transaction(self, who: int) -> Transaction:
        if who not in self._open:
            session = await self._database.session()
            stack = AsyncExitStack()
            stack.push_async_callback(session.close)
            self._open[who] = stack, await stack.enter_async_context(session.transaction())
            await self._open[who][1].find("plain", {"_id": "its moment"})
        return self._open[who][1]

    async def _end(self, who: int) -> str:
        if who not in self._open:
            return "nothing"
        try:
            await self._open.pop(who)[0].aclose()
        except LostRace:
            return "lost"
        return "kept"

    async def _undo(self, who: int) -> str:
        if who not in self._open:
            return "nothing"
        undoing = _Undone()
        await self._open.pop(who)[0].__aexit__(_Undone, undoing, None)
        return "undone"


class _Undone(Exception):
    pass


def plainly(told: Any) -> Any:
    """What was told, in a form in which 1 and True differ."""
    if isinstance(told, Mapping):
        return {name: plainly(held) for name, held in told.items()}
    if isinstance(told, list):
        return [plainly(one) for one in told]
    return (type(told).__name__, told)


async def tell(database: Database, story: Sequence[Step]) -> Any:
    """Tell a story to an empty database."""
    for place in LAYOUT:
        await database.delete(place.name, {})
    async with asyncio.timeout(60):
        return plainly(await Telling(database).whole(story))
