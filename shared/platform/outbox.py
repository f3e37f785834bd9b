"""What was said and not yet published, in the order the relay sends it; and the journal, the same for ever.

Both lie clustered on `_id: {k, s}`: k is topic|subject, s the sequence. Nothing else needs an index. The journal links
each entry to the one before with SHA-256, and keeps only type and hash of what was said on a personal stream.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from shared.contracts.event import Event
from shared.contracts.streams import Stream
from shared.platform.cloudevents import Envelope, encode
from shared.platform.database import Collection, Document
from shared.platform.store import Kept, State

OUTBOX = Collection("outbox", clustered=True)
ASIDE = Collection("outbox_aside")
JOURNAL = Collection("journal", clustered=True)


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks: the service, since which restore (epoch), and when."""

    service: str
    epoch: int
    at: datetime


class Cause(NamedTuple):
    """What made us speak: the ids that our events carry on."""

    causation: str | None = None
    correlation: str | None = None
    traceparent: str | None = None

    @classmethod
    def of(cls, envelope: Envelope) -> "Cause":
        """The cause that an event we heard is."""
        return cls(envelope.id, envelope.correlationid or envelope.id, envelope.traceparent)


def published(
    event: Event,
    stream: Stream,
    sequence: int,
    voice: Voice,
    cause: Cause,
    *,
    municipality: str,
    key: str | None = None,
) -> Document:
    """One outbox document: the record as Kafka will get it; `b` is None when it erases."""
    subject = event.subject
    value, headers = encode(
        event,
        sequence=sequence,
        epoch=voice.epoch,
        at=voice.at,
        source=f"/{municipality}/{voice.service}",
        municipality=municipality,
        key=key or subject,
        causation=cause.causation,
        correlation=cause.correlation,
        traceparent=cause.traceparent,
    )
    place = {"k": f"{stream.topic}|{subject}", "s": sequence}
    return {"_id": place, "t": stream.topic, "p": key or subject, "h": dict(headers), "b": value, "at": voice.at}


def entry(said: Document, before: bytes, at: datetime, *, personal: bool) -> Document:
    """The journal's entry for an outbox document, linked to the hash of the aggregate's entry before."""
    link = hashlib.sha256(before + said["h"]["ce_id"] + (said["b"] or b"")).digest()
    told = {"_id": said["_id"], "at": at, "before": before, "link": link, "y": said["h"]["ce_type"]}
    return told if personal else {**told, "b": said["b"]}


def spoken(kept: Kept[State], event: Event, voice: Voice, cause: Cause, municipality: str) -> tuple[Document, Document]:
    """Give an aggregate's event its sequence and its link, and return the outbox's and the journal's documents."""
    stream = event.stream
    sequence = kept.said.get(stream.topic, 0) + 1
    kept.said[stream.topic] = sequence
    said = published(event, stream, sequence, voice, cause, municipality=municipality)
    written = entry(said, kept.chain, voice.at, personal=stream.personal)
    kept.chain = written["link"]
    return said, written


def headers_of(said: Document) -> list[tuple[str, bytes]]:
    """The Kafka headers of an outbox document."""
    return list(said["h"].items())


def record_of(said: Document) -> dict[str, Any]:
    """The Kafka record of an outbox document, but for its topic."""
    return {"value": said["b"], "key": said["p"].encode(), "headers": headers_of(said)}
