"""What could not be acted on, as it is kept: the row in `parked`, and what is said about it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import bson

from shared.contracts.parked import EventParked
from shared.contracts.refusal import Refused
from shared.contracts.rejections import InboundRejected
from shared.contracts.streams import Stream
from shared.platform.cloudevents import Envelope, glimpse
from shared.platform.cloudevents_reasons import in_swedish
from shared.platform.database import Collection, Document, Index, statement
from shared.platform.errors import NotAnEvent, NotYet, Unwritable
from shared.platform.heard import inbound_id
from shared.platform.logs import trace_of
from shared.platform.outbox import Cause, Voice, published
from shared.platform.secrets import Seal
from shared.platform.settings import Publisher
from shared.platform.understand import Record

PARKED = Collection(
    "parked",
    (
        Index((("lane", 1), ("order", 1)), where={"open": True}),
        Index((("awaits", 1),), where={"open": True}),
        Index((("retry_at", 1),), where={"open": True}),
        Index((("kind", 1), ("at", 1)), where={"open": True}),
        Index((("municipality", 1), ("_id", 1))),
        Index((("identity", 1),)),
    ),
)
NOWHERE = "0000"
"""The municipality of a record that does not say which."""


class Kind(StrEnum):
    """Why a record is kept."""

    PARKED = "parked"
    BEHIND = "behind"
    AWAITING = "awaiting"
    REJECTED = "rejected"
    TIMER = "timer"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a record could not be acted on, in words that hold nothing personal; `trace` is a hash of a bug's place."""

    kind: Kind
    en: str
    sv: str
    where: str = ""
    trace: str | None = None
    awaits: str | None = None


def why(error: Exception, *, inbox: bool) -> Reason:
    """The reason that an error of a handler or a decoder is."""
    theirs = Kind.REJECTED if inbox else Kind.PARKED
    if isinstance(error, NotYet):
        return Reason(Kind.AWAITING, f"waits for {error.subject}", f"väntar på {error.subject}", awaits=error.subject)
    if isinstance(error, Refused):
        return Reason(theirs, error.en, error.sv, error.pointer and f"/data{error.pointer}")
    if isinstance(error, NotAnEvent):
        return Reason(theirs, error.reason, error.sv or in_swedish(error.reason), error.where)
    if isinstance(error, Unwritable):
        return Reason(theirs, str(error), "databasen kan inte spara innehållet", "/data")
    name = type(error).__name__
    return Reason(
        Kind.PARKED, f"a fault in the program: {name}", f"ett fel i programmet: {name}", trace=trace_of(error).hash
    )


def behind(lane_head: str = "") -> Reason:
    """The reason of an event that waits for one before it."""
    return Reason(Kind.BEHIND, f"waits behind another event {lane_head}".strip(), "väntar bakom en annan händelse")


def gap(expected: int, came: int) -> Reason:
    """The reason of an event before which others are missing."""
    return Reason(
        Kind.PARKED,
        f"events are missing: expected sequence {expected}, got {came}",
        f"händelser saknas: väntade nummer {expected}, fick {came}",
        "/headers/ce_sequence",
    )


def parking_id(record: Record) -> str:
    """The id of a parked record: where it lies."""
    return f"{record.topic}.{record.partition}.{record.offset}"


def row(
    record: Record,
    reason: Reason,
    *,
    lane: str | None,
    envelope: Envelope | None,
    municipality: str,
    at: datetime,
    retry_at: datetime,
    seal: Seal,
) -> Document:
    """The row that keeps a record, its bytes sealed."""
    key = parking_id(record)
    source, event_id, type_ = (
        (envelope.source, envelope.id, envelope.type) if envelope else glimpse(record.headers, record.value)
    )
    return {
        "_id": key,
        "open": True,
        "kind": reason.kind.value,
        "municipality": municipality,
        "lane": lane,
        "order": record.offset,
        "topic": record.topic,
        "place": record.place,
        "type": _short(type_),
        "subject": envelope.subject if envelope and envelope.sequence else None,
        "source": _short(source),
        "event_id": _short(event_id),
        "identity": inbound_id(record.topic, source, event_id) if source and event_id else None,
        "print": record.print,
        "correlation": envelope.correlationid if envelope else None,
        **told(reason),
        "at": at,
        "retry_at": retry_at,
        "tries": 0,
        "bytes": seal.seal(pack(record), key),
    }


def told(reason: Reason) -> Document:
    """The members of a row that tell its reason."""
    return {
        "reason": reason.en,
        "reason_sv": reason.sv,
        "where": reason.where,
        "trace": reason.trace,
        "awaits": reason.awaits,
    }


def parking(document: Document) -> Document:
    """The statement that parks: the same record parked twice is one row."""
    return statement({"_id": document["_id"]}, document, upsert=True)


def corrected(identity: str, at: datetime) -> Document:
    """The statement that closes what was rejected under an identity, when its publisher has sent another."""
    waiting = {"identity": identity, "open": True, "lane": None}
    return statement(waiting, {"$set": {"open": False, "outcome": "corrected", "decided_at": at}}, multi=True)


def pack(record: Record) -> bytes:
    """A record as bytes."""
    headers = [[name, value] for name, value in record.headers]
    return bson.encode({"r": [record.topic, record.partition, record.offset, record.key, record.value, headers]})


def unpack(packed: bytes) -> Record:
    """The record again."""
    topic, partition, offset, key, value, headers = bson.decode(packed)["r"]
    return Record(topic, partition, offset, _bytes(key), _bytes(value), [(name, _bytes(one)) for name, one in headers])


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)


def parked_event(document: Document, voice: Voice, cause: Cause) -> Document:
    """The outbox document that says: something could not be acted on."""
    event = EventParked(
        service=voice.service,
        parking_id=document["_id"],
        municipality=_known(document),
        listener=voice.service,
        type=document["type"],
        subject=document["subject"],
        place=document["place"],
        reason=document["reason"],
        parked_at=voice.at,
    )
    stream = Stream(f"{voice.service}.parked.v1", voice.service)
    return published(event, stream, 1, voice, cause, municipality=document["municipality"])


def rejected_event(document: Document, publisher: Publisher, voice: Voice, cause: Cause) -> Document:
    """The outbox document that tells a publisher what was wrong with its event, and where."""
    event = InboundRejected(
        service=voice.service,
        rejection_id=document["_id"],
        municipality=_known(document),
        publisher=publisher.name,
        source=document["source"],
        id=document["event_id"],
        type=document["type"],
        reason_sv=document["reason_sv"],
        reason_en=document["reason"],
        pointer=document["where"],
        rejected_at=voice.at,
    )
    stream = Stream(f"{voice.service}.rejections.v1", voice.service)
    return published(event, stream, 1, voice, cause, municipality=document["municipality"], key=publisher.name)


def _short(text: str | None) -> str | None:
    return text[:500] if text else None


def _known(document: Document) -> str | None:
    return None if document["municipality"] == NOWHERE else document["municipality"]
