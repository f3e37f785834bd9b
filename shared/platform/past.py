"""Catching up on types that an earlier release passed by: what differs from hearing events as they come.

Their sequences stand as heard already, so what was heard of them is remembered in lanes of their own. What is kept
aside is left where it is. In a blocked lane an event waits behind those before it, not behind those after it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shared.platform.acts import acted_on_below
from shared.platform.database import Document, Reads, Transaction
from shared.platform.errors import Outdated
from shared.platform.heard import Lane
from shared.platform.hearing import Hearing
from shared.platform.items import Item
from shared.platform.parked import PARKED, parking_id
from shared.platform.positions import POSITIONS, Past, Place, Position, position_id
from shared.platform.unit import lock


def look_again(items: Iterable[Item], held: Mapping[Place, Position]) -> None:
    """Make those items that lie where something is caught up into what they are there."""
    for item in items:
        position = held.get((item.record.topic, item.record.partition))
        if position is not None and position.past is not None:
            _look_again(item, position, position.past)


def _look_again(item: Item, position: Position, past: Past) -> None:
    item.past = True
    if item.handler is None or item.envelope is None or item.envelope.type not in past.types:
        item.skipped, item.lane, item.heard_in, item.identity, item.event = True, None, None, None, None
        return
    item.passed_by = item.passed_by or item.record.offset < (past.types[item.envelope.type] or 0)
    if item.own:
        item.heard_in = position.past_lane(item.envelope.subject or "")
    elif item.identity is not None:
        item.identity = position.past_lane(item.identity)


@dataclass(slots=True)
class Back:
    """What a batch that catches up knows of what is kept aside: these records, and the first one of each lane."""

    kept: set[str] = field(default_factory=set)
    heads: dict[str, int] = field(default_factory=dict)

    def is_kept(self, item: Item) -> bool:
        """Whether the record itself is kept, and so acted on in its turn or decided."""
        return item.past and parking_id(item.record) in self.kept

    def is_first(self, item: Item) -> bool:
        """Whether all that waits in its lane comes after it."""
        head = self.heads.get(item.lane or "")
        return item.past and (head is None or item.record.offset < head)

    def note(self, item: Item) -> None:
        """It is kept aside now."""
        if item.past and item.lane is not None:
            self.heads[item.lane] = min(self.heads.get(item.lane, item.record.offset), item.record.offset)


async def look_back(reads: Reads, items: Iterable[Item], lanes: Mapping[str, Lane]) -> Back:
    """Ask for what is kept aside; nothing is asked when nothing is caught up."""
    past = [item for item in items if item.past and not item.skipped]
    if not past:
        return Back()
    ids = [parking_id(item.record) for item in past]
    kept = await reads.find(PARKED.name, {"_id": {"$in": ids}})
    back = Back({row["_id"] for row in kept if row["open"] or not row.get("passed_by")})
    blocked = sorted({item.lane for item in past if item.lane and lanes[item.lane].waiting})
    if blocked:
        for row in await reads.find(PARKED.name, {"lane": {"$in": blocked}, "open": True}):
            back.heads[row["lane"]] = min(back.heads.get(row["lane"], row["order"]), row["order"])
    return back


async def passed_by(hearing: Hearing, transaction: Transaction, found: Document) -> bool:
    """Whether a parked record is of a type that we don't act on; Outdated when a newer release answers for it.

    The position is locked, so that a release that is catching up at this moment sees what becomes of it.
    """
    topic = hearing.topics.get(found["topic"])
    if topic is not None and (found["type"] is None or found["type"] in topic.handlers):
        return False
    await lock(transaction, {POSITIONS.name: [_position_of(hearing, found)]})
    for row in await transaction.find(POSITIONS.name, {"_id": _position_of(hearing, found)}):
        newer = tuple(row.get("release", ())) > hearing.release
        if newer and found["order"] < acted_on_below(row, found["type"]):
            raise Outdated("the event waits for a newer release")
    return True


async def is_too_early(hearing: Hearing, reads: Reads, found: Document) -> bool:
    """Whether a parked record is of a type of ours whose older events have still to be caught up."""
    if found["type"] is None:
        return False
    for row in await reads.find(POSITIONS.name, {"_id": _position_of(hearing, found)}):
        return "types" in row and bool(found["order"] >= acted_on_below(row, found["type"]))
    return False


def _position_of(hearing: Hearing, found: Document) -> str:
    return position_id(hearing.service, found["topic"], int(found["place"].split("/")[1]))
