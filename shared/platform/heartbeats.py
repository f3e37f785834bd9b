"""Heartbeats: a record in each partition of a compacted stream, so that a quiet one forgets what was erased.

Kafka cleans only segments that are closed, and closes one only when something is appended to it. A heartbeat has the
key `heartbeat` and no value, so that compaction keeps the last one only; who hears the stream passes it by.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from shared.contracts.streams import Stream
from shared.platform.clock import Clock
from shared.platform.cloudevents import timestamp
from shared.platform.understand import Record

KEY = b"heartbeat"
TYPE = "se.kommunkontakt.platform.heartbeat.v1"
RETRY = timedelta(minutes=1)

Headers = list[tuple[str, bytes]]


class Heartbeats:
    """When each stream's next heartbeat is due, as one relay knows it: at once when it has not written one."""

    def __init__(self, streams: Iterable[Stream], wall: Clock) -> None:
        self._wall = wall
        self._next: dict[Stream, datetime | None] = {stream: None for stream in streams if stream.compacted}

    def due(self) -> list[Stream]:
        """The streams to write to now; until one is `written` it is due again each minute."""
        now = self._wall.now()
        due = [stream for stream, at in self._next.items() if at is None or at <= now]
        self._next.update(dict.fromkeys(due, now + RETRY))
        return due

    def written(self, stream: Stream) -> None:
        """The stream's next one is due after its interval."""
        self._next[stream] = self._wall.now() + timedelta(milliseconds=stream.forgetting.heartbeat_ms)

    def headers(self, stream: Stream, partition: int) -> Headers:
        """A heartbeat's headers: a CloudEvent without data or subject."""
        at = timestamp(self._wall.now())
        told: Mapping[str, str] = {
            "ce_specversion": "1.0",
            "ce_id": f"{stream.topic}/{partition}/{at}",
            "ce_source": f"/{stream.owner}",
            "ce_type": TYPE,
            "ce_time": at,
        }
        return [(name, value.encode()) for name, value in told.items()]


def is_heartbeat(record: Record) -> bool:
    """Whether a record of our own streams is one: no aggregate's id is like that, since each begins with digits."""
    return record.key == KEY
