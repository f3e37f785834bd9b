"""The fake database: a dictionary that refuses what MongoDB refuses, and never pretends to know more than it does."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from typing import Any, TypeVar

from shared.platform.database import Collection, Document, Index, Query, Sort, Write, at_once, in_turn, one_by_one
from shared.platform.errors import LostRace, Taken, TryAgain, Unwritable
from shared.platform.memory_query import changed, distinct, is_idle_when_same, matches
from shared.platform.memory_rows import LARGEST_DOCUMENT, Rows, candidates, command, decoded, encoded, selected

Done = TypeVar("Done")
PATIENCE = 1_000


class MemoryTransaction:
    """Works on a snapshot from its first call on; a document that somebody else has changed or is changing raises
    LostRace at once. After any error nothing more can be done in it, and nothing of it is kept.
    """

    def __init__(self, database: "MemoryDatabase") -> None:
        self._database = database
        self._snapshot: dict[str, Rows] | None = None
        self._began = 0
        self._failed = False
        self.written: dict[tuple[str, Any], bytes | None] = {}
        self.claimed: set[tuple[str, Any]] = set()
        """Values of unique indexes that came or went."""
        self.last: Document | None = None
        """The document that was put last, also when that changed nothing."""

    async def find(self, collection: str, query: Query, *, sort: Sort = (), limit: int = 0) -> list[Document]:
        """See `Reads`."""
        with self._whole():
            return selected(candidates(self._rows(collection), query), query, sort, limit)

    async def together(self, *questions: Awaitable[Any]) -> list[Any]:
        """See `Reads`."""
        return await in_turn(questions)

    async def write(self, writes: Sequence[Write]) -> None:
        """See `Transaction`."""
        await one_by_one(self, writes)

    async def update(self, collection: str, statements: Sequence[Document]) -> int:
        """See `Transaction`."""
        with self._whole():
            return sum(self._update(collection, statement) for statement in command(statements))

    def _update(self, collection: str, statement: Document) -> int:
        rows = candidates(self._rows(collection), statement["q"])
        found = selected(rows, statement["q"], (), 0 if statement["multi"] else 1)
        for document in found:
            after = changed(document, statement["u"], statement["q"])
            self._put(collection, after, idle=is_idle_when_same(statement["u"]))
        if not found and statement["upsert"]:
            self._add(collection, changed({}, statement["u"], statement["q"], inserting=True))
            return 1
        return len(found)

    async def insert(self, collection: str, documents: Sequence[Document]) -> None:
        """See `Transaction`."""
        with self._whole():
            for document in command(documents):
                self._add(collection, document)

    def _add(self, collection: str, document: Document) -> None:
        if distinct(document["_id"]) in self._rows(collection):
            raise Taken(f"{collection} has this _id")
        self._put(collection, document)

    async def delete(self, collection: str, query: Query) -> int:
        """See `Transaction`."""
        with self._whole():
            found = selected(candidates(self._rows(collection), query), query, (), 0)
            for document in found:
                self._write(collection, distinct(document["_id"]), None)
            return len(found)

    def undo(self) -> None:
        """Nothing of it will be kept."""
        self._failed = True

    def check(self) -> None:
        """LostRace when something in it has failed: MongoDB has undone it then."""
        if self._failed:
            raise LostRace("the transaction was undone")

    @contextmanager
    def _whole(self) -> Iterator[None]:
        self._database.refuse_when_away()
        self.check()
        try:
            yield
        except Exception:
            self._failed = True
            raise

    def _rows(self, collection: str) -> Rows:
        if self._snapshot is None:
            self._snapshot = {name: dict(rows) for name, rows in self._database.rows.items()}
            self._began = self._database.tick
        return self._snapshot.setdefault(collection, {})

    def _put(self, collection: str, document: Document, *, idle: bool = False) -> None:
        self.last = document
        key, rows = distinct(document["_id"]), self._rows(collection)
        row = encoded(document)
        if len(row) > LARGEST_DOCUMENT:
            raise Unwritable("the document is larger than 16 MB")
        if not idle or rows.get(key) != row:
            self._database.refuse_duplicate(collection, document, rows, key)
            self._write(collection, key, row)

    def _write(self, collection: str, key: Any, row: bytes | None) -> None:
        rows = self._rows(collection)
        self._database.lock(self, collection, key, self._began)
        for claim in self._database.claims(collection, rows.get(key), row):
            self._database.lock(self, *claim, self._began)
            self.claimed.add(claim)
        self.written[collection, key] = row
        if row is None:
            rows.pop(key, None)
        else:
            rows[key] = row


class MemorySession:
    """A session on the fake."""

    def __init__(self, database: "MemoryDatabase", session_id: bytes) -> None:
        self._database, self._id = database, session_id

    @property
    def id(self) -> bytes:
        """See `Session`."""
        return self._id

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryTransaction]:
        """See `Session`."""
        self._database.refuse_when_away()
        work = MemoryTransaction(self._database)
        self._database.opened[self._id] = work
        try:
            yield work
            self._database.commit(work)
        finally:
            self._database.release(work)

    async def close(self) -> None:
        """See `Session`."""


class MemoryDatabase:
    """A whole database in a dictionary; `away = True` makes every call raise TryAgain."""

    def __init__(self) -> None:
        self.rows: dict[str, Rows] = {}
        self.tick = 0
        self.away = False
        self.opened: dict[bytes, MemoryTransaction] = {}
        """The transaction that was begun last on each session."""
        self._changed_at: dict[tuple[str, Any], int] = {}
        self._locks: dict[tuple[str, Any], MemoryTransaction] = {}
        self._unique: dict[str, list[Index]] = {}
        self._sessions = count(1)

    async def find(self, collection: str, query: Query, *, sort: Sort = (), limit: int = 0) -> list[Document]:
        """See `Reads`."""
        self.refuse_when_away()
        return selected(candidates(self.rows.get(collection, {}), query), query, sort, limit)

    async def together(self, *questions: Awaitable[Any]) -> list[Any]:
        """See `Reads`."""
        return await at_once(questions)

    async def session(self) -> MemorySession:
        """See `Database`."""
        return MemorySession(self, next(self._sessions).to_bytes(16, "big"))

    async def end_session(self, session_id: bytes) -> None:
        """See `Database`."""
        if (work := self.opened.pop(session_id, None)) is not None:
            work.undo()
            self.release(work)

    async def change(
        self, collection: str, query: Query, change: Mapping[str, Any], *, upsert: bool = False
    ) -> Document | None:
        """See `Database`."""
        statement = {"q": query, "u": change, "upsert": upsert, "multi": False}

        async def one(work: MemoryTransaction) -> Document | None:
            await work.update(collection, [statement])
            return work.last

        try:
            return await self._at_once(one)
        except Taken:
            return None

    async def delete(self, collection: str, query: Query) -> int:
        """See `Database`."""
        return await self._at_once(lambda work: work.delete(collection, query))

    async def _at_once(self, action: Callable[[MemoryTransaction], Awaitable[Done]]) -> Done:
        """Outside a transaction one waits until others let go of their locks."""
        for _ in range(PATIENCE):
            work = MemoryTransaction(self)
            try:
                done = await action(work)
                self.commit(work)
                return done
            except Taken:
                raise
            except LostRace:
                await asyncio.sleep(0)
            finally:
                self.release(work)
        raise TryAgain("somebody else has kept a lock for too long")

    async def count(self, collection: str, query: Query, *, limit: int = 0) -> int:
        """See `Database`."""
        return len(await self.find(collection, query, limit=limit))

    async def prepare(self, collections: Sequence[Collection]) -> None:
        """See `Database`. Only unique indexes change what a caller sees."""
        for collection in collections:
            self.rows.setdefault(collection.name, {})
            self._unique[collection.name] = [index for index in collection.indexes if index.unique]

    async def check(self) -> None:
        """See `Database`."""
        self.refuse_when_away()

    async def close(self) -> None:
        """See `Database`."""

    async def drop(self) -> None:
        """Forget everything."""
        self.rows.clear()

    def refuse_when_away(self) -> None:
        """Raise TryAgain while the fake plays dead."""
        if self.away:
            raise TryAgain("the database is away")

    def refuse_duplicate(self, collection: str, document: Document, rows: Rows, key: Any) -> None:
        """Raise Taken when another row has these values of a unique index already."""
        for index in self._unique.get(collection, []):
            if index.where is None or matches(document, index.where):
                values = {name: document.get(name) for name, _ in index.fields}
                others = (row for at, row in rows.items() if at != key)
                if selected(others, {**(index.where or {}), **values}, (), 1):
                    raise Taken(f"{collection} has these values")

    def claims(self, collection: str, *rows: bytes | None) -> set[tuple[str, Any]]:
        """The values of unique indexes that these rows hold, as places that can be locked."""
        unique = self._unique.get(collection)
        if not unique:
            return set()
        documents = [decoded(row) for row in rows if row is not None]
        return {
            (f"{collection} {index.fields}", distinct([document.get(name) for name, _ in index.fields]))
            for index in unique
            for document in documents
            if index.where is None or matches(document, index.where)
        }

    def lock(self, work: MemoryTransaction, collection: str, key: Any, began: int) -> None:
        """First writer wins: LostRace when the document is locked, or changed since the transaction began."""
        holder = self._locks.setdefault((collection, key), work)
        if holder is not work or self._changed_at.get((collection, key), 0) > began:
            raise LostRace(f"{collection} is being changed")

    def commit(self, work: MemoryTransaction) -> None:
        """Make a transaction's writes everybody's."""
        self.refuse_when_away()
        work.check()
        self.tick += 1
        self._changed_at.update(dict.fromkeys(work.claimed, self.tick))
        for (collection, key), row in work.written.items():
            self._changed_at[collection, key] = self.tick
            rows = self.rows.setdefault(collection, {})
            if row is None:
                rows.pop(key, None)
            else:
                rows[key] = row

    def release_all(self) -> None:
        """What a server does when a client is gone: its transactions are undone."""
        self._locks.clear()

    def release(self, work: MemoryTransaction) -> None:
        """Let go of a transaction's locks."""
        if self._locks:
            self._locks = {place: holder for place, holder in self._locks.items() if holder is not work}
