"""What a service has said on its own topics, read from Kafka: the epochs, and what a restored database does not know.

An event was said by the database that is restored when the journal holds its place with the same link of the chain of
hashes. All others of the backup's epoch, and all of later ones, were said in the time that the restore has lost.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from shared.contracts.catalogue import all_streams
from shared.contracts.streams import Stream
from shared.platform.cloudevents import Envelope, decode
from shared.platform.errors import NotAnEvent
from shared.platform.mongo_copy import Copying
from shared.platform.outbox import JOURNAL
from shared.platform.parked import PARKED, Kind
from shared.platform.understand import Record

TOLD = (Kind.PARKED.value, Kind.REJECTED.value)


class Statement(NamedTuple):
    """One event of ours as it lies on a topic; `erases` when it is a tombstone."""

    record: Record
    envelope: Envelope
    subject: str
    epoch: int
    sequence: int

    @property
    def identity(self) -> tuple[str, str, int, int]:
        """The same for each time that the relay has published it."""
        return self.record.topic, self.subject, self.epoch, self.sequence

    @property
    def erases(self) -> bool:
        """Whether it is a tombstone: on a compacted stream the subject is gone."""
        return not self.record.value

    @property
    def place(self) -> tuple[str, int]:
        """Its place in the journal."""
        return f"{self.record.topic}|{self.subject}", self.sequence


def own_streams(service: str) -> list[Stream]:
    """The streams that a service says."""
    return [stream for stream in all_streams() if stream.owner == service]


def statements(records: Iterable[Record]) -> Iterator[Statement]:
    """The events among records; heartbeats and what else has no sequence are none."""
    for record in records:
        try:
            envelope, _ = decode(record.headers, record.value)
        except NotAnEvent:
            continue
        if envelope.subject and envelope.epoch and envelope.sequence:
            yield Statement(record, envelope, envelope.subject, envelope.epoch, envelope.sequence)


class OwnWords:
    """Tells, batch by batch, what was said in the lost time, once each; and the greatest epoch that was ever said."""

    def __init__(self, restored: Copying, epoch: int) -> None:
        self._restored, self._epoch = restored, epoch
        self._told: set[tuple[str, str, int, int]] = set()
        self.greatest = epoch

    def lost(self, records: Iterable[Record]) -> list[Statement]:
        """Those of these records that the restored database has not said."""
        said = list(statements(records))
        self.greatest = max([self.greatest, *(one.epoch for one in said)])
        known = self._known([one for one in said if one.epoch == self._epoch])
        return [one for one in said if one.epoch >= self._epoch and one.identity not in known and self._first(one)]

    def _first(self, one: Statement) -> bool:
        new = one.identity not in self._told
        self._told.add(one.identity)
        return new

    def _known(self, said: list[Statement]) -> set[tuple[str, str, int, int]]:
        return self._in_journal(said) | self._as_parked(said)

    def _in_journal(self, said: list[Statement]) -> set[tuple[str, str, int, int]]:
        places = [{"k": key, "s": sequence} for key, sequence in (one.place for one in said)]
        found = self._restored.find(JOURNAL.name, {"_id": {"$in": places}}) if places else []
        links = {(row["_id"]["k"], row["_id"]["s"]): (bytes(row["before"]), bytes(row["link"])) for row in found}
        return {one.identity for one in said if one.place in links and _links(one, *links[one.place])}

    def _as_parked(self, said: list[Statement]) -> set[tuple[str, str, int, int]]:
        """What the platform says of parked and rejected records is in no journal: the row that keeps them tells."""
        subjects = sorted({one.subject for one in said if one.record.topic.split(".")[1] in ("parked", "rejections")})
        if not subjects:
            return set()
        query = {"_id": {"$in": subjects}, "$or": [{"kind": {"$in": TOLD}}, {"alarmed": True}]}
        rows = {row["_id"] for row in self._restored.find(PARKED.name, query)}
        return {one.identity for one in said if one.subject in rows}


def _links(one: Statement, before: bytes, link: bytes) -> bool:
    return hashlib.sha256(before + one.envelope.id.encode() + (one.record.value or b"")).digest() == link
