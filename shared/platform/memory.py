"""The fake database: a dictionary that refuses what MongoDB refuses, and never pretends to know more than it does."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC
from itertools import count
from typing import Any

import bson
from bson.codec_options import CodecOptions

from shared.platform.database import Collection, Document, Index, Query, Sort
from shared.platform.errors import LostRace, TryAgain, Unwritable
from shared.platform.memory_query import changed, matches, sort_key

LARGEST_DOCUMENT = 16 * 1024 * 1024
_CODEC: CodecOptions[Document] = CodecOptions(tz_aware=True, tzinfo=UTC)
Rows = dict[Any, bytes]


def _encoded(document: Mapping[str, Any]) -> bytes:
    try:
        row = bson.encode(document, codec_options=_CODEC)
    except (OverflowError, bson.errors.BSONError, UnicodeError, TypeError) as error:
        raise Unwritable(f"the database does not take this content ({type(error).__name__})") from error
    if len(row) > LARGEST_DOCUMENT:
        raise Unwritable("the document is larger than 16 MB")
    return row


def _decoded(row: bytes) -> Document:
    return bson.decode(row, codec_options=_CODEC)


def _key(document_id: Any) -> Any:
    return tuple(document_id.items()) if isinstance(document_id, dict) else document_id


class MemoryTransaction:
    """Works on a snapshot; a document that somebody else has changed or is changing raises LostRace at once."""

    def __init__(self, database: "MemoryDatabase") -> None:
        self._database = database
        self._snapshot = {name: dict(rows) for name, rows in database.rows.items()}
        self._began = database.tick
        self.written: dict[tuple[str, Any], bytes | None] = {}

    async def find(self, collection: str, query: Query, *, sort: Sort = (), limit: int = 0) -> list[Document]:
        """See `Reads`."""
        self._database.refuse_when_away()
        return _selected(self._snapshot.get(collection, {}).values(), query, sort, limit)

    async def update(self, collection: str, statements: Sequence[Document]) -> int:
        """See `Transaction`."""
        self._database.refuse_when_away()
        return sum(self._update(collection, statement) for statement in statements)

    def _update(self, collection: str, statement: Document) -> int:
        found = _selected(self._rows(collection).values(), statement["q"], (), 0 if statement["multi"] else 1)
        for document in found:
            self._write(collection, _key(document["_id"]), changed(document, statement["u"], statement["q"]))
        if not found and statement["upsert"]:
            fresh = changed({}, statement["u"], statement["q"], inserting=True)
            self._add(collection, fresh)
            return 1
        return len(found)

    async def insert(self, collection: str, documents: Sequence[Document]) -> None:
        """See `Transaction`."""
        self._database.refuse_when_away()
        for document in documents:
            self._add(collection, document)

    def _add(self, collection: str, document: Document) -> None:
        key = _key(document["_id"])
        if key in self._rows(collection) or key in self._database.rows.get(collection, {}):
            raise LostRace(f"{collection} has this _id")
        self._database.refuse_duplicate(collection, document, self._rows(collection).values())
        self._write(collection, key, document)

    async def delete(self, collection: str, query: Query) -> int:
        """See `Transaction`."""
        found = _selected(self._rows(collection).values(), query, (), 0)
        for document in found:
            self._write(collection, _key(document["_id"]), None)
        return len(found)

    def _rows(self, collection: str) -> Rows:
        return self._snapshot.setdefault(collection, {})

    def _write(self, collection: str, key: Any, document: Document | None) -> None:
        row = None if document is None else _encoded(document)
        self._database.lock(self, collection, key, self._began)
        self.written[collection, key] = row
        if row is None:
            self._rows(collection).pop(key, None)
        else:
            self._rows(collection)[key] = row


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
        self._changed_at: dict[tuple[str, Any], int] = {}
        self._locks: dict[tuple[str, Any], MemoryTransaction] = {}
        self._unique: dict[str, list[Index]] = {}
        self._sessions = count(1)

    async def find(self, collection: str, query: Query, *, sort: Sort = (), limit: int = 0) -> list[Document]:
        """See `Reads`."""
        self.refuse_when_away()
        return _selected(self.rows.get(collection, {}).values(), query, sort, limit)

    async def session(self) -> MemorySession:
        """See `Database`."""
        return MemorySession(self, next(self._sessions).to_bytes(16, "big"))

    async def end_session(self, session_id: bytes) -> None:
        """See `Database`. Nothing outlives its process here."""

    async def change(
        self, collection: str, query: Query, change: Mapping[str, Any], *, upsert: bool = False
    ) -> Document | None:
        """See `Database`."""
        self.refuse_when_away()
        work = MemoryTransaction(self)
        try:
            done = await work.update(collection, [{"q": query, "u": change, "upsert": upsert, "multi": False}])
            self.commit(work)
        except LostRace:
            return None
        finally:
            self.release(work)
        written = [row for row in work.written.values() if row is not None]
        return _decoded(written[0]) if done else None

    async def delete(self, collection: str, query: Query) -> int:
        """See `Database`."""
        self.refuse_when_away()
        work = MemoryTransaction(self)
        deleted = await work.delete(collection, query)
        self.commit(work)
        self.release(work)
        return deleted

    async def count(self, collection: str, query: Query) -> int:
        """See `Database`."""
        return len(await self.find(collection, query))

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

    def refuse_duplicate(self, collection: str, document: Document, rows: Iterable[bytes]) -> None:
        """Raise LostRace when a unique index has these values already."""
        for index in self._unique.get(collection, []):
            values = {name: document.get(name) for name, _ in index.fields}
            if (index.where is None or matches(document, index.where)) and _selected(rows, values, (), 1):
                raise LostRace(f"{collection} has these values")

    def lock(self, work: MemoryTransaction, collection: str, key: Any, began: int) -> None:
        """First writer wins: LostRace when the document is locked, or changed since the transaction began."""
        holder = self._locks.setdefault((collection, key), work)
        if holder is not work or self._changed_at.get((collection, key), 0) > began:
            raise LostRace(f"{collection} is being changed")

    def commit(self, work: MemoryTransaction) -> None:
        """Make a transaction's writes everybody's."""
        self.refuse_when_away()
        self.tick += 1
        for (collection, key), row in work.written.items():
            self._changed_at[collection, key] = self.tick
            rows = self.rows.setdefault(collection, {})
            if row is None:
                rows.pop(key, None)
            else:
                rows[key] = row

    def release(self, work: MemoryTransaction) -> None:
        """Let go of a transaction's locks."""
        self._locks = {place: holder for place, holder in self._locks.items() if holder is not work}


def _selected(rows: Iterable[bytes], query: Query, sort: Sort, limit: int) -> list[Document]:
    found = [document for document in map(_decoded, rows) if matches(document, query)]
    for name, direction in reversed(sort):
        found.sort(key=lambda document, name=name: sort_key(document, name), reverse=direction < 0)  # type: ignore[misc]
    return found[:limit] if limit else found
