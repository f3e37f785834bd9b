"""What was heard already: a sequence for each lane of our own streams, an identity for each inbound event.

A lane is one aggregate's events as one group hears them (own streams), or one key of one publisher (inboxes). Its row
{_id, v, e: epoch, s: sequence, b: waiting, u: unread} is written by compare-and-set on v, so that a replay at the same
moment conflicts rather than slips by.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from shared.platform.database import Collection, Document, Index, Query, Reads, Transaction, statement
from shared.platform.errors import LostRace

LANES = Collection("lanes")
Numbers = tuple[int, int, int, int, int]
INBOUND = Collection("inbound", (Index((("at", 1),), expires_after_seconds=60 * 86_400),))
"""Kept for 60 days: twice as long as an inbox topic keeps its events."""


class Verdict(Enum):
    """What a sequence tells."""

    NEXT = "next"
    REPEAT = "repeat"
    GAP = "gap"


@dataclass(slots=True)
class Lane:
    """One lane as this group has heard it; `waiting` counts events that are parked in it, `unread` those among them
    whose sequence could not be read, and which so explain a hole.
    """

    id: str
    version: int = 0
    epoch: int = 0
    sequence: int = 0
    waiting: int = 0
    unread: int = 0
    changed: bool = False

    def hear(self, epoch: int, sequence: int, *, any_start: bool) -> Verdict:
        """Note an event's place. `any_start`: a compacted topic, where older events may be gone without a gap.

        A hole is told once and then stands as heard: the lane is blocked by it until a person has looked.
        """
        if (epoch, sequence) <= (self.epoch, self.sequence):
            return Verdict.REPEAT
        missing = sequence - self.sequence - 1
        restored = epoch > self.epoch > 0
        whole = any_start or restored or missing <= self.unread
        self.unread = 0 if restored or not whole else max(0, self.unread - missing)
        self.epoch, self.sequence, self.changed = epoch, sequence, True
        return Verdict.NEXT if whole else Verdict.GAP

    def block(self, *, unread: bool = False) -> None:
        """One more event waits in this lane."""
        self.waiting += 1
        self.unread += unread
        self.changed = True

    def statement(self) -> Document:
        """The compare-and-set that writes the row."""
        row = {"v": self.version + 1, "e": self.epoch, "s": self.sequence, "b": self.waiting, "u": self.unread}
        return statement({"_id": self.id, "v": self.version}, row, upsert=self.version == 0)


def read_lane(row: Document) -> Lane:
    """A lane from its row."""
    return Lane(row["_id"], *_numbers(row))


def _numbers(row: Document) -> Numbers:
    return row["v"], row["e"], row["s"], row["b"], row.get("u", 0)


@dataclass(slots=True)
class Lanes:
    """Lanes in memory, at most about `limit` in a megabyte: we alone write those of our partitions, but for replays."""

    limit: int = 4_000
    _known: dict[str, Numbers] = field(default_factory=dict)

    async def load(self, reads: Reads, lane_ids: Iterable[str]) -> dict[str, Lane]:
        """The lanes of a batch, fresh objects; one query for those not in memory."""
        wanted = set(lane_ids)
        missing = [one for one in wanted if one not in self._known]
        if missing:
            rows = await reads.find(LANES.name, {"_id": {"$in": missing}})
            self._known.update((row["_id"], _numbers(row)) for row in rows)
        known = self._known
        return {one: Lane(one, *known.get(one, ())) for one in wanted}

    def keep(self, lanes: Iterable[Lane]) -> None:
        """The batch was written: remember its lanes as they now are."""
        if len(self._known) > self.limit:
            self._known.clear()
        for lane in lanes:
            if lane.changed:
                self._known[lane.id] = (lane.version + 1, lane.epoch, lane.sequence, lane.waiting, lane.unread)

    def forget(self) -> None:
        """Trust nothing: another may have written."""
        self._known.clear()


def inbound_id(topic: str, source: str, event_id: str) -> str:
    """The identity of an inbound event: the topic tells who speaks, source and id are his."""
    digest = hashlib.sha256(f"{source}\x00{event_id}".encode()).hexdigest()
    return f"{topic}|{digest}"


def inbound_row(key: str, source: str, event_id: str, at: datetime) -> Document:
    """The row that says an inbound event was heard; `refused` is the print of one that was, until it is put right."""
    return {"_id": key, "source": source[:500], "id": event_id[:500], "at": at, "refused": None}


def refusal(key: str, refused: bytes | None, still: Query | None = None) -> Document:
    """The statement that says of an inbound event that was heard: it was refused, or (None) is so no more."""
    return statement({"_id": key, **(still or {})}, {"$set": {"refused": refused}})


@dataclass(slots=True)
class Inbound:
    """The inbound events of one batch. The same event again changes nothing; another one under the identity of one that
    was refused is its correction, and judged anew. `known` holds, by identity, the print of what was refused.
    """

    known: dict[str, bytes | None]
    new: dict[str, Document] = field(default_factory=dict)
    before: dict[str, bytes | None] = field(default_factory=dict)
    elsewhere: list[Document] = field(default_factory=list)

    @classmethod
    async def load(cls, reads: Reads, keys: Sequence[str]) -> "Inbound":
        """What was heard of these before; nothing is asked for none."""
        rows = await reads.find(INBOUND.name, {"_id": {"$in": keys}}) if keys else []
        return cls({row["_id"]: row.get("refused") for row in rows})

    def is_correction(self, key: str, print_: bytes) -> bool:
        """Whether something else was refused under this identity."""
        return self.known.get(key) not in (None, print_)

    def correct(self, key: str) -> None:
        """What was refused is put right."""
        if key not in self.new:
            self.before.setdefault(key, self.known[key])
        self.known[key] = None

    def note(self, key: str, row: Document) -> None:
        """It is heard for the first time."""
        self.known[key], self.new[key] = None, row

    def refuse(self, key: str, print_: bytes) -> None:
        """It cannot be taken as it is."""
        if key in self.known:
            self.known[key] = print_
        else:
            self.elsewhere.append(refusal(key, print_))

    async def write(self, transaction: Transaction) -> None:
        """What was heard, and what became of it; LostRace when a person has decided at the same moment."""
        await transaction.insert(INBOUND.name, [{**row, "refused": self.known[key]} for key, row in self.new.items()])
        corrected = [refusal(key, self.known[key], {"refused": print_}) for key, print_ in self.before.items()]
        if corrected and await transaction.update(INBOUND.name, corrected) != len(corrected):
            raise LostRace("an inbound event was decided by another")
        if self.elsewhere:
            await transaction.update(INBOUND.name, self.elsewhere)
