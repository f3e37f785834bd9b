"""CloudEvents 1.0 on Kafka: our events to records (binary mode), anybody's records to events (both modes)."""

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple

from shared.contracts.event import Event
from shared.platform.cloudevents_reasons import Why
from shared.platform.cloudevents_rules import (
    CORE,
    GREATEST,
    LONGEST,
    OURS,
    REQUIRED,
    RULES,
    check_names,
    checked,
    is_json,
    media_type,
    moment,
    pointed,
    refuse,
)
from shared.platform.errors import NotAnEvent

__all__ = ["SCHEMAS", "Envelope", "Headers", "decode", "encode", "glimpse", "moment", "schema_of", "timestamp"]

Headers = Sequence[tuple[str, bytes | None]]

SCHEMAS = "https://kommunkontakt.se/schemas/"

_JSON = b"application/json"
_KNOWN = CORE | OURS
_HEADERS = frozenset(f"ce_{name}" for name in _KNOWN) | {"content-type"}
_REQUIRED_HEADERS = frozenset(f"ce_{name}" for name in REQUIRED)
_PLAIN = re.compile(rb"[ -~]+")


class Envelope(NamedTuple):
    """What stands around the data of an event; `time` is the text that `moment` reads."""

    id: str
    source: str
    type: str
    subject: str | None = None
    time: str | None = None
    municipality: str | None = None
    sequence: int | None = None
    epoch: int | None = None
    partitionkey: str | None = None
    causationid: str | None = None
    correlationid: str | None = None
    traceparent: str | None = None


def encode(
    event: Event,
    *,
    sequence: int,
    epoch: int,
    at: datetime,
    source: str,
    municipality: str,
    key: str,
    causation: str | None,
    correlation: str | None,
    traceparent: str | None,
) -> tuple[bytes | None, list[tuple[str, bytes]]]:
    """The value and the headers of the record that says this event; without `correlation` it begins a story.

    The value of a tombstone is None, and its headers tell of no data.
    """
    if not (0 < sequence <= GREATEST and 0 < epoch <= GREATEST):
        raise ValueError("sequence and epoch are counted from 1")
    subject = event.subject
    id_ = f"{subject}/{epoch}/{sequence}"
    headers = [
        *_fixed(type(event)),
        ("ce_id", id_.encode()),
        ("ce_source", source.encode()),
        ("ce_subject", subject.encode()),
        ("ce_time", timestamp(at).encode()),
        ("ce_municipality", municipality.encode()),
        ("ce_sequence", b"%d" % sequence),
        ("ce_epoch", b"%d" % epoch),
        ("ce_partitionkey", key.encode()),
        ("ce_correlationid", (correlation or id_).encode()),
    ]
    if causation:
        headers.append(("ce_causationid", causation.encode()))
    if traceparent:
        headers.append(("ce_traceparent", traceparent.encode()))
    return None if event.tombstone else event.model_dump_json(exclude_none=True).encode(), headers


def decode(headers: Headers, value: bytes | None) -> tuple[Envelope, bytes | None]:
    """The envelope and the data as JSON bytes (not parsed in binary mode, None when there is none), or `NotAnEvent`."""
    found = dict(headers)
    if len(found) != len(headers):
        _refuse_repeated(headers)
    if (found.get("content-type") != _JSON or not _HEADERS.issuperset(found)) and _is_structured(found):
        return _from_structured(value)
    return _from_binary(found), value


def schema_of(event: type[Event]) -> str:
    """The dataschema of an event: a name for its JSON Schema, the file in docs/schemas."""
    return f"{SCHEMAS}{event.type}.json"


@lru_cache(16)
def timestamp(at: datetime) -> str:
    """A moment as RFC 3339 writes it, in UTC; what a unit of work says is all of one moment."""
    if at.tzinfo is not UTC:
        if at.utcoffset() is None:
            raise ValueError("a moment must have an offset")
        at = at.astimezone(UTC)
    return f"{at.isoformat()[:-6]}Z"


def glimpse(headers: Headers, value: bytes | None) -> tuple[str | None, str | None, str | None]:
    """Source, id and type as far as they can be read in a record that `decode` refused, to tell its publisher."""
    found: dict[str, Any] = {name[3:]: raw for name, raw in reversed(headers) if name.startswith("ce_")}
    if found.keys().isdisjoint(REQUIRED):
        with suppress(NotAnEvent):
            found = _members(value)
    return _legible(found.get("source")), _legible(found.get("id")), _legible(found.get("type"))


def _legible(held: object) -> str | None:
    with suppress(NotAnEvent):
        if isinstance(held, bytes):
            return _utf8("", held)
        if isinstance(held, str):
            return checked(held, "")
    return None


