"""A made-up service in two releases on one database: the first hears steps, the second one dances too."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from prometheus_client import CollectorRegistry

from shared.contracts.event import Event
from shared.contracts.streams import Stream
from shared.platform.batch import Batch
from shared.platform.bus import Bus
from shared.platform.clock import FixedClock
from shared.platform.cloudevents import Envelope
from shared.platform.database import Database
from shared.platform.hearing import Hearing, Topic
from shared.platform.metrics import Metrics
from shared.platform.parking import Parking
from shared.platform.positions import Place, Positions
from shared.platform.secrets import Seal
from shared.platform.store import Store
from shared.platform.understand import Record
from shared.platform.vault import Vault
from tests.platform.counting_service import AT, own

MOVES = Stream("walking.moves.v1", "walking")
PLACE = (MOVES.topic, 0)
OLD, NEW = (0, 9, 0), (0, 10, 0)
"""As text, 0.10.0 would come before 0.9.0."""


class Walked(Event, stream=MOVES, about="walker"):
    """Steps (steg)."""

    municipality: str
    walker: str
    trouble: bool = False


class Danced(Event, stream=MOVES, about="walker"):
    """A dance (dans)."""

    municipality: str
    walker: str
    trouble: bool = False


@dataclass(frozen=True, slots=True)
class Diary:
    """Which events of a walker were acted on, by their sequences, in that order."""

    municipality: str
    walker: str
    walked: tuple[int, ...] = ()
    danced: tuple[int, ...] = ()


class Diaries(Protocol):
    """The diaries."""

    async def get(self, walker: str, /) -> Diary | None: ...

    def save(self, diary: Diary, /, says: Sequence[Event] = ()) -> None: ...


class KeptDiaries(Store[Diary]):
    """The diaries in a database."""

    collection = "diaries"
    state = Diary
    identity = "walker"


old_bus, new_bus = Bus("dancing"), Bus("dancing")


@old_bus.hear(MOVES, about=lambda event: event.walker)
@new_bus.hear(MOVES, about=lambda event: event.walker)
async def walk(event: Walked, diaries: Diaries, envelope: Envelope) -> None:
    """Write it down, or fail as a bug would."""
    diary = await diaries.get(event.walker) or Diary(event.municipality, event.walker)
    diaries.save(replace(diary, walked=(*diary.walked, envelope.sequence or 0)))
    if event.trouble:
        raise ZeroDivisionError


@new_bus.hear(MOVES, about=lambda event: event.walker)
async def dance(event: Danced, diaries: Diaries, envelope: Envelope) -> None:
    """The same for what only the newer release acts on."""
    diary = await diaries.get(event.walker) or Diary(event.municipality, event.walker)
    diaries.save(replace(diary, danced=(*diary.danced, envelope.sequence or 0)))
    if event.trouble:
        raise ZeroDivisionError


def walked(walker: str, sequence: int, *, trouble: bool = False) -> Record:
    """A record that both releases act on."""
    return _said(Walked, walker, sequence, trouble)


def danced(walker: str, sequence: int, *, trouble: bool = False) -> Record:
    """A record that only the newer release acts on."""
    return _said(Danced, walker, sequence, trouble)


def _said(kind: type[Event], walker: str, sequence: int, trouble: bool) -> Record:
    data = {"municipality": "1460", "walker": walker, "trouble": trouble}
    return own(MOVES.topic, kind.type, walker, sequence, data, {})


@dataclass
class Consumer:
    """One consumer, with the partition's log to poll from."""

    batch: Batch
    positions: Positions
    log: Sequence[Record]

    async def poll(self, most: int) -> int:
        """Act on the next records, from where we stand; returns how many there were."""
        held = self.positions.held[PLACE]
        records = [record for record in self.log if record.offset >= (held.seek or 0)][:most]
        if records:
            await self.batch.take(records)
        return len(records)

    async def to_the_end(self) -> None:
        """Act on all that there is."""
        while await self.poll(50):
            continue


@dataclass
class Log:
    """What lies on the topic."""

    log: list[Record] = field(default_factory=list)

    def put(self, *records: Record) -> None:
        """Give records their offsets; as on Kafka, some offsets are taken by marks of transactions."""
        for record in records:
            self.log.append(record._replace(offset=2 * len(self.log)))


class Dancing:
    """One release of the service."""

    def __init__(self, database: Database, topic: Log, release: tuple[int, ...]) -> None:
        self.database, self.topic = database, topic
        bus = new_bus if release >= NEW else old_bus
        self.clock = FixedClock(AT)
        self.hearing = Hearing(
            service="dancing",
            database=database,
            topics={MOVES.topic: Topic(MOVES, None, bus.heard[MOVES.topic])},
            shelf={Diaries: KeptDiaries},
            provided={},
            clock=self.clock,
            wall=self.clock,
            seal=Seal("s" * 32, "parked", lambda n: b"n" * n),
            vault=Vault(["m" * 32], lambda n: b"n" * n),
            metrics=Metrics(CollectorRegistry()),
            park_limit=1_000,
            release=release,
        )
        self.parking = Parking(self.hearing)

    async def consumer(self) -> Consumer:
        """A consumer that has just been given the partition."""
        session = await self.database.session()
        positions = Positions(self.database, "dancing", self.hearing.acts())
        places: list[Place] = [PLACE]
        await positions.take(places, session.id)
        return Consumer(Batch(self.hearing, positions, session), positions, self.topic.log)

    async def diary(self, walker: str) -> tuple[list[int], list[int]]:
        """What was acted on of a walker: walked, danced."""
        found = await self.database.find("diaries", {"_id": walker})
        return (found[0]["walked"], found[0]["danced"]) if found else ([], [])
