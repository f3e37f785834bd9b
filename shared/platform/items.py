"""What is known about each record of a batch before anything is decided: read once, also when the batch runs again."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from shared.contracts.event import Event
from shared.platform.cloudevents import Envelope, glimpse
from shared.platform.errors import NotAnEvent
from shared.platform.handlers import Handler
from shared.platform.heard import inbound_id
from shared.platform.hearing import Hearing, Topic, identity, is_known
from shared.platform.heartbeats import is_heartbeat
from shared.platform.understand import Record, read_event, understand

NOT_REGISTERED = (
    "This publisher is not registered for this type.",
    "/type",
    "Avsändaren är inte registrerad för den här typen.",
)


@dataclass(slots=True)
class Item:
    """One record: its envelope and event, or the fault that keeps it from being acted on.

    `passed_by`: a type that is not ours. `identity` only for inbound events. `harmless`: the fault is the publisher's
    own, so that it need not wait behind others. `past`: it is looked at again for types that are caught up, of which
    `heard_in` remembers what was heard; `skipped`: it is of none of these.
    """

    record: Record
    topic: Topic
    own: bool
    envelope: Envelope | None = None
    body: bytes | None = None
    handler: Handler | None = None
    event: Event | None = None
    fault: Exception | None = None
    passed_by: bool = False
    lane: str | None = None
    identity: str | None = None
    past: bool = False
    skipped: bool = False
    heard_in: str | None = None

    @property
    def municipality(self) -> str | None:
        """Whose it is, as far as that is known."""
        if self.topic.publisher is not None:
            return self.topic.publisher.municipality
        return self.envelope.municipality if self.envelope else None

    @property
    def source_and_id(self) -> tuple[str | None, str | None]:
        """What an inbound event is known by, as far as it can be read."""
        if self.envelope is not None:
            return self.envelope.source, self.envelope.id
        return glimpse(self.record.headers, self.record.value)[:2]

    @property
    def harmless(self) -> bool:
        """Whether it can be told back at once."""
        return not self.own and self.fault is not None

    def ready(self) -> tuple[Handler, Event, Envelope]:
        """What acting on it needs."""
        if self.handler is None or self.event is None or self.envelope is None:
            raise ValueError("this record cannot be acted on")
        return self.handler, self.event, self.envelope


def items_of(hearing: Hearing, records: Iterable[Record]) -> list[Item]:
    """Read the records of a batch, and put who somebody is before what is said of them: so nothing waits for what is
    there. Topics have no order between them; each partition keeps its own.
    """
    items = [item_of(hearing, record) for record in records]
    return sorted(items, key=lambda item: not item.topic.stream.compacted)


def item_of(hearing: Hearing, record: Record) -> Item:
    """Read one record."""
    topic = hearing.topics[record.topic]
    own = topic.publisher is None
    item = Item(record, topic, own, passed_by=own and is_heartbeat(record))
    if item.passed_by:
        return item
    try:
        item.envelope, item.body = understand(record, own=own)
    except NotAnEvent as error:
        item.fault = error
        item.passed_by = not own and not topic.answers_for
        if not own and not item.passed_by:
            item.identity = _glimpsed(item)
    else:
        _find_handler(hearing, item, item.envelope)
    item.lane = item.heard_in = _lane(hearing, item)
    return item


def _find_handler(hearing: Hearing, item: Item, envelope: Envelope) -> None:
    item.handler = item.topic.handlers.get(envelope.type)
    if not item.own:
        item.identity = identity(item.record.topic, envelope)
    if not item.own and not item.topic.may_say(envelope.type) and is_known(envelope.type):
        item.fault = NotAnEvent(*NOT_REGISTERED)
        item.passed_by = not item.topic.answers_for
        item.identity = (
            None if item.passed_by else item.identity
        )  # another tells it back, and what puts it right is ours
    elif item.handler is None:
        item.passed_by = True
    else:
        _read(item, item.handler, envelope)


def _read(item: Item, handler: Handler, envelope: Envelope) -> None:
    try:
        item.topic.check(envelope)
        item.event = read_event(handler.kind, envelope, item.body)
    except NotAnEvent as error:
        item.fault = error


def _glimpsed(item: Item) -> str | None:
    source, event_id = item.source_and_id
    return inbound_id(item.record.topic, source, event_id) if source and event_id else None


def _lane(hearing: Hearing, item: Item) -> str | None:
    """Own streams: the subject, or the Kafka key of what can't be read. Inboxes: the key, not legible in our rows."""
    key = item.record.key
    if item.own and item.envelope is not None:
        return hearing.lane_of(item.record.topic, item.envelope.subject or "")
    if key is None or (not item.own and item.passed_by):
        return None
    if item.own:
        return hearing.lane_of(item.record.topic, key.decode("utf-8", "backslashreplace"))
    return hearing.lane_of(item.record.topic, hashlib.sha256(key).hexdigest())
