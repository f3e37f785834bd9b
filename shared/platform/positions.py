"""Where a group stands in each partition. It lives with the state, so that nothing can part the two.

{_id: "group|topic|partition", token, next, session}: the token is raised by each new owner. A batch is written by
compare-and-set on token and next, so that neither an older owner nor a batch that was kept already, although the answer
to its commit was lost, can write. `session` lets the next owner end what its predecessor left open.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shared.platform.database import Collection, Database, Document, Transaction, statement
from shared.platform.errors import LostPosition

POSITIONS = Collection("positions")
Place = tuple[str, int]
"""A topic and a partition."""


@dataclass(slots=True)
class Position:
    """Our hold on one partition: our token, and the offset of the next record to act on."""

    id: str
    token: int
    next: int | None


@dataclass(slots=True)
class Positions:
    """The partitions that one consumer holds."""

    database: Database
    group: str
    held: dict[Place, Position] = field(default_factory=dict)

    async def take(self, places: Iterable[Place], session_id: bytes) -> dict[Place, Position]:
        """Become the owner: end the predecessors' sessions, raise the tokens, and read where to begin."""
        taken = {place: await self._take(place, session_id) for place in places}
        self.held.update(taken)
        return taken

    async def _take(self, place: Place, session_id: bytes) -> Position:
        key = f"{self.group}|{place[0]}|{place[1]}"
        await self._end_predecessor(key, session_id)
        change = {"$inc": {"token": 1}, "$set": {"session": session_id}}
        row = await self.database.change(POSITIONS.name, {"_id": key}, change, upsert=True)
        if row is None:  # two first owners at once: ours is the second
            row = await self.database.change(POSITIONS.name, {"_id": key}, change)
        if row is None:
            raise LostPosition(key)
        return Position(key, row["token"], row.get("next"))

    async def _end_predecessor(self, key: str, session_id: bytes) -> None:
        found = await self.database.find(POSITIONS.name, {"_id": key})
        before = found[0].get("session") if found else None
        if before is not None and before != session_id:
            await self.database.end_session(bytes(before))

    def drop(self, places: Iterable[Place]) -> None:
        """Let go of partitions; what is written under their tokens may still be true."""
        for place in places:
            self.held.pop(place, None)

    async def write(self, transaction: Transaction, targets: Mapping[Place, int]) -> None:
        """Move on, as the first write of a batch; LostPosition when we do not stand where we think we do."""
        statements = [self._statement(place, target) for place, target in targets.items()]
        if await transaction.update(POSITIONS.name, statements) != len(statements):
            raise LostPosition("another consumer has taken a partition, or the batch was kept before")

    def _statement(self, place: Place, target: int) -> Document:
        position = self.held.get(place)
        if position is None:
            raise LostPosition(f"{place[0]} was revoked")
        stands = {"_id": position.id, "token": position.token, "next": position.next}
        return statement(stands, {"$set": {"next": target}})

    def advance(self, targets: Mapping[Place, int]) -> None:
        """The batch was kept: remember where we stand."""
        for place, target in targets.items():
            if place in self.held:
                self.held[place].next = target

    async def refresh(self) -> None:
        """Read again where we stand: a commit whose answer was lost may have been kept."""
        held = {position.id: position for position in self.held.values()}
        for row in await self.database.find(POSITIONS.name, {"_id": {"$in": list(held)}}):
            if row["token"] == held[row["_id"]].token:
                held[row["_id"]].next = row.get("next")
