"""Where a group stands in each partition. It lives with the state, so that nothing can part the two.

{_id: "group|topic|partition", token, next, session, and what `acts` tells}: the token is raised by each new owner. A
batch is written by compare-and-set on token and next, so that neither an older owner nor a batch that was kept already,
although the answer to its commit was lost, can write. `session` lets the next owner end what its predecessor left open.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.platform.acts import Acts, Behind, adopted, behind_of, is_newer, listed
from shared.platform.database import Collection, Database, Document, Transaction, statement
from shared.platform.errors import LostPosition, Outdated
from shared.platform.heard import LANES
from shared.platform.understand import Record

log = logging.getLogger("kommunkontakt.positions")

POSITIONS = Collection("positions")
SWEPT_AT_ONCE = 2_000
Place = tuple[str, int]
"""A topic and a partition."""


def position_id(group: str, topic: str, partition: int) -> str:
    """The id of a position's row."""
    return f"{group}|{topic}|{partition}"


@dataclass(slots=True)
class Past:
    """How far catching up has come: through the records from the beginning, and each type from where it was left."""

    run: int
    next: int | None
    types: Behind

    def row(self) -> Document:
        """As the position's row has it."""
        return {"run": self.run, "next": self.next}

    def moved_to(self, target: int) -> "Past":
        """The same once everything below `target` has been acted on."""
        types: Behind = {one: max(at or 0, target) for one, at in self.types.items()}
        return Past(self.run, target, types)


@dataclass(slots=True)
class Position:
    """Our hold on one partition: our token, and the offset of the next record to act on.

    `past`: there are types that we act on and that were passed by before; they are caught up before anything newer.
    `dropped`: types that another release acted on, and how far. `litter`: the run of a catching up that has ended and
    whose lanes still lie there.
    """

    id: str
    token: int
    next: int | None
    past: Past | None = None
    dropped: Behind = field(default_factory=dict)
    litter: int | None = None

    @property
    def seek(self) -> int | None:
        """The offset to read on from; None is the beginning."""
        return self.next if self.past is None else self.past.next

    def past_lane(self, key: str) -> str:
        """The lane in which catching up remembers what it has heard of a subject."""
        return f"{_past_lanes(self.id, self.past.run if self.past else 0)}{key}"

    def move(self, target: int) -> Document:
        """The compare-and-set that moves it on."""
        stands = {"_id": self.id, "token": self.token, "next": self.next}
        if self.past is None:
            return statement(stands, {"$set": {"next": target}})
        moved = self.past.moved_to(target)
        behind = self.dropped if self._is_level(target) else {**self.dropped, **moved.types}
        return statement({**stands, "past": self.past.row()}, {"$set": {"past": moved.row(), "behind": listed(behind)}})

    def moved(self, target: int) -> None:
        """It was kept."""
        past = self.past
        if past is None:
            self.next = target
        elif self._is_level(target):
            self.past, self.litter = None, past.run
        else:
            self.past = past.moved_to(target)

    def _is_level(self, target: int) -> bool:
        return self.next is None or target >= self.next

    def read(self, row: Mapping[str, Any]) -> None:
        """Stand where the row says."""
        behind, types = behind_of(row), row.get("types", ())
        chased = {one: at for one, at in behind.items() if one in types}
        past = row.get("past")
        self.next = row.get("next")
        self.litter = past["run"] if past is not None and past["next"] is not None and not chased else None
        self.dropped = {one: at for one, at in behind.items() if one not in chased}
        self.past = Past(past["run"], past["next"], chased) if past is not None and chased else None


