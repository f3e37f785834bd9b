"""Several writes of a transaction, one command each.

With motor they are one job of one thread: else it hands each command to a thread, and the two wait for each other every
time, which costs half as much as the command itself.
"""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from shared.platform.database import Document, Write
from shared.platform.errors import LostRace
from shared.platform.mongo_errors import by_code


async def write_all(database: Any, session: Any, writes: Sequence[Write]) -> None:
    """All of them in their order, by either driver, whose errors pass through; LostRace when one does not match."""
    if hasattr(session, "delegate"):  # what motor stands around
        await _as_one_job(database.delegate, session.delegate, writes)
        return
    for one, command in _commands(writes):
        done(one, await database.command(command, session=session))


async def _as_one_job(database: Any, session: Any, writes: Sequence[Write]) -> None:
    """When we are called away the command in hand ends first: sent after the transaction, it would stand alone."""
    gone = threading.Event()
    job = asyncio.ensure_future(asyncio.to_thread(_write, database, session, writes, gone))
    try:
        await asyncio.shield(job)
    except asyncio.CancelledError:
        gone.set()
        await asyncio.gather(job, return_exceptions=True)
        raise


def _write(database: Any, session: Any, writes: Sequence[Write], gone: threading.Event) -> None:
    for one, command in _commands(writes):
        if gone.is_set():
            return
        done(one, database.command(command, session=session))


def _commands(writes: Sequence[Write]) -> Iterator[tuple[Write, Document]]:
    for collection, new, matching in writes:
        if new:
            yield Write(collection, new=new), inserting(collection, new)
        if matching:
            yield Write(collection, matching=matching), updating(collection, matching)


def inserting(collection: str, documents: Sequence[Document]) -> Document:
    """The command that adds documents."""
    return {"insert": collection, "documents": list(documents), "ordered": True}


def updating(collection: str, statements: Sequence[Document]) -> Document:
    """The command that runs statements, each of which sees the one before."""
    return {"update": collection, "updates": list(statements), "ordered": True}


def checked(reply: Document) -> Document:
    """What the server replied, or the error that stands in it as ours."""
    if errors := reply.get("writeErrors"):
        raise by_code(errors[0]["code"])
    return reply


def done(one: Write, reply: Document) -> None:
    """One of them has been carried out, or our error tells why not."""
    if checked(reply)["n"] != len(one.matching) and one.matching:
        raise LostRace(f"{one.collection} has moved on")
