"""How the oldest of a collection are asked for: by a moment or a day, and then by id."""

from collections.abc import Mapping
from typing import Any

from shared.platform.keyset import beyond


def oldest(municipality: str, member: str, before: str, after: tuple[Any, ...] | None) -> Mapping[str, Any]:
    """The query of what has its moment, as documents keep it, before another one; after a row of the page before."""
    if after is None:
        return {"municipality": municipality, member: {"$gt": "", "$lt": before}}
    return {
        "municipality": municipality,
        member: {"$gte": after[0], "$lt": before},
        **beyond(after, member, "$gt"),
    }