@cache
def _fixed(event: type[Event]) -> tuple[tuple[str, bytes], ...]:
    of_data = () if event.tombstone else (("ce_dataschema", schema_of(event).encode()), ("content-type", _JSON))
    return (("ce_specversion", b"1.0"), ("ce_type", event.type.encode()), *of_data)


def _refuse_repeated(headers: Headers) -> None:
    seen = set()
    for name, _ in headers:
        if name in seen and (name.startswith("ce_") or name.lower() == "content-type"):
            refuse(Why.TWICE, f"/headers/{pointed(name)}")
        seen.add(name)


def _is_structured(found: Mapping[str, bytes | None]) -> bool:
    # Kafka tells letters apart; a client that writes the name in others is understood where it writes it once.
    names = [name for name in found if name.lower() == "content-type"]
    if len(names) > 1:
        refuse(Why.TWICE, f"/headers/{pointed(names[1])}")
    return bool(names) and _declares_cloudevents(_utf8(names[0], found[names[0]]))


def _declares_cloudevents(content_type: str) -> bool:
    if not content_type.lstrip().lower().startswith("application/cloudevents"):
        if not is_json(content_type):
            refuse(Why.NOT_JSON_DATA, "/headers/content-type")
        return False
    declared = media_type(content_type)
    if declared != "application/cloudevents+json":
        batch = declared.startswith("application/cloudevents-batch")
        refuse(Why.BATCH if batch else Why.FORMAT, "/headers/content-type")
    return True


def _from_binary(found: Mapping[str, bytes | None]) -> Envelope:
    # Nearly every record holds only headers of ours in plain ASCII: then one look at all of them together is enough.
    together = b"".join(filter(None, found.values()))
    quick = len(together) <= LONGEST and _HEADERS.issuperset(found) and all(found.values())
    if quick and _PLAIN.fullmatch(together):
        texts = {name: raw.decode() for name, raw in found.items() if raw}
    else:
        texts = {name: _utf8(name, raw) for name, raw in found.items() if name.startswith("ce_")}
        check_names({name[3:] for name in texts} - _KNOWN, "/headers/ce_")
    return _envelope(texts, "/headers/ce_")


def _utf8(header: str, raw: bytes | None) -> str:
    where = f"/headers/{pointed(header)}"
    if raw is None:
        refuse(Why.NULL, where)
    if raw == b"" and header not in _HEADERS:
        return ""
    try:
        return checked(raw.decode(), where)
    except UnicodeDecodeError:
        refuse(Why.NOT_UTF8, where)


def _from_structured(value: bytes | None) -> tuple[Envelope, bytes | None]:
    members = _members(value)
    if "data_base64" in members:
        refuse(Why.BASE64, "/data_base64")
    data = _as_json(members.pop("data")) if "data" in members else None
    check_names(members.keys() - _KNOWN, "/")
    texts = {f"ce_{name}": _native(name, held) for name, held in members.items() if held is not None}
    return _envelope(texts, "/"), data


def _members(value: bytes | None) -> dict[str, Any]:
    if not value:
        refuse(Why.NO_VALUE)
    try:
        members = json.loads(value.decode(), parse_constant=_no_constant, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        refuse(Why.NOT_JSON)
    if not isinstance(members, dict):
        refuse(Why.NOT_OBJECT)
    if isinstance(members, _Repeating):
        refuse(Why.TWICE)
    return members


class _Repeating(dict[str, Any]):
    """A JSON object in which a member's name stood twice: refused as the event, let through inside its data."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else _Repeating(members)


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _as_json(data: object) -> bytes:
    try:
        return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        refuse(Why.NOT_JSON, "/data")


def _native(name: str, held: object) -> str:
    if held == "" and name not in _KNOWN:
        return ""
    if isinstance(held, str):
        return checked(held, f"/{name}")
    if name in CORE or not isinstance(held, int) or not -(2**31) <= held < 2**31:
        refuse(Why.NOT_TEXT, f"/{name}")
    return str(held).lower() if isinstance(held, bool) else str(held)


def _envelope(texts: Mapping[str, str], at: str) -> Envelope:
    """The envelope of attributes under their header names; `at` is the pointer that their own names are put behind."""
    get = texts.get
    if not texts.keys() >= _REQUIRED_HEADERS:
        refuse(Why.MISSING, at + next(name for name in REQUIRED if f"ce_{name}" not in texts))
    for header, holds, why in RULES:
        text = get(header)
        if text is not None and not holds(text):
            refuse(why, at + header[3:])
    sequence, epoch = get("ce_sequence"), get("ce_epoch")
    return Envelope(
        texts["ce_id"],
        texts["ce_source"],
        texts["ce_type"],
        get("ce_subject"),
        get("ce_time"),
        get("ce_municipality"),
        int(sequence) if sequence else None,
        int(epoch) if epoch else None,
        get("ce_partitionkey"),
        get("ce_causationid"),
        get("ce_correlationid"),
        get("ce_traceparent"),
    )
