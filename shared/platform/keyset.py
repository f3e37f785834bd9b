"""Keyset paging: what lies beyond the last row of the page before, by one member and then by another."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from shared.platform.store import kept_moment

Beyond = Literal["$lt", "$gt"]


def beyond(after: tuple[Any, ...] | None, member: str, sign: Beyond, then: str = "_id") -> Mapping[str, Any]:
    """The condition for `after` = (the last row's `member`, its `then`); none on the first page."""
    if after is None:
        return {}
    place, last = after
    at = kept_moment(place) if isinstance(place, datetime) else place
    return {"$or": [{member: {sign: at}}, {member: at, then: {sign: last}}]}
