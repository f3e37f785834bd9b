"""The database server, and each process's connection to it, on which every call may go wrong."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from shared.platform.database import Collection, Document, Query, Sort, Write, in_turn, one_by_one
from shared.platform.errors import LostRace, Taken, TryAgain, UnknownCommit
from shared.platform.memory import MemoryDatabase, MemoryTransaction
from shared.platform.memory_rows import decoded
from tests.simulation.process import Process, Watcher

Done = TypeVar("Done")
NEVER_BACK = {"positions": ("next",), "lanes": ("e", "s")}
LIFETIME = 1.0
"""Seconds after which the server undoes the transaction of a client that is silent."""
LOCK_WAIT = 0.02


class Server(MemoryDatabase):
    """One service's database. It looks at each commit: what is kept never goes back, the journal is never rewritten."""

    def __init__(self, name: str, watcher: Watcher) -> None:
        super().__init__()
        self._name, self._watcher = name, watcher

    def commit(self, work: MemoryTransaction) -> None:
        """See `MemoryDatabase`."""
        written = dict(work.written)
        before = {place: self.rows.get(place[0], {}).get(place[1]) for place in written}
        super().commit(work)
        for (collection, key), row in written.items():
            self._look_at(collection, before[collection, key], row)

    def _look_at(self, collection: str, before: bytes | None, after: bytes | None) -> None:
        if before is None:
            return
        if collection == "journal":
            self._watcher.breach(f"{self._name}: the journal was rewritten")
        if (names := NEVER_BACK.get(collection)) and after is not None:
            old, new = decoded(before), decoded(after)
            if [new.get(name) or 0 for name in names] < [old.get(name) or 0 for name in names]:
                self._watcher.breach(f"{self._name}: {collection} {old['_id']} went back from {old} to {new}")

    def undo(self, work: MemoryTransaction) -> None:
        """Nothing of it is kept, and its locks go."""
        work.undo()
        self.release(work)

    def all(self, collection: str) -> list[Document]:
        """Every document, for the referee."""
        return [decoded(row) for row in self.rows.get(collection, {}).values()]


class Connection:
    """The database as one process reaches it."""

    def __init__(self, server: Server, process: Process) -> None:
        self._server, self._process = server, process

    async def call(self, what: str, effect: Callable[[], Awaitable[Done]]) -> Done:
        """One call there and back."""
        kind = await self._process.arrive(what)
        if kind in ("cut before", "race"):
            raise TryAgain("the line was cut")
        done = await effect()
        await self._process.answered(kind)
        if kind == "cut after":
            raise TryAgain("the answer was lost")
        return done

    async def find(self, collection: str, query: Query, *, sort: Sort = (), limit: int = 0) -> list[Document]:
        """See `Reads`."""
        return await self.call(
            f"find {collection}", lambda: self._server.find(collection, query, sort=sort, limit=limit)
        )

    async def together(self, *questions: Awaitable[Any]) -> list[Any]:
        """See `Reads`. One after the other: each may go wrong by itself, where MongoDB would be asked once for all."""
        return await in_turn(questions)

    async def session(self) -> "Session":
        """See `Database`."""
        return Session(self._server, self._process, (await self._server.session()).id)

    async def end_session(self, session_id: bytes) -> None:
        """See `Database`."""
        await self.call("end session", lambda: self._server.end_session(session_id))

    async def change(
        self, collection: str, query: Query, change: Mapping[str, Any], *, upsert: bool = False
    ) -> Document | None:
        """See `Database`."""
        statement = {"q": query, "u": change, "upsert": upsert, "multi": False}

        async def one(work: MemoryTransaction) -> Document | None:
            await work.update(collection, [statement])
            return work.last

        try:
            return await self.call(f"change {collection}", lambda: self._at_once(one))
        except Taken:
            return None

    async def delete(self, collection: str, query: Query) -> int:
        """See `Database`."""
        return await self.call(
            f"delete {collection}", lambda: self._at_once(lambda work: work.delete(collection, query))
        )

    async def _at_once(self, action: Callable[[MemoryTransaction], Awaitable[Done]]) -> Done:
        """Outside a transaction one waits until others let go of their locks."""
        while True:
            work = MemoryTransaction(self._server)
            try:
                done = await action(work)
                self._server.commit(work)
                return done
            except Taken:
                raise
            except LostRace:
                await asyncio.sleep(LOCK_WAIT)
                self._process.check()
            finally:
                self._server.release(work)

    async def count(self, collection: str, query: Query, *, limit: int = 0) -> int:
        """See `Database`."""
        return await self.call(f"count {collection}", lambda: self._server.count(collection, query, limit=limit))

    async def prepare(self, collections: Sequence[Collection]) -> None:
        """See `Database`."""

    async def check(self) -> None:
        """See `Database`."""

    async def close(self) -> None:
        """See `Database`."""


