"""One JSON line an event, on standard error, with the correlation id and without personal data.

Every line has `at`, `level`, `service`, `logger`, `message` and, inside a story, `correlation_id`. More is written with
`extra=`, and only the names in FIELDS get through. Of an exception we write its type, where it was raised and a hash
of that place; its text only when the class is our own, because the text of others may quote what a person wrote.
"""

import hashlib
import json
import logging
import sys
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TextIO

FIELDS = frozenset(
    "attempt batch channel collection count door event_id event_type group instance lane lease listener "  # noqa: SIM905
    "method milliseconds municipality offset parking_id partition place port publisher reason rejection_id "
    "seconds state status subject timer topic version".split()
)
OURS = ("shared", "services", "__main__", "kommunkontakt")
QUIET = {
    "aiokafka": logging.WARNING,
    "faststream": logging.WARNING,
    "pymongo": logging.WARNING,
    "httpx": logging.WARNING,
}
LONGEST = 1000
DEEPEST = 12

correlation_id: ContextVar[str | None] = ContextVar("correlation_id", default=None)
traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)


@dataclass(frozen=True, slots=True)
class Trace:
    """Where an error comes from: its type, the innermost places (`module:function:line`) and a short hash of all."""

    type: str
    places: tuple[str, ...]
    hash: str


def trace_of(error: BaseException) -> Trace:
    """Describe an error without a word of its text; the same bug of the same release gives the same hash."""
    frames = traceback.walk_tb(error.__traceback__)
    places = tuple(f"{f.f_globals.get('__name__', '?')}:{f.f_code.co_name}:{line}" for f, line in frames)
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    digest = hashlib.sha256("\n".join((kind, *places)).encode(errors="replace")).hexdigest()
    return Trace(kind, places[-DEEPEST:], digest[:16])


class JsonLines(logging.Formatter):
    """Makes one line of JSON of a record, whatever the record holds."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """The line, in ASCII."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "service": self._service,
            "logger": record.name,
            "message": _message(record),
        }
        if story := correlation_id.get():
            line["correlation_id"] = story
        line |= {name: _plain(value) for name, value in vars(record).items() if name in FIELDS}
        if record.exc_info and (error := record.exc_info[1]):
            line["error"] = _error(error)
        return json.dumps(line)


def configure(service: str, level: str = "info", stream: TextIO | None = None) -> None:
    """Send every logger of the process through JsonLines, and libraries only when they warn.

    Start uvicorn with `log_config=None`, so that it leaves this alone. Its access log is silenced: the doors write a
    line of their own, which has no query string.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines(service))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in list(logging.root.manager.loggerDict):
        other = logging.getLogger(name)
        other.handlers.clear()
        other.propagate = True
    for name, lowest in QUIET.items():
        logging.getLogger(name).setLevel(lowest)
    logging.getLogger("uvicorn.access").propagate = False
    logging.getLogger("uvicorn.access").addHandler(logging.NullHandler())
    logging.captureWarnings(True)
    logging.raiseExceptions = False


def _message(record: logging.LogRecord) -> str:
    try:
        text = record.getMessage()
    except (TypeError, ValueError, KeyError):
        text = str(record.msg)
    # the later lines of what libraries write quote exceptions and locals
    return (text if _is_ours(record.name) else text.partition("\n")[0])[:LONGEST]


def _error(error: BaseException) -> Mapping[str, Any]:
    trace = trace_of(error)
    told = {"type": trace.type, "places": list(trace.places), "hash": trace.hash}
    return told | {"text": str(error)[:LONGEST]} if _is_ours(type(error).__module__) else told


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] in OURS


def _plain(value: Any) -> str | int | float | None:
    if value is None or (isinstance(value, int) and abs(value) < 2**64):
        return value
    if isinstance(value, float):
        return round(value, 6) if abs(value) < 1e300 else str(value)
    return (value if isinstance(value, str) else type(value).__name__)[:LONGEST]
