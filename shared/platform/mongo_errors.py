"""What the driver's errors mean to us: away, lost to another, or content that MongoDB will never take."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bson.errors import BSONError
from pymongo.errors import ConnectionFailure, DocumentTooLarge, ExecutionTimeout, OperationFailure, PyMongoError

from shared.platform.errors import LostRace, Taken, TryAgain, Unwritable

DUPLICATE_KEY = 11000
CONFLICTS = {24, 112, 206, 225, 237, 246, 251, 256, 267, 290, 11601}
"""LockTimeout, WriteConflict, SnapshotUnavailable, a transaction or a cursor that was ended (killSessions interrupts
what is under way with 11601): the same again may work at once."""
AWAY = {
    *(6, 7, 13, 18, 43, 50, 63, 64, 89, 91, 100, 133, 134, 175, 189, 202, 262, 279, 314, 317, 355, 365),
    *(9001, 10107, 11600, 11602, 13388, 13435, 13436, 14031),
}
"""No right, no login, time-outs, a broken line, shutting down, not primary, too few members, disk full: nothing is
wrong with what was written."""
REFUSED_HERE = (DocumentTooLarge, BSONError, OverflowError, ValueError, TypeError, RecursionError)
"""What the driver raises for content that it cannot write as BSON, or read."""


def translated(error: BaseException) -> Exception | None:
    """What an error of the driver means to us; None when it is not the driver's."""
    if isinstance(error, ConnectionFailure | ExecutionTimeout):
        return TryAgain(f"MongoDB is away ({type(error).__name__})")
    if isinstance(error, OperationFailure):
        return by_code(error.code, error)
    if isinstance(error, REFUSED_HERE):
        return Unwritable(f"MongoDB does not take this content ({type(error).__name__})")
    if isinstance(error, PyMongoError):
        return TryAgain(f"MongoDB answered {type(error).__name__}")
    return None


def by_code(code: int | None, error: OperationFailure | None = None) -> Exception:
    """What a code of the server means to us."""
    if code == DUPLICATE_KEY:
        return Taken("MongoDB has this id, or a value that must be unique, already")
    if code in CONFLICTS or (error is not None and error.has_error_label("TransientTransactionError")):
        return LostRace(f"MongoDB code {code}")
    if code in AWAY:
        return TryAgain(f"MongoDB answered code {code}")
    return Unwritable(f"MongoDB refuses this content (code {code})")


@asynccontextmanager
async def understood() -> AsyncIterator[None]:
    """Calls of the driver in this block raise our errors."""
    try:
        yield
    except Exception as error:
        meaning = translated(error)
        if meaning is None:
            raise
        raise meaning from error