class Session:
    """A session as one process holds it."""

    def __init__(self, server: Server, process: Process, session_id: bytes) -> None:
        self._server, self._process, self.id = server, process, session_id
        process.on_silence.append(self._left_alone)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["InTransaction"]:
        """See `Session`."""
        work = MemoryTransaction(self._server)
        self._server.opened[self.id] = work
        try:
            yield InTransaction(self._server, self._process, work)
            await self._commit(work)
        finally:
            if not self._process.dead:
                self._server.undo(work)

    async def _commit(self, work: MemoryTransaction) -> None:
        kind = await self._process.arrive("commit")
        if kind == "cut before":
            raise UnknownCommit("the line was cut")
        if kind == "race":
            raise LostRace("the server has undone it")
        self._server.commit(work)
        self._server.release(work)
        await self._process.answered(kind)
        if kind == "cut after":
            raise UnknownCommit("the answer was lost")

    def _left_alone(self) -> None:
        work = self._server.opened.get(self.id)
        if work is not None:
            self._process.loop.call_later(LIFETIME, self._too_old, work)

    def _too_old(self, work: MemoryTransaction) -> None:
        if self._process.silent:
            self._server.undo(work)

    async def close(self) -> None:
        """See `Session`."""
        if self._left_alone in self._process.on_silence:
            self._process.on_silence.remove(self._left_alone)


class InTransaction:
    """A transaction, each call of which travels."""

    def __init__(self, server: Server, process: Process, work: MemoryTransaction) -> None:
        self._connection, self._process, self._work = Connection(server, process), process, work

    async def _call(self, what: str, effect: Callable[[], Awaitable[Done]]) -> Done:
        return await self._connection.call(what, effect)

    async def find(self, collection: str, query: Query, *, sort: Sort = (), limit: int = 0) -> list[Document]:
        """See `Reads`."""
        return await self._call(
            f"find {collection} *", lambda: self._work.find(collection, query, sort=sort, limit=limit)
        )

    async def together(self, *questions: Awaitable[Any]) -> list[Any]:
        """See `Reads`."""
        return await in_turn(questions)

    async def write(self, writes: Sequence[Write]) -> None:
        """See `Transaction`."""
        await one_by_one(self, writes)

    async def update(self, collection: str, statements: Sequence[Document]) -> int:
        """See `Transaction`."""
        if not statements:
            return 0
        return await self._raced(f"update {collection} *", lambda: self._work.update(collection, statements))

    async def insert(self, collection: str, documents: Sequence[Document]) -> None:
        """See `Transaction`."""
        if documents:
            await self._raced(f"insert {collection} *", lambda: self._work.insert(collection, documents))

    async def delete(self, collection: str, query: Query) -> int:
        """See `Transaction`."""
        return await self._raced(f"delete {collection} *", lambda: self._work.delete(collection, query))

    async def _raced(self, what: str, effect: Callable[[], Awaitable[Done]]) -> Done:
        """A write: the server may undo the whole transaction at it."""
        kind = await self._process.arrive(what)
        if kind == "cut before":
            raise TryAgain("the line was cut")
        if kind == "race":
            raise LostRace("the server has undone it")
        done = await effect()
        await self._process.answered(kind)
        if kind == "cut after":
            raise TryAgain("the answer was lost")
        return done
