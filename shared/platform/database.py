"""What the platform asks of a database: a port small enough that its fake is a dictionary."""

import asyncio
from collections.abc import Awaitable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from shared.platform.errors import LostRace

Document = dict[str, Any]
Query = Mapping[str, Any]
Sort = Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Index:
    """One index of a collection: `fields` as (name, 1 or -1), perhaps unique, partial or expiring."""

    fields: tuple[tuple[str, int], ...]
    unique: bool = False
    where: Mapping[str, Any] | None = None
    expires_after_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection: its name, its indexes, and whether documents lie in the order of their `_id`."""

    name: str
    indexes: tuple[Index, ...] = ()
    clustered: bool = False


def statement(query: Query, change: Mapping[str, Any], *, upsert: bool = False, multi: bool = False) -> Document:
    """One statement of an update command: `change` is a whole document or operators such as $set."""
    return {"q": query, "u": change, "upsert": upsert, "multi": multi}


class Reads(Protocol):
    """Something that documents can be read from: the database itself, or a transaction on it."""

    async def find(self, collection: str, query: Query, *, sort: Sort = (), limit: int = 0) -> list[Document]:
        """All documents that match, as copies that may be changed."""
        ...

    async def together(self, *questions: Awaitable[Any]) -> list[Any]:
        """The answers to several questions: at the same time, where that is allowed; the first error passes through."""
        ...


async def at_once(questions: Sequence[Awaitable[Any]]) -> list[Any]:
    """All at the same time, as a database allows; after an error the others are waited for, and their answers lost."""
    answers = await asyncio.gather(*questions, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return answers


async def in_turn(questions: Sequence[Awaitable[Any]]) -> list[Any]:
    """One after the other, as a transaction wants it; after an error the others are not asked."""
    waiting = iter(questions)
    try:
        return [await question for question in waiting]
    finally:
        for question in waiting:
            if isinstance(question, Coroutine):
                question.close()


class Write(NamedTuple):
    """One of several writes: documents that are new to a collection, and statements that must all match there."""

    collection: str
    new: Sequence[Document] = ()
    matching: Sequence[Document] = ()


class Transaction(Reads, Protocol):
    """All or nothing. Raises LostRace, Unwritable or TryAgain; after any of them nothing of it was kept."""

    async def write(self, writes: Sequence[Write]) -> None:
        """All of these in their order; LostRace when a statement of one does not match."""
        ...

    async def update(self, collection: str, statements: Sequence[Document]) -> int:
        """Run the statements in one command and return how many documents were matched or inserted."""
        ...

    async def insert(self, collection: str, documents: Sequence[Document]) -> None:
        """Insert in one command; an `_id` that is there already raises LostRace."""
        ...

    async def delete(self, collection: str, query: Query) -> int:
        """Delete all that match and return how many."""
        ...


async def one_by_one(transaction: Transaction, writes: Sequence[Write]) -> None:
    """Each write as a call of its own."""
    for collection, new, matching in writes:
        if new:
            await transaction.insert(collection, new)
        if matching and await transaction.update(collection, matching) != len(matching):
            raise LostRace(f"{collection} has moved on")


class Session(Protocol):
    """A place for transactions, one after the other, with an id by which a successor can end what was left open."""

    @property
    def id(self) -> bytes:
        """The session's id, as `Database.end_session` takes it."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """A transaction that is committed at the end of the block, majority acknowledged, or wholly undone."""
        ...

    async def close(self) -> None:
        """Give the session back."""
        ...


class Database(Reads, Protocol):
    """One service's database."""

    async def session(self) -> Session:
        """A new session."""
        ...

    async def end_session(self, session_id: bytes) -> None:
        """End a session of a predecessor: its open transaction is undone and its locks go."""
        ...

    async def change(
        self, collection: str, query: Query, change: Mapping[str, Any], *, upsert: bool = False
    ) -> Document | None:
        """Change one document and return it as it became; None when nothing matched (or an upsert lost a race)."""
        ...

    async def delete(self, collection: str, query: Query) -> int:
        """Delete all that match and return how many."""
        ...

    async def count(self, collection: str, query: Query, *, limit: int = 0) -> int:
        """How many match; with a limit, counting stops there."""
        ...

    async def prepare(self, collections: Sequence[Collection]) -> None:
        """Create what is missing among collections and indexes; idempotent."""
        ...

    async def check(self) -> None:
        """Raise TryAgain when away, WrongSetting when it is no replica set (transactions need one)."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
