"""Recalling: after a restore, a service is told what it had said in the lost time, before it begins to work.

What it has done out in the world stands, although its database knows nothing of it: a service that declares
`bus.recall` for a kind of its own events can take that into account. Each is recalled once.
"""

import logging
from collections.abc import Mapping

from shared.platform.cloudevents import decode
from shared.platform.database import Document, Transaction, statement
from shared.platform.handlers import Handler, Origin
from shared.platform.hearing import Hearing
from shared.platform.lost import LOST
from shared.platform.outbox import Cause
from shared.platform.understand import read_event
from shared.platform.unit import Unit, write_matching

AT_ONCE = 200

log = logging.getLogger("kommunkontakt.recall")


async def recall(hearing: Hearing, handlers: Mapping[str, Handler]) -> None:
    """Recall all that is left; LostRace when another instance does the same."""
    if not handlers:
        return
    left = {"recalled": False, "type": {"$in": sorted(handlers)}}
    while rows := await hearing.database.find(LOST.name, left, sort=(("_id", 1),), limit=AT_ONCE):
        await _recall_some(hearing, handlers, rows)
        log.info("recalled what was said before the restore", extra={"count": len(rows)})


async def _recall_some(hearing: Hearing, handlers: Mapping[str, Handler], rows: list[Document]) -> None:
    session = await hearing.database.session()
    try:
        async with session.transaction() as transaction:
            unit = hearing.unit(transaction)
            for row in rows:
                await _act(unit, handlers[row["type"]], row)
            await unit.write(transaction)
            await _note(transaction, rows)
    finally:
        await session.close()


async def _act(unit: Unit, handler: Handler, row: Document) -> None:
    headers = [(name, bytes(value)) for name, value in row["headers"].items()]
    envelope, body = decode(headers, None if row["value"] is None else bytes(row["value"]))
    origin = Origin(envelope.municipality or "", None, envelope.id)
    await handler(read_event(handler.kind, envelope, body), unit, envelope, origin)
    unit.merge(Cause.of(envelope))


async def _note(transaction: Transaction, rows: list[Document]) -> None:
    noted = [statement({"_id": row["_id"], "recalled": False}, {"$set": {"recalled": True}}) for row in rows]
    await write_matching(transaction, LOST.name, noted)
