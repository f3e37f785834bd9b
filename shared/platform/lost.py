"""What a service had said in a time that a restore has lost, and others have heard: kept, shown, and told to itself."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from shared.contracts.catalogue import all_streams
from shared.platform.database import Collection, Document, Index
from shared.platform.mongo_copy import Copying
from shared.platform.own_words import Statement
from shared.platform.restores import RESTORES

LOST = Collection("lost", (Index((("recalled", 1), ("type", 1))),))
SHOWN = ("topic", "subject", "sequence", "epoch", "type", "id", "time", "erased")


@dataclass(slots=True)
class Report:
    """How a restore went: what was lost, and where positions and topics do not fit together.

    `ahead`: (topic, partition, position, end): Kafka holds less than was heard. `missed`: (topic, partition, records):
    what was not heard and is not kept any more. `gone`: topics that are not there. `forgotten`: (topic, subject) that
    nobody declares any more, so that they were erased and their tombstones are gone.
    """

    epoch: int = 0
    lost: int = 0
    ahead: list[tuple[str, int, int, int]] = field(default_factory=list)
    missed: list[tuple[str, int, int]] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    forgotten: list[tuple[str, str]] = field(default_factory=list)


def row_of(one: Statement) -> Document:
    """The row that keeps a lost event: without its data where the stream is personal."""
    topic = one.record.topic
    personal = next(stream.personal for stream in all_streams() if stream.topic == topic)
    return {
        "_id": f"{topic}|{one.envelope.id}",
        "topic": topic,
        "subject": one.subject,
        "sequence": one.sequence,
        "epoch": one.epoch,
        "type": one.envelope.type,
        "id": one.envelope.id,
        "time": one.envelope.time,
        "erased": one.erases,
        "recalled": False,
        "place": one.record.place,
        "headers": dict(one.record.headers),
        "value": None if personal else one.record.value,
    }


def latest(restored: Copying) -> list[Document]:
    """What the last restore has lost, in the order in which it was said of each subject."""
    rows = restored.find(RESTORES.name, {})
    if not rows:
        return []
    since = max(rows, key=lambda row: int(row["_id"]))["from_epoch"]
    found = restored.find(LOST.name, {"epoch": {"$gte": since}})
    return sorted(found, key=lambda row: (row["topic"], row["subject"], row["epoch"], row["sequence"]))


def as_lines(rows: Iterable[Document]) -> Iterable[str]:
    """For programs: one JSON object a line, with nothing personal."""
    for row in rows:
        shown: dict[str, Any] = {name: row[name] for name in SHOWN}
        yield json.dumps(shown, ensure_ascii=False)
