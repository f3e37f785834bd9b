"""Lists in pieces: `limit` and an opaque `cursor` that says after which row to go on (keyset paging, never an offset).

@router.get("/{municipality}/contacts")
async def contacts(page: Annotated[Page, Depends(paged(datetime, str))]) -> Listing[ContactOut]:
    rows = await store.newest(after=page.after, limit=page.limit + 1)      # one more tells whether there is more
    return page.listing(rows, key=lambda contact: (contact.registered_at, contact.id))
"""

import hashlib
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query, Request
from pydantic import BaseModel, Field

from shared.contracts.refusal import Invalid
from shared.platform.web import wording

Key = str | int | datetime
Row = TypeVar("Row")
Item = TypeVar("Item")
USUAL, MOST = 20, 100
LONGEST = 2000
CHECK = 8


class Listing(BaseModel, Generic[Item]):
    """One piece of a list; `next` is the cursor of the following piece, null on the last."""

    items: list[Item]
    next: str | None = Field(description="Give it as `cursor` to get the following piece.")


@dataclass(frozen=True, slots=True)
class Page:
    """Which piece is asked for: at most `limit` rows after the row whose sort key is `after` (None: from the start)."""

    limit: int
    after: tuple[Any, ...] | None
    of: str

    def cut(self, rows: Sequence[Row], key: Callable[[Row], tuple[Key, ...]]) -> tuple[list[Row], str | None]:
        """The rows of this piece out of up to `limit + 1`, and the cursor of the next."""
        shown = list(rows[: self.limit])
        return shown, encoded(key(shown[-1]), self.of) if len(rows) > self.limit else None

    def listing(self, rows: Sequence[Item], key: Callable[[Item], tuple[Key, ...]]) -> Listing[Item]:
        """The same as an answer, for rows that are shown as they are."""
        items, following = self.cut(rows, key)
        return Listing(items=items, next=following)


def paged(*kinds: type[Key]) -> Callable[..., Awaitable[Page]]:
    """A dependency for a list sorted by a key of these kinds, each str, int or datetime; the last should be unique.

    A cursor works only for the list (path) that gave it, and a changed one is refused.
    """

    async def page(
        request: Request,
        limit: Annotated[int, Query(ge=1, le=MOST, description="How many at most.")] = USUAL,
        cursor: Annotated[str | None, Query(max_length=LONGEST, description="`next` of the piece before.")] = None,
    ) -> Page:
        of = request.url.path
        return Page(limit, None if cursor is None else decoded(cursor, kinds, of), of)

    return page


def encoded(key: tuple[Key, ...], of: str) -> str:
    """A cursor: base64url of JSON, behind a check that it is whole and of this list."""
    values = [value.isoformat() if isinstance(value, datetime) else value for value in key]
    text = json.dumps(values, separators=(",", ":"))
    return urlsafe_b64encode((_check(text, of) + text).encode()).decode().rstrip("=")


def decoded(cursor: str, kinds: Sequence[type[Key]], of: str) -> tuple[Key, ...]:
    """The sort key that a cursor holds, or Invalid at /query/cursor."""
    try:
        return _read(cursor, kinds, of)
    except (ValueError, RecursionError):
        raise Invalid("wrong-cursor", wording.CURSOR_WRONG.sv, wording.CURSOR_WRONG.en, "/query/cursor") from None


def _read(cursor: str, kinds: Sequence[type[Key]], of: str) -> tuple[Key, ...]:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", cursor):
        raise ValueError("not base64url")
    whole = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    check, text = whole[:CHECK], whole[CHECK:]
    values = json.loads(text)
    if check != _check(text, of) or not isinstance(values, list) or len(values) != len(kinds):
        raise ValueError("not of this list")
    key = tuple(_value(value, kind) for value, kind in zip(values, kinds, strict=True))
    if encoded(key, of) != cursor:
        raise ValueError("not as we write it")
    return key


def _value(value: Any, kind: type[Key]) -> Key:
    if kind is datetime and isinstance(value, str):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("a moment has an offset")
        return moment
    if type(value) is not kind or (isinstance(value, int) and not -(2**63) <= value < 2**63):
        raise ValueError("another kind of value")
    if isinstance(value, str) and "\0" in value.encode().decode():
        raise ValueError("no such text is a key")
    return value


def _check(text: str, of: str) -> str:
    return hashlib.sha256(f"{of}\n{text}".encode()).hexdigest()[:CHECK]
