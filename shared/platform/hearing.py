"""What one service hears with: handlers by topic and type, stores, clock, and who may write in its inboxes."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.contracts.catalogue import event_for
from shared.contracts.streams import Stream
from shared.platform.acts import Acts, Numbers
from shared.platform.clock import Clock
from shared.platform.cloudevents import Envelope
from shared.platform.database import Database, Reads
from shared.platform.errors import NotAnEvent, TryAgain
from shared.platform.handlers import Handler, Origin
from shared.platform.heard import inbound_id
from shared.platform.metrics import Metrics
from shared.platform.outbox import Voice
from shared.platform.secrets import Seal
from shared.platform.settings import Publisher
from shared.platform.traces import UNTRACED, Traces
from shared.platform.unit import Provided, Shelf, Unit
from shared.platform.vault import Vault

PARK_LIMIT = 100
"""So many parked in a row on own streams mean that our deploy is bad, not their data."""

NOT_ITS_SOURCE = (
    "This publisher is not registered for this source.",
    "/source",
    "Avsändaren är inte registrerad för den här källan (source).",
)
NOT_ITS_TOWN = (
    "This publisher speaks for another municipality.",
    "/municipality",
    "Avsändaren talar för en annan kommun.",
)


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic we listen to: its stream, who publishes on it (inboxes), and what we do about which type."""

    stream: Stream
    publisher: Publisher | None
    handlers: Mapping[str, Handler]

    @property
    def answers_for(self) -> bool:
        """Whether we are the one to tell an inbox's publisher what could not be read: who hears its first type is."""
        return self.publisher is not None and full_type(self.publisher.types[0]) in self.handlers

    def may_say(self, type_: str) -> bool:
        """Whether a type may be said here: on an inbox only what the publisher is registered for."""
        return self.publisher is None or type_ in map(full_type, self.publisher.types)

    def check(self, envelope: Envelope) -> None:
        """NotAnEvent when a publisher may not say this, beside its type: a source or a town that is not its own."""
        if self.publisher is None:
            return
        if self.publisher.sources and envelope.source not in self.publisher.sources:
            raise NotAnEvent(*NOT_ITS_SOURCE)
        if envelope.municipality not in (None, self.publisher.municipality):
            raise NotAnEvent(*NOT_ITS_TOWN)


def full_type(short: str) -> str:
    """The whole type of an inbox event from its short name."""
    return f"se.kommunkontakt.inbox.{short}.v1"


@dataclass(slots=True)
class Hearing:
    """Everything that acting on a record needs."""

    service: str
    database: Database
    topics: Mapping[str, Topic]
    shelf: Shelf
    provided: Provided
    clock: Clock
    wall: Clock
    seal: Seal
    vault: Vault
    metrics: Metrics
    release: Numbers = (0,)
    traces: Traces = UNTRACED
    epoch: int | None = 1
    """None until it has been read: nothing may be said before."""
    park_limit: int = PARK_LIMIT
    streak: int = 0
    """How many in a row were parked on own streams."""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when something was said: the relay need not wait for its next look."""

    def acts(self) -> Acts:
        """Our release, and the types that it acts on."""
        return Acts(self.release, {name: frozenset(topic.handlers) for name, topic in self.topics.items()})

    def unit(self, reads: Reads) -> Unit:
        """A fresh unit of work at this moment."""
        return Unit(reads, self.shelf, self.provided, self.voice(), self.vault, self.traces.trail())

    def voice(self) -> Voice:
        """Who speaks, now; TryAgain as long as our epoch is not known."""
        if self.epoch is None:
            raise TryAgain("the service has not read its epoch yet")
        return Voice(self.service, self.epoch, self.clock.now())

    def lane_of(self, topic: str, key: str) -> str:
        """The lane of a subject (own streams) or of a publisher's key (inboxes)."""
        return f"{self.service}|{topic}|{key}"

    def origin(self, topic: str, envelope: Envelope) -> Origin:
        """Whose the event is, and the key that is the same each time it comes."""
        publisher = self.topics[topic].publisher
        if publisher is None:
            return Origin(envelope.municipality or "", None, envelope.id)
        return Origin(publisher.municipality, publisher.name, identity(topic, envelope))

    def handler(self, topic: str, type_: str) -> Handler | None:
        """What we do about a type, None when we pass it by."""
        return self.topics[topic].handlers.get(type_)


def identity(topic: str, envelope: Envelope) -> str:
    """What makes an inbound event the same again: inbox topic, source, id."""
    return inbound_id(topic, envelope.source, envelope.id)


def is_known(type_: str) -> bool:
    """Whether a type stands in the catalogue."""
    return event_for(type_) is not None
