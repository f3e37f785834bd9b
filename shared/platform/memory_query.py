"""The part of MongoDB's query and update language that the fake knows; the rest it refuses loudly."""

from collections.abc import Callable, Mapping
from datetime import datetime
from operator import ge, gt, le, lt
from typing import Any

from bson import Int64, ObjectId

from shared.platform.errors import Unwritable

Document = dict[str, Any]
_MISSING = object()


def value_at(document: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path, or a mark that it is missing."""
    here: Any = document
    for name in path.split("."):
        if not isinstance(here, dict) or name not in here:
            return _MISSING
        here = here[name]
    return here


def sort_key(document: Mapping[str, Any], path: str) -> Any:
    """A value to sort by: types in MongoDB's order, missing as null, embedded documents by their values."""
    value = value_at(document, path)
    return _ordered(None if value is _MISSING else value)


def distinct(value: Any) -> Any:
    """A value as a dictionary's key: 1 and 1.0 are the same, 1 and True are not."""
    return _ordered(value)


def _ordered(value: Any) -> Any:
    if type(value) in _PLAIN:
        return _RANKS[type(value)], value
    if isinstance(value, dict):
        return _rank(value), tuple((_rank(held), name, _ordered(held)) for name, held in value.items())
    if isinstance(value, list):
        return _rank(value), tuple(_ordered(held) for held in value)
    return (_rank(value),) if value is None else (_rank(value), value)


_KINDS: tuple[tuple[type[Any], ...], ...] = (
    (type(None),),
    (int, float, Int64),
    (str,),
    (dict,),
    (list,),
    (bytes,),
    (ObjectId,),
    (bool,),
    (datetime,),
)
_RANKS = {kind: rank for rank, kinds in enumerate(_KINDS) for kind in kinds}
_PLAIN = _RANKS.keys() - {type(None), dict, list}
"""Kinds whose values are compared as they are."""


def _rank(value: Any) -> int:
    """Where the value's type stands among BSON's types."""
    rank = _RANKS.get(type(value))
    if rank is None:  # perhaps a kind of one of them
        rank = next((known for kind, known in _RANKS.items() if isinstance(value, kind)), None)
    if rank is None:
        raise TypeError(f"the fake database does not know {type(value).__name__}")
    return rank


def _compare(compared: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def holds(value: Any, wanted: Any) -> bool:
        if value is _MISSING or _rank(value) != _rank(wanted):
            return False
        return compared(_ordered(value), _ordered(wanted))

    return holds


def _equal(value: Any, wanted: Any) -> bool:
    if wanted is None and value is _MISSING:
        return True
    if value is _MISSING:
        return False
    if type(value) is type(wanted) and type(value) in _PLAIN:
        return bool(value == wanted)
    return _ordered(value) == _ordered(wanted) or (
        isinstance(value, list) and any(_equal(one, wanted) for one in value)
    )


_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$eq": _equal,
    "$ne": lambda value, wanted: not _equal(value, wanted),
    "$in": lambda value, wanted: any(_equal(value, one) for one in wanted),
    "$nin": lambda value, wanted: not any(_equal(value, one) for one in wanted),
    "$lt": _compare(lt),
    "$lte": _compare(le),
    "$gt": _compare(gt),
    "$gte": _compare(ge),
    "$exists": lambda value, wanted: (value is not _MISSING) is bool(wanted),
}


def matches(document: Mapping[str, Any], query: Mapping[str, Any]) -> bool:
    """Whether a document matches; TypeError for an operator that the fake does not know."""
    for name, wanted in query.items():
        if name == "$or":
            if not any(matches(document, one) for one in wanted):
                return False
        elif not _holds(value_at(document, name), wanted):
            return False
    return True


def _holds(value: Any, wanted: Any) -> bool:
    if not _is_operator(wanted):
        return _equal(value, wanted)
    for operator, operand in wanted.items():
        if operator not in _OPERATORS:
            raise TypeError(f"the fake database does not know {operator}")
        if not _OPERATORS[operator](value, operand):
            return False
    return True


def changed(
    document: Document, change: Mapping[str, Any], query: Mapping[str, Any], *, inserting: bool = False
) -> Document:
    """The document after a replacement or after $set, $inc, $unset, $setOnInsert."""
    seed = {k: v for k, v in query.items() if not k.startswith("$") and not _is_operator(v)} if inserting else document
    if not any(key.startswith("$") for key in change):
        return _same_id(document, {"_id": seed.get("_id", change.get("_id")), **change})
    result = dict(seed)
    for operator, members in change.items():
        if any("." in name for name in members):
            raise TypeError("the fake database does not know changes at dotted paths")
        _apply(result, operator, members, inserting)
    return _same_id(document, result)


def is_idle_when_same(change: Mapping[str, Any]) -> bool:
    """Whether a change that changes nothing is no write and meets nobody: all but a replacement without its _id."""
    return "_id" in change or any(name.startswith("$") for name in change)


def _same_id(before: Document, after: Document) -> Document:
    if "_id" in before and not _equal(before["_id"], after["_id"]):
        raise Unwritable("an _id never changes")
    return after


def _is_operator(value: Any) -> bool:
    return isinstance(value, dict) and any(str(key).startswith("$") for key in value)


def _apply(result: Document, operator: str, members: Mapping[str, Any], inserting: bool) -> None:
    if operator == "$set" or (operator == "$setOnInsert" and inserting):
        result.update(members)
    elif operator == "$inc":
        result.update({name: _sum(result.get(name, 0), by) for name, by in members.items()})
    elif operator == "$unset":
        for name in members:
            result.pop(name, None)
    elif operator != "$setOnInsert":
        raise TypeError(f"the fake database does not know {operator}")


def _sum(value: Any, by: Any) -> Any:
    if _rank(value) != _rank(0):
        raise Unwritable("only a number can be added to")
    return value + by