@dataclass(slots=True)
class Positions:
    """The partitions that one consumer holds; `acts` is the release that it is of."""

    database: Database
    group: str
    acts: Acts = field(default_factory=Acts)
    held: dict[Place, Position] = field(default_factory=dict)

    async def take(self, places: Iterable[Place], session_id: bytes) -> dict[Place, Position]:
        """Become the owner: end the predecessors' sessions, raise the tokens, and read where to begin.

        Outdated when a newer release with another list of types stands in one of them.
        """
        taken = {place: await self._take(place, session_id) for place in places}
        self.held.update(taken)
        return taken

    async def _take(self, place: Place, session_id: bytes) -> Position:
        key = position_id(self.group, *place)
        await self._end_predecessor(key, place[0], session_id)
        change = {"$inc": {"token": 1}, "$set": {"session": session_id}}
        row = await self.database.change(POSITIONS.name, {"_id": key}, change, upsert=True)
        if row is None:  # two first owners at once: ours is the second
            row = await self.database.change(POSITIONS.name, {"_id": key}, change)
        if row is None:
            raise LostPosition(key)
        position = Position(key, row["token"], row.get("next"))
        position.read(await self._adopt(row, place[0]))
        return position

    async def _end_predecessor(self, key: str, topic: str, session_id: bytes) -> None:
        found = await self.database.find(POSITIONS.name, {"_id": key})
        if not found:
            return
        self._refuse_newer(found[0], topic)
        before = found[0].get("session")
        if before is not None and before != session_id:
            await self.database.end_session(bytes(before))

    def _refuse_newer(self, row: Document, topic: str) -> None:
        types = self.acts.types.get(topic)
        if types is not None and "types" in row and is_newer(row, self.acts.release, types):
            theirs = ".".join(map(str, row["release"]))
            raise Outdated(f"release {theirs} acts on other types of {topic}")

    async def _adopt(self, row: Document, topic: str) -> Document:
        """Put our list of types into the row; the token is ours already, so that nobody else moves it meanwhile."""
        self._refuse_newer(row, topic)
        types, release = self.acts.types.get(topic), self.acts.release
        if types is None or ("types" in row and set(row["types"]) == types and tuple(row["release"]) >= release):
            return row
        ours = {"_id": row["_id"], "token": row["token"]}
        kept = await self.database.change(POSITIONS.name, ours, {"$set": adopted(row, release, types)})
        if kept is None:
            raise LostPosition(row["_id"])
        return kept

    def drop(self, places: Iterable[Place]) -> None:
        """Let go of partitions; what is written under their tokens may still be true."""
        for place in places:
            self.held.pop(place, None)

    def in_past(self) -> set[Place]:
        """The partitions in which something is caught up before anything newer."""
        return {place for place, position in self.held.items() if position.past is not None}

    def cut(self, records: Sequence[Record]) -> tuple[Sequence[Record], Mapping[Place, int]]:
        """The records without those that lie beyond what is caught up, and where that ends in their partitions."""
        ends = {place: self.held[place].next or 0 for place in self.in_past()}
        near: list[Record] = []
        beyond: dict[Place, int] = {}
        for one in records:
            end = ends.get((one.topic, one.partition))
            if end is None or one.offset < end:
                near.append(one)
            else:
                beyond[one.topic, one.partition] = end
        return near, beyond

    async def write(self, transaction: Transaction, targets: Mapping[Place, int]) -> None:
        """Move on, as the first write of a batch; LostPosition when we do not stand where we think we do."""
        statements = [self._statement(place, target) for place, target in targets.items()]
        if await transaction.update(POSITIONS.name, statements) != len(statements):
            raise LostPosition("another consumer has taken a partition, or the batch was kept before")

    def _statement(self, place: Place, target: int) -> Document:
        position = self.held.get(place)
        if position is None:
            raise LostPosition(f"{place[0]} was revoked")
        return position.move(target)

    def advance(self, targets: Mapping[Place, int]) -> None:
        """The batch was kept: remember where we stand."""
        for place, target in targets.items():
            if place in self.held:
                self.held[place].moved(target)

    async def refresh(self) -> None:
        """Read again where we stand: a commit whose answer was lost may have been kept."""
        held = {position.id: position for position in self.held.values()}
        for row in await self.database.find(POSITIONS.name, {"_id": {"$in": list(held)}}):
            if row["token"] == held[row["_id"]].token:
                held[row["_id"]].read(row)

    async def sweep(self) -> None:
        """Delete some of the lanes that an ended catching up has left; nothing rests on when."""
        for position in [one for one in self.held.values() if one.litter is not None]:
            await self._sweep(position, position.litter or 0)

    async def _sweep(self, position: Position, run: int) -> None:
        """Of this run and those before it only: a successor may be at a later one."""
        ours = {"$gte": _past_lanes(position.id, 0), "$lt": _past_lanes(position.id, run + 1)}
        found = await self.database.find(LANES.name, {"_id": ours}, limit=SWEPT_AT_ONCE)
        await self.database.delete(LANES.name, {"_id": {"$in": [row["_id"] for row in found]}})
        if len(found) < SWEPT_AT_ONCE:
            stands = {"_id": position.id, "token": position.token}
            await self.database.change(POSITIONS.name, stands, {"$set": {"past": {"run": run, "next": None}}})
            position.litter = None
            log.info("caught up", extra={"place": position.id})


def _past_lanes(position_id: str, run: int) -> str:
    """What the ids of one run's lanes begin with; in the order of the runs."""
    return f"past|{position_id}|{run:06}|"
