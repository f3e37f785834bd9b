"""Where a group stands in each partition. It lives with the state, so that nothing can part the two.

{_id: "group|topic|partition", token, next, session}: the token is raised by each new owner, and a write under an
older token matches nothing. `session` lets the next owner end what its predecessor left open.
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
        if found and found[0]["session"] != session_id:
            await self.database.end_session(bytes(found[0]["session"]))

    def drop(self, places: Iterable[Place]) -> None:
        """Let go of partitions; what is written under their tokens may still be true."""
        for place in places:
            self.held.pop(place, None)

    async def write(self, transaction: Transaction, targets: Mapping[Place, int]) -> None:
        """Move on, as the first write of a batch; LostPosition when another owner has come."""
        statements = [self._statement(place, target) for place, target in targets.items()]
        if await transaction.update(POSITIONS.name, statements) != len(statements):
            raise LostPosition("another consumer has taken a partition")

    def _statement(self, place: Place, target: int) -> Document:
        position = self.held.get(place)
        if position is None:
            raise LostPosition(f"{place[0]} was revoked")
        return statement({"_id": position.id, "token": position.token}, {"$set": {"next": target}})

    def advance(self, targets: Mapping[Place, int]) -> None:
        """The batch was kept: remember where we stand."""
        for place, target in targets.items():
            if place in self.held:
                self.held[place].next = target

    async def kept(self, targets: Mapping[Place, int]) -> bool:
        """Whether a commit whose answer was lost was ours: every position stands at our target under our token."""
        wanted = {self.held[place].id: (self.held[place].token, target) for place, target in targets.items()}
        rows = await self.database.find(POSITIONS.name, {"_id": {"$in": list(wanted)}})
        return {row["_id"]: (row["token"], row.get("next")) for row in rows} == wanted
