"""Transactions on MongoDB, by either driver."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from shared.platform.database import Document, Query, Sort, Write, in_turn
from shared.platform.errors import UnknownCommit
from shared.platform.mongo_errors import translated, understood
from shared.platform.mongo_writes import checked, inserting, updating, write_all

MAJORITY = WriteConcern("majority")
ALL = 100_000
"""Documents in one answer, if it can hold them."""


async def settled(value: Any) -> Any:
    """The one difference between the two drivers: some calls are awaited in one of them only."""
    return await value if inspect.isawaitable(value) else value


async def find(collection: Any, query: Query, sort: Sort, limit: int, session: Any) -> list[Document]:
    """See `Reads`."""
    cursor = collection.find(query, session=session, batch_size=ALL, limit=limit)
    if sort:
        cursor = cursor.sort(list(sort))
    found: list[Document] = await cursor.to_list(None)
    return found


class MongoTransaction:
    """One open transaction on a session."""

    def __init__(self, database: Any, session: Any) -> None:
        self._database, self._session = database, session

    async def find(self, collection: str, query: Query, *, sort: Sort = (), limit: int = 0) -> list[Document]:
        """See `Reads`."""
        async with understood():
            return await find(self._database[collection], query, sort, limit, self._session)

    async def together(self, *questions: Awaitable[Any]) -> list[Any]:
        """See `Reads`."""
        return await in_turn(questions)

    async def write(self, writes: Sequence[Write]) -> None:
        """See `Transaction`."""
        async with understood():
            await write_all(self._database, self._session, writes)

    async def update(self, collection: str, statements: Sequence[Document]) -> int:
        """See `Transaction`."""
        if not statements:
            return 0
        reply = await self._command(updating(collection, statements))
        return int(reply["n"])

    async def insert(self, collection: str, documents: Sequence[Document]) -> None:
        """See `Transaction`."""
        if documents:
            await self._command(inserting(collection, documents))

    async def delete(self, collection: str, query: Query) -> int:
        """See `Transaction`."""
        reply = await self._command({"delete": collection, "deletes": [{"q": query, "limit": 0}]})
        return int(reply["n"])

    async def _command(self, command: Document) -> Document:
        async with understood():
            reply: Document = await self._database.command(command, session=self._session)
        return checked(reply)


class MongoSession:
    """One session of the driver."""

    def __init__(self, database: Any, session: Any) -> None:
        self._database, self._session = database, session

    @property
    def id(self) -> bytes:
        """See `Session`."""
        return bytes(self._session.session_id["id"])

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MongoTransaction]:
        """See `Session`. We never use `with_transaction`: it retries for up to 120 s and hides outages."""
        async with understood():
            await settled(self._session.start_transaction(read_concern=ReadConcern("snapshot"), write_concern=MAJORITY))
        try:
            yield MongoTransaction(self._database, self._session)
        except BaseException:
            await self._undo()
            raise
        await self._commit()

    async def _undo(self) -> None:
        try:
            await self._session.abort_transaction()
        except PyMongoError:
            return  # the server undoes it by itself when the session is used again or its time is out

    async def _commit(self) -> None:
        try:
            await self._session.commit_transaction()
        except PyMongoError as error:
            if error.has_error_label("UnknownTransactionCommitResult"):
                raise UnknownCommit("the answer to a commit was lost") from error
            raise (translated(error) or error) from error

    async def close(self) -> None:
        """See `Session`."""
        await settled(self._session.end_session())
