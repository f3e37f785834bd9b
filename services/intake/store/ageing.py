"""How the oldest of a collection are asked for: by a moment or a day, and then by id."""

from collections.abc import Mapping
from typing import Any


def oldest(municipality: str, member: str, before: str, after: tuple[Any, ...] | None) -> Mapping[str, Any]:
    """The query of what has its moment, as documents keep it, before another one; after a row of the page before."""
    if after is None:
        return {"municipality": municipality, member: {"$gt": "", "$lt": before}}
    place, last = after
    return {
        "municipality": municipality,
        member: {"$gte": place, "$lt": before},
        "$or": [{member: {"$gt": place}}, {member: place, "_id": {"$gt": last}}],
    }
