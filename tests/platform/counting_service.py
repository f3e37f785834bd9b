"""A made-up service that counts: what the pipeline is tried with, on a stream that exists nowhere else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from prometheus_client import CollectorRegistry

from shared.contracts.event import Event
from shared.contracts.refusal import Refused
from shared.contracts.streams import Stream
from shared.platform.batch import Batch
from shared.platform.bus import Bus
from shared.platform.clock import FixedClock
from shared.platform.database import Database
from shared.platform.errors import NotYet
from shared.platform.hearing import Hearing, Topic
from shared.platform.memory import MemoryDatabase
from shared.platform.metrics import Metrics
from shared.platform.parking import Parking
from shared.platform.positions import Positions
from shared.platform.secrets import Seal
from shared.platform.settings import Publisher
from shared.platform.store import Store
from shared.platform.understand import Record
from shared.platform.vault import Vault

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
STEPS = Stream("walking.steps.v1", "walking")
MAPS = Stream("walking.maps.v1", "walking", compacted=True)
SUMS = Stream("counting.sums.v1", "counting")
INBOX_TYPE = "se.kommunkontakt.inbox.stepped.v1"


class Stepped(Event, stream=STEPS, about="walker"):
    """Somebody took steps (steg)."""

    municipality: str
    walker: str
    steps: int
    trouble: str | None = None


class Mapped(Event, stream=MAPS, about="walker"):
    """A walker has a map (karta)."""

    municipality: str
    walker: str


class Counted(Event, stream=SUMS, about="walker", unheard="for the test"):
    """A sum has grown (summa)."""

    municipality: str
    walker: str
    total: int


@dataclass(frozen=True, slots=True)
class Walk:
    """What the service keeps of a walker."""

    municipality: str
    walker: str
    total: int = 0
    mapped: bool = False
    due_at: datetime | None = None


class Walks(Protocol):
    """The walks."""

    async def get(self, walker: str, /) -> Walk | None: ...

    def save(self, walk: Walk, /, says: tuple[Event, ...] = ()) -> None: ...


class KeptWalks(Store[Walk]):
    """The walks in a database."""

    collection = "walks"
    state = Walk
    identity = "walker"


bus = Bus("counting")


@bus.hear(STEPS, about=lambda event: event.walker)
async def count(event: Stepped, walks: Walks) -> None:
    """Add the steps, or get into the trouble that the event asks for."""
    walk = await walks.get(event.walker) or Walk(event.municipality, event.walker)
    grown = replace(walk, total=walk.total + event.steps)
    walks.save(grown, says=(Counted(municipality="1460", walker=event.walker, total=min(grown.total, 2**53)),))
    if event.trouble == "bug":
        raise ZeroDivisionError
    if event.trouble == "no":
        raise Refused("no", "Nej.", "No.", "/steps")
    if event.trouble == "map" and not walk.mapped:
        raise NotYet(event.walker)


@bus.hear(MAPS)
async def take_map(event: Mapped, walks: Walks) -> None:
    """The walker has a map from now on."""
    walk = await walks.get(event.walker) or Walk(event.municipality, event.walker)
    walks.save(replace(walk, mapped=True))


def stepped(walker: str, sequence: int, steps: int = 1, trouble: str | None = None, **headers: bytes | None) -> Record:
    """A record of our own stream."""
    data = {"municipality": "1460", "walker": walker, "steps": steps, "trouble": trouble}
    return own("walking.steps.v1", Stepped.type, walker, sequence, data, headers)


def own(
    topic: str, type_: str, subject: str, sequence: int, data: Mapping[str, Any], headers: Mapping[str, bytes | None]
) -> Record:
    """Any record of an own stream."""
    usual: dict[str, bytes | None] = {
        "ce_specversion": b"1.0",
        "ce_id": f"{subject}/1/{sequence}".encode(),
        "ce_source": b"/1460/walking",
        "ce_type": type_.encode(),
        "ce_subject": subject.encode(),
        "ce_municipality": b"1460",
        "ce_sequence": str(sequence).encode(),
        "ce_epoch": b"1",
    }
    return Record(topic, 0, 0, subject.encode(), json.dumps(data).encode(), list({**usual, **headers}.items()))


class Counting:
    """The service on a database, with records numbered as a topic would."""

    def __init__(self, database: Database | None = None) -> None:
        self.database = database or MemoryDatabase()
        self.clock = FixedClock(AT)
        publisher = Publisher(name="watch", municipality="1460", types=("stepped",))
        handlers = bus.heard["walking.steps.v1"]
        inbox = {INBOX_TYPE: handlers[Stepped.type]}
        self.hearing = Hearing(
            service="counting",
            database=self.database,
            topics={
                STEPS.topic: Topic(STEPS, None, handlers),
                MAPS.topic: Topic(MAPS, None, bus.heard["walking.maps.v1"]),
                "inbox.watch.v1": Topic(Stream("inbox.watch.v1", "inbox"), publisher, inbox),
            },
            shelf={Walks: KeptWalks},
            provided={},
            clock=self.clock,
            wall=self.clock,
            seal=Seal("s" * 32, "parked", lambda n: b"n" * n),
            vault=Vault(["m" * 32], lambda n: b"n" * n),
            metrics=Metrics(CollectorRegistry()),
            park_limit=50,
        )
        self.parking = Parking(self.hearing)
        self._offsets: dict[str, int] = {}
        self.log: list[Record] = []

    def put(self, *records: Record) -> list[Record]:
        """Give records their places on the topic."""
        placed = []
        for record in records:
            offset = self._offsets.get(record.topic, 0)
            self._offsets[record.topic] = offset + 1
            placed.append(record._replace(offset=offset))
        self.log += placed
        return placed

    async def consumer(self) -> tuple[Batch, Positions]:
        """A new consumer, as after a start or a rebalance."""
        session = await self.database.session()
        positions = Positions(self.database, "counting", self.hearing.acts())
        await positions.take([(topic, 0) for topic in self.hearing.topics], session.id)
        return Batch(self.hearing, positions, session), positions

    async def hear(self, *records: Record) -> None:
        """Put records on the topic and act on them in one batch."""
        batch, _ = await self.consumer()
        await batch.take(self.put(*records))

    async def wait(self, seconds: float) -> None:
        """Time passes."""
        self.clock.advance(timedelta(seconds=seconds))

    async def total(self, walker: str) -> int | None:
        """How many steps were counted."""
        found = await self.database.find("walks", {"_id": walker})
        return found[0]["total"] if found else None

    async def rows(self, collection: str, **query: Any) -> list[dict[str, Any]]:
        """Documents of a collection."""
        return await self.database.find(collection, query, sort=(("_id", 1),))
