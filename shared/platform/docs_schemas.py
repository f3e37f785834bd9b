"""The JSON Schema of each event's data, and the same as rows for people."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.contracts.catalogue import all_events
from shared.contracts.event import Event
from shared.platform.cloudevents import schema_of

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One member of an event's data: its path, what it holds, whether it must be there, and its bounds."""

    path: str
    kind: str
    required: bool
    bounds: str


def schema_files() -> dict[str, str]:
    """The schema of each event that has data, by its file under docs/."""
    return {
        f"schemas/{event.type}.json": json.dumps(json_schema(event), ensure_ascii=False, indent=2) + "\n"
        for event in all_events()
        if not event.tombstone
    }


def json_schema(event: type[Event]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of an event's data."""
    named = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": schema_of(event)}
    return named | untitled(event.model_json_schema())


def untitled(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without the titles that only repeat each member's name."""
    return {
        key: untitled(value)
        if isinstance(value, dict)
        else [_each(item) for item in value]
        if isinstance(value, list)
        else value
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
    }


def _each(item: Any) -> Any:
    return untitled(item) if isinstance(item, dict) else item


def fields(schema: Schema, parts: Schema, path: str = "") -> Iterator[Field]:
    """The members that a schema describes, those of its parts under their paths."""
    for name, member in schema.get("properties", {}).items():
        here = _held(member, parts)
        yield Field(f"{path}{name}", _kind(here, parts), name in schema.get("required", ()), _bounds(here, parts))
        inner = _held(here.get("items", {}), parts) if here.get("type") == "array" else here
        yield from fields(inner, parts, f"{path}{name}{'[]' if inner is not here else ''}.")


def _held(member: Schema, parts: Schema) -> Schema:
    """What a member holds when it is not null, with a reference followed."""
    for choice in member.get("anyOf", ()):
        if choice.get("type") != "null":
            return {**member, **_held(choice, parts)}
    name = str(member.get("$ref", "")).rpartition("/")[2]
    return {**member, **parts[name]} if name else member


def _kind(member: Schema, parts: Schema) -> str:
    if member.get("type") == "array":
        return f"list of {_kind(_held(member['items'], parts), parts)}"
    return str(_FORMATS.get(member.get("format", ""), _KINDS.get(member.get("type", ""), "any")))


def _bounds(member: Schema, parts: Schema) -> str:
    if member.get("type") == "array":
        inner = _bounds(_held(member["items"], parts), parts)
        return "; ".join(text for text in (_span(member, "Items", "items"), inner) if text)
    told = (
        member["description"] if member.get("type") != "object" and "description" in member else "",
        " ".join(f"`{choice}`" for choice in member.get("enum", ())),
        _span(member, "Length", "characters"),
        _span(member, "imum", ""),
        f"`{member['pattern']}`" if "pattern" in member and "description" not in member else "",
        f"`{member['default']}` when absent" if member.get("default") not in (None, []) else "",
    )
    return "; ".join(text for text in told if text)


def _span(member: Schema, measure: str, unit: str) -> str:
    least, most = member.get(f"min{measure}"), member.get(f"max{measure}")
    if least is None and most is None:
        return ""
    text = f"at least {least}" if most is None else f"at most {most}" if least is None else f"{least} to {most}"
    return f"{text} {unit}".strip()


_FORMATS = {"date-time": "moment", "date": "date"}
_KINDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "object",
}
