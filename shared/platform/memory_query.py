"""The part of MongoDB's query and update language that the fake knows; the rest it refuses loudly."""

from collections.abc import Callable, Mapping
from typing import Any

Document = dict[str, Any]
_MISSING = object()


def value_at(document: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path, or a mark that it is missing."""
    here: Any = document
    for name in path.split("."):
        if not isinstance(here, Mapping) or name not in here:
            return _MISSING
        here = here[name]
    return here


def sort_key(document: Mapping[str, Any], path: str) -> Any:
    """A value to sort by: missing and null first, embedded documents by their values."""
    value = value_at(document, path)
    return (0, 0) if value is _MISSING or value is None else (1, _ordered(value))


def _ordered(value: Any) -> Any:
    return tuple(value.values()) if isinstance(value, Mapping) else value


def _compare(name: str) -> Callable[[Any, Any], bool]:
    def compared(value: Any, wanted: Any) -> bool:
        if value is _MISSING or value is None:
            return False
        try:
            return bool(getattr(_ordered(value), name)(_ordered(wanted)) is True)
        except TypeError:
            return False

    return compared


def _equal(value: Any, wanted: Any) -> bool:
    if wanted is None:
        return value is None or value is _MISSING
    return bool(value == wanted or (isinstance(value, list) and wanted in value))


_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$eq": _equal,
    "$ne": lambda value, wanted: not _equal(value, wanted),
    "$in": lambda value, wanted: any(_equal(value, one) for one in wanted),
    "$nin": lambda value, wanted: not any(_equal(value, one) for one in wanted),
    "$lt": _compare("__lt__"),
    "$lte": _compare("__le__"),
    "$gt": _compare("__gt__"),
    "$gte": _compare("__ge__"),
    "$exists": lambda value, wanted: (value is not _MISSING) is bool(wanted),
}


def matches(document: Mapping[str, Any], query: Mapping[str, Any]) -> bool:
    """Whether a document matches; NotImplementedError-like TypeError for an operator the fake does not know."""
    for name, wanted in query.items():
        if name == "$or":
            if not any(matches(document, one) for one in wanted):
                return False
        elif not _holds(value_at(document, name), wanted):
            return False
    return True


def _holds(value: Any, wanted: Any) -> bool:
    if not (isinstance(wanted, Mapping) and any(str(key).startswith("$") for key in wanted)):
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
        return {"_id": seed["_id"], **change}
    result = dict(seed)
    for operator, members in change.items():
        _apply(result, operator, members, inserting)
    return result


def _is_operator(value: Any) -> bool:
    return isinstance(value, Mapping) and any(str(key).startswith("$") for key in value)


def _apply(result: Document, operator: str, members: Mapping[str, Any], inserting: bool) -> None:
    if operator == "$set" or (operator == "$setOnInsert" and inserting):
        result.update(members)
    elif operator == "$inc":
        result.update({name: result.get(name, 0) + by for name, by in members.items()})
    elif operator == "$unset":
        for name in members:
            result.pop(name, None)
    elif operator != "$setOnInsert":
        raise TypeError(f"the fake database does not know {operator}")
