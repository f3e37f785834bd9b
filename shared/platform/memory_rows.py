"""Rows of the fake database: documents as BSON, so that it refuses what MongoDB refuses and gives out copies."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from functools import lru_cache
from typing import Any

import bson
from bson.codec_options import CodecOptions

from shared.platform.database import Document, Query, Sort
from shared.platform.errors import Unwritable
from shared.platform.memory_query import distinct, matches, sort_key

LARGEST_DOCUMENT = 16 * 1024 * 1024
LARGEST_COMMAND = LARGEST_DOCUMENT + 16_000
_CODEC: CodecOptions[Document] = CodecOptions(tz_aware=True, tzinfo=UTC)
Rows = dict[Any, bytes]


def encoded(document: Mapping[str, Any]) -> bytes:
    """A document as a row, or Unwritable."""
    try:
        return bson.encode(document, codec_options=_CODEC)
    except (OverflowError, bson.errors.BSONError, ValueError, TypeError, RecursionError) as error:
        raise Unwritable(f"the database does not take this content ({type(error).__name__})") from error


def decoded(row: bytes) -> Document:
    """The document of a row, a new copy."""
    return bson.decode(row, codec_options=_CODEC)


@lru_cache(maxsize=4096)
def _seen(row: bytes) -> Document:
    """The document of a row, only to look at."""
    return decoded(row)


def command(parts: Sequence[Document]) -> list[Document]:
    """The parts of a command as they are once they have gone over the line."""
    sent = [encoded(part) for part in parts]
    if sum(map(len, sent)) > LARGEST_COMMAND:
        raise Unwritable("the command is larger than 16 MB")
    return [decoded(one) for one in sent]


def as_sent(content: Mapping[str, Any]) -> Document:
    """As it is once it has gone over the line: moments in milliseconds, tuples as lists, or Unwritable."""
    return decoded(encoded(content))


def candidates(rows: Rows, query: Query) -> Iterable[bytes]:
    """The rows that can match: those under the ids that the query names, or all."""
    wanted = query.get("_id")
    ids = wanted["$in"] if isinstance(wanted, dict) and wanted.keys() == {"$in"} else [wanted]
    if not all(isinstance(one, str) for one in ids):
        return rows.values()
    return [rows[key] for key in dict.fromkeys(map(distinct, ids)) if key in rows]


def selected(rows: Iterable[bytes], query: Query, sort: Sort, limit: int) -> list[Document]:
    """Copies of what matches among the rows."""
    wanted = as_sent(query)
    found = [row for row in rows if matches(_seen(row), wanted)]
    for name, direction in reversed(sort):
        found.sort(key=lambda row, name=name: sort_key(_seen(row), name), reverse=direction < 0)  # type: ignore[misc]
    return [decoded(row) for row in (found[:limit] if limit else found)]
