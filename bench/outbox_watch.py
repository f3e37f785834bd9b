"""When an event was committed to the outbox and when the broker had acknowledged it, told by the driver's commands.

A relay deletes what the broker has acknowledged, and only that: the moment at which it sends the deletion is the moment
of the acknowledgement, for ours and for the bare one alike.
"""

from collections.abc import Iterable, Mapping
from time import perf_counter
from typing import Any, Final

from pymongo import monitoring

Place = tuple[str, int]
"""An outbox document's `_id`: topic|subject and sequence."""


class OutboxWatch(monitoring.CommandListener):
    """Notes looks at an outbox, commits to it and deletions from it, while a relay is under watch."""

    def __init__(self) -> None:
        self.forget()
        self.watching = False

    def forget(self) -> None:
        """A new round begins."""
        self.watching = True
        self.first_look: float | None = None
        self.last_deletion = 0.0
        self.deleted = 0
        self.committed: dict[Place, float] = {}
        self.acknowledged: dict[Place, float] = {}
        self._inserted: dict[bytes, list[Place]] = {}
        self._asked: dict[int, list[Place]] = {}

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """A command is sent."""
        if not self.watching:
            return
        command = event.command
        if event.command_name == "commitTransaction":
            self._asked[event.request_id] = self._inserted.pop(_session(command), [])
        elif command.get(event.command_name) == "outbox":
            self._about_outbox(event.command_name, command, event.request_id)

    def _about_outbox(self, name: str, command: Mapping[str, Any], request_id: int) -> None:
        if name == "find":
            self.first_look = self.first_look or perf_counter()
        elif name == "insert" and "lsid" in command:
            self._inserted[_session(command)] = _places(document["_id"] for document in command["documents"])
        elif name == "delete":
            deleted = _places(command["deletes"][0]["q"].get("_id", {}).get("$in", ()))
            self.acknowledged.update(dict.fromkeys(deleted, perf_counter()))
            self._asked[request_id] = deleted

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """A command was answered."""
        places = self._asked.pop(event.request_id, ())
        if event.command_name == "commitTransaction":
            self.committed.update(dict.fromkeys(places, perf_counter()))
        elif places:
            self.deleted += len(places)
            self.last_deletion = perf_counter()

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """A command was refused."""
        self._asked.pop(event.request_id, None)

    def delays(self) -> list[float]:
        """Seconds from commit to acknowledgement, of all that were both."""
        return [self.acknowledged[place] - at for place, at in self.committed.items() if place in self.acknowledged]


OUTBOX_WATCH: Final = OutboxWatch()
"""One for all clients of the process, as `round.WATCH` is."""


def _session(command: Mapping[str, Any]) -> bytes:
    return bytes(command["lsid"]["id"])


def _places(ids: Iterable[Mapping[str, Any]]) -> list[Place]:
    return [(found["k"], found["s"]) for found in ids]
