"""The pipeline with one thing broken at a time: a simulation that does not notice them proves nothing."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from shared.platform.batch import Batch
from shared.platform.database import Document, Transaction, statement
from shared.platform.heard import LANES, Lane, Verdict, read_lane
from shared.platform.listener import Listener
from shared.platform.outbox import JOURNAL, OUTBOX
from shared.platform.parking import Parking
from shared.platform.positions import Positions
from shared.platform.relay import Relay
from shared.platform.store import Store
from shared.platform.timers import Timers
from shared.platform.unit import Unit, write_matching
from tests.simulation.clients import Producer
from tests.simulation.parts import OurRelay
from tests.simulation.script import CRASHES, CROWDS, MIXED, ZOMBIES, Theme

Patches = Sequence[tuple[Any, str, Any]]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One way to break it, and what is put in whose place."""

    name: str
    patches: Patches
    theme: Theme = MIXED
    """Worlds in which it is soon met."""

    def alive(self) -> AbstractContextManager[Any]:
        """The broken pipeline, for as long as the block lasts."""
        stack = ExitStack()
        for owner, name, broken in self.patches:
            stack.enter_context(patch.object(owner, name, broken))
        return stack


def _without(name: str) -> Callable[[Any, tuple[str, int], int], Document]:
    """Positions written without one of the two things that are compared."""

    def broken(self: Any, place: tuple[str, int], target: int) -> Document:
        position = self.held[place]
        stands = {"_id": position.id, "token": position.token, "next": position.next}
        names = ("token", "next") if name == "both" else (name,)
        return statement({k: v for k, v in stands.items() if k not in names}, {"$set": {"next": target}})

    return broken


async def _no_return(self: Any) -> None:
    self._astray = False


async def _no_seek(self: Any, places: Any) -> None:
    return


def _all_is_next(self: Lane, epoch: int, sequence: int, *, any_start: bool) -> Verdict:
    self.epoch, self.sequence, self.changed = epoch, sequence, True
    return Verdict.NEXT


def _no_repeat(self: Any, work: Any, item: Any, envelope: Any) -> bool:
    return False


def _never_blocked(self: Lane, *, unread: bool = False) -> None:
    self.unread += unread
    self.changed = True


def _any_version(self: Any) -> list[Document]:
    return [
        statement({"_id": kept.id}, self._document(kept), upsert=True) for kept in self._kept.values() if kept.changed
    ]


async def _said_outside(self: Unit, transaction: Transaction) -> None:
    """The outbox is written on its own, before the rest."""
    outbox, journal = self._spoken()
    for said in [*outbox, *self.extra]:
        work: Any = transaction
        await work._connection.change(OUTBOX.name, {"_id": said["_id"]}, {"$set": said}, upsert=True)
    for store in self._by_class.values():
        await write_matching(transaction, store.collection, store.statements())
    await transaction.insert(JOURNAL.name, journal)


async def _turn_not_passed(self: Any, transaction: Transaction, found: Document) -> None:
    rows = await transaction.find(LANES.name, {"_id": found["lane"]})
    lane = read_lane(rows[0])
    lane.waiting -= 1
    await write_matching(transaction, LANES.name, [lane.statement()])


async def _changed_unseen(self: Any, transaction: Transaction, found: Document, change: Document) -> None:
    await write_matching(transaction, "parked", [statement({"_id": found["_id"]}, {"$set": change})])


async def _deleted_first(self: Any, producer: Producer, waiting: list[Document]) -> None:
    await self._database.delete(OUTBOX.name, {"_id": {"$in": [said["_id"] for said in waiting]}})
    await producer.begin_transaction()
    await asyncio.gather(*[await self._send(producer, said) for said in waiting])
    await producer.commit_transaction()


def _under_its_own_id(self: OurRelay) -> Producer:
    return Producer(self.broker, self.process, f"{self.process.slot.name}-{id(self)}")


async def _not_in_its_order(self: Any) -> list[Document]:
    found: list[Document] = await self._database.find(OUTBOX.name, {}, sort=(("_id", -1),), limit=500)
    return found


async def _kept_again(self: Timers, promise: Any, unit: Any, aggregate_id: str) -> None:
    """Whatever was due when it was seen is done, also when it is not due any more."""
    before = await unit.store(promise.kind).get(aggregate_id)
    await promise.wants.function(before, *promise.wants.arguments(unit))
    unit.merge(())


def _known(self: Any, work: Any, item: Any, envelope: Any, lane: Lane) -> bool:
    """A hole is stepped over."""
    return lane.hear(envelope.epoch, envelope.sequence, any_start=True) is Verdict.REPEAT


def _staged_stays(self: Unit) -> None:
    """What a handler staged before it failed counts with the next."""


MUTANTS = (
    Mutant(
        "a position is written by whoever holds the token, wherever it stands",
        (
            (Positions, "_statement", _without("next")),
            (Listener, "_return", _no_return),
        ),
    ),
    Mutant("a position is written by anybody", ((Positions, "_statement", _without("both")),)),
    Mutant("nobody asks the position after trouble", ((Listener, "_return", _no_return),)),
    Mutant("Kafka's offsets are trusted", ((Listener, "_seek", _no_seek),)),
    Mutant("what was heard is heard again", ((Lane, "hear", _all_is_next),)),
    Mutant("an inbound event has no identity", ((Batch, "_repeated_inbound", _no_repeat),)),
    Mutant("a hole is stepped over", ((Batch, "_repeated", _known),)),
    Mutant("a lane is not blocked", ((Lane, "block", _never_blocked),)),
    Mutant("state is written over any version", ((Store, "statements", _any_version),), CROWDS),
    Mutant("the outbox is written outside the transaction", ((Unit, "write", _said_outside),)),
    Mutant("what a failed handler staged stays", ((Unit, "discard", _staged_stays),)),
    Mutant("a lane is left without passing the turn", ((Parking, "_pass_on", _turn_not_passed),), CRASHES),
    Mutant("a parked row is changed unseen", ((Parking, "_change", _changed_unseen),), CRASHES),
    Mutant("the relay deletes before Kafka's commit", ((Relay, "_publish", _deleted_first),), CRASHES),
    Mutant("the relay is not fenced", ((OurRelay, "_made", _under_its_own_id),), ZOMBIES),
    Mutant("the relay publishes in any order", ((Relay, "_waiting", _not_in_its_order),)),
    Mutant("a promise is kept again", ((Timers, "_one", _kept_again), (Store, "statements", _any_version))),
)
