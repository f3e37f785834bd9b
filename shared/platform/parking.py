"""Replay and discard: a person's answer to what is parked or rejected, and waking what waited for another event.

A lane's events run again in their order, one unit of work each, and bypass "heard"; then the lane is free. The lane's
row is written by compare-and-set, so that a batch that blocks it at the same moment conflicts. Whoever leaves a lane
passes the turn on in the same write: what is next is tried by the safety net, should we be killed before we get there.
"""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shared.contracts.refusal import Refused, Unknown
from shared.platform.database import Document, Transaction, statement
from shared.platform.errors import LostRace, NotAnEvent, Outdated, TryAgain, Unwritable
from shared.platform.heard import INBOUND, LANES, Lane, read_lane, refusal
from shared.platform.hearing import Hearing
from shared.platform.items import Item, item_of
from shared.platform.outbox import Cause
from shared.platform.parked import PARKED, Kind, Reason, parked_event, rejected_event, told, unpack, why
from shared.platform.past import is_too_early, passed_by
from shared.platform.unit import Unit, write_matching

Answer = Literal["replayed", "discarded"]
TRIES = 10
ALARM_AFTER = timedelta(minutes=10)
LONGEST_WAIT = timedelta(seconds=30)
BATCH = 200

log = logging.getLogger("kommunkontakt.parking")


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person has decided about a parked record, and why."""

    answer: Answer
    by: str
    why: str


WAITS = ({"kind": Kind.AWAITING.value}, {"kind": Kind.TIMER.value, "awaits": {"$gt": ""}})
"""What may be tried again without a person: what waits for another event, or has its turn in its lane."""

OLDER_FIRST = "older events of its type are being heard first", "äldre händelser av samma typ hörs först"

WOKEN = Decision("replayed", "kommunkontakt", "what it waited for has come")


class Parking:
    """The parked records of one service."""

    def __init__(self, hearing: Hearing) -> None:
        self._hearing, self._database = hearing, hearing.database
        self._any_waits = True

    async def decide(self, municipality: str, parking_id: str, decision: Decision) -> None:
        """Replay or discard one record and then the lane behind it.

        Unknown: no such record in the municipality. Refused: it was decided before, is not the first of its lane, or
        cannot be acted on still, with the reason that is now kept. Outdated: it belongs to a newer release.
        """
        found = await self._row(municipality, parking_id)
        if found["kind"] == Kind.TIMER:
            await self._answer_timer(found, decision)
            return
        if found["lane"] is not None and (await self._head(found["lane"]))["_id"] != parking_id:
            raise Refused("not-first", "Händelsen väntar bakom en annan.", "The event waits behind another one.")
        reason = await self._settle(found, decision)
        if found["lane"] is not None and _leaves(reason):
            await self.drain(found["lane"])
        if reason is not None:
            raise Refused(
                "still-failing", f"Det går fortfarande inte: {reason.sv}", f"Still not: {reason.en}", reason.where
            )

    async def drain(self, lane_id: str) -> None:
        """Run what waits in a lane, until it is empty or one of it can't be acted on, or belongs to a newer release."""
        with suppress(Outdated):
            while (head := await self._head_or_none(lane_id)) is not None:
                if head["kind"] == Kind.PARKED or not _leaves(await self._settle(head, WOKEN)):
                    return

    async def wake(self, subjects: Iterable[str]) -> None:
        """Some aggregates were heard of: run the lanes that waited for them."""
        waiting = await self._find({"open": True, "awaits": {"$in": list(subjects)}})
        await self._run_all(waiting)

    async def heard_of(self, subjects: set[str]) -> None:
        """Some aggregates were heard of; only when something here waits at all is it looked up."""
        if self._any_waits and subjects:
            await self.wake(subjects)

    async def wake_due(self) -> int:
        """The safety net: try what waits and has not been tried for a while. Returns how many still wait."""
        due = {"open": True, "retry_at": {"$lte": self._hearing.wall.now()}, "$or": list(WAITS)}
        await self._run_all(await self._find(due))
        waiting = await self._database.count(PARKED.name, {"open": True, "$or": list(WAITS)})
        self._any_waits = waiting > 0
        return waiting

    async def _run_all(self, waiting: list[Document]) -> None:
        for lane_id in dict.fromkeys(found["lane"] for found in waiting if found["lane"] is not None):
            await self.drain(lane_id)
        for found in waiting:
            if found["kind"] == Kind.TIMER:
                await self._answer_timer(found, WOKEN)
            elif found["lane"] is None:
                with suppress(Outdated):
                    await self._settle(found, WOKEN)

    async def _find(self, query: Document) -> list[Document]:
        return await self._database.find(PARKED.name, query, sort=(("order", 1),), limit=BATCH)

    async def _row(self, municipality: str, parking_id: str) -> Document:
        found = await self._database.find(PARKED.name, {"_id": parking_id, "municipality": municipality})
        if not found:
            raise Unknown("no-such-parked-event", "Händelsen finns inte.", "There is no such event.")
        if not found[0]["open"]:
            raise Refused("already-decided", "Händelsen är redan avgjord.", "The event was decided before.")
        return found[0]

    async def _head(self, lane_id: str) -> Document:
        head = await self._head_or_none(lane_id)
        if head is None:
            raise Refused("already-decided", "Händelsen är redan avgjord.", "The event was decided before.")
        return head

    async def _head_or_none(self, lane_id: str) -> Document | None:
        query = {"lane": lane_id, "open": True}
        found = await self._database.find(PARKED.name, query, sort=(("order", 1),), limit=1)
        return found[0] if found else None

    async def _settle(self, found: Document, decision: Decision) -> Reason | None:
        """One record, in one unit of work; the reason when it still can't be acted on."""
        fault: Unwritable | None = None
        for lost in range(TRIES):
            try:
                return await self._try(found, decision, fault)
            except LostRace:
                await asyncio.sleep(0.001 * 2**lost)  # so that the winner can finish
                if not await self._is_open(found):
                    return None
            except Unwritable as error:
                if fault is not None:
                    raise TryAgain("why a record waits cannot be kept") from error
                fault = error
        return Reason(Kind(found["kind"]), "others write the same all the time", "andra skriver samma hela tiden")

    async def _is_open(self, found: Document) -> bool:
        return bool(await self._database.find(PARKED.name, {"_id": found["_id"], "open": True}))

    async def _try(self, found: Document, decision: Decision, fault: Unwritable | None) -> Reason | None:
        session = await self._database.session()
        try:
            async with session.transaction() as transaction:
                unit = self._hearing.unit(transaction)
                again = decision.answer == "replayed"
                passes = again and await passed_by(self._hearing, transaction, found)
                if again and not passes and await is_too_early(self._hearing, transaction, found):
                    return Reason(Kind(found["kind"]), *OLDER_FIRST)
                reason = await self._act(unit, found, fault) if again else None
                if reason is None:
                    change = _decided(decision, unit.voice.at)
                    await self._close(transaction, found, {**change, "passed_by": True} if passes else change)
                else:
                    await self._keep_waiting(transaction, unit, found, reason)
                await unit.write(transaction)
        finally:
            await session.close()
        self._hearing.news.set()
        unit.trail.told()
        return reason

    async def _act(self, unit: Unit, found: Document, fault: Unwritable | None) -> Reason | None:
        topic = self._hearing.topics.get(found["topic"])
        theirs = topic is not None and topic.publisher is not None
        try:
            if fault is not None:
                raise fault
            record = unpack(self._hearing.seal.unseal(bytes(found["bytes"]), found["_id"]))
            await self._run(unit, item_of(self._hearing, record))
        except (LostRace, TryAgain, Outdated):
            raise
        except Exception as error:
            unit.discard()
            unit.trail.fails(type(error).__name__)
            return why(error, inbox=theirs and isinstance(error, NotAnEvent | Refused | Unwritable))
        return None

    async def _run(self, unit: Unit, item: Item) -> None:
        if item.fault is not None:
            raise item.fault
        if item.handler is None:
            return  # a type that this release does not act on
        handler, event, envelope = item.ready()
        envelope = unit.trail.hears(item.record, envelope, own=item.own)
        await handler(event, unit, envelope, self._hearing.origin(item.record.topic, envelope))
        unit.merge(Cause.of(envelope))

    async def _close(self, transaction: Transaction, found: Document, change: Document) -> None:
        await self._change(transaction, found, change)
        await _judged(transaction, found, refused=change["outcome"] == "discarded")
        if found["lane"] is not None:
            await self._pass_on(transaction, found)

    async def _change(self, transaction: Transaction, found: Document, change: Document) -> None:
        """Only what is open still, and as we know it: a late look never opens again what a person has closed."""
        still = {"_id": found["_id"], "open": True, "tries": found["tries"]}
        await write_matching(transaction, PARKED.name, [statement(still, {"$set": change})])

    async def _pass_on(self, transaction: Transaction, found: Document) -> None:
        """It leaves its lane: one less waits there, and what was behind it is next."""
        rows = await transaction.find(LANES.name, {"_id": found["lane"]})
        lane = read_lane(rows[0]) if rows else Lane(found["lane"])
        lane.waiting = max(0, lane.waiting - 1)
        await write_matching(transaction, LANES.name, [lane.statement()])
        others = {"lane": found["lane"], "open": True, "_id": {"$ne": found["_id"]}}
        for one in await transaction.find(PARKED.name, others, sort=(("order", 1),), limit=1):
            if one["kind"] == Kind.BEHIND:
                turn = {"kind": Kind.AWAITING.value, "retry_at": self._hearing.wall.now()}
                await transaction.update(PARKED.name, [statement({"_id": one["_id"]}, {"$set": turn})])

    async def _keep_waiting(self, transaction: Transaction, unit: Unit, found: Document, reason: Reason) -> None:
        tries = found["tries"] + 1
        pause = min(timedelta(milliseconds=200 * 2 ** min(tries, 10)), LONGEST_WAIT)
        change = {**told(reason), "kind": reason.kind.value, "tries": tries}
        change["retry_at"] = self._hearing.wall.now() + pause
        change["alarmed"] = self._alarm(unit, found, {**found, **change})
        if found["lane"] is not None and reason.kind is Kind.REJECTED:
            change["lane"] = None
            self._tell_back(unit, {**found, **change})
            await _judged(transaction, found, refused=True)
            await self._pass_on(transaction, found)
        await self._change(transaction, found, change)

    def _tell_back(self, unit: Unit, kept: Document) -> None:
        """An inbound event that had to wait turned out to be wrong: its publisher is told, and it stops nobody."""
        publisher = self._hearing.topics[kept["topic"]].publisher
        if publisher is not None:
            cause = Cause(kept["event_id"], kept["correlation"] or kept["event_id"])
            unit.extra.append(rejected_event(kept, publisher, unit.voice, cause))
            self._hearing.metrics.rejected.labels(publisher.name).inc()

    def _alarm(self, unit: Unit, before: Document, kept: Document) -> bool:
        """Say once that it is parked: when it turns out so, or when it has waited for ten minutes."""
        fell = kept["kind"] == Kind.PARKED and before["kind"] != Kind.PARKED
        waited = kept["kind"] == Kind.AWAITING and unit.voice.at - before["at"] > ALARM_AFTER
        alarmed = bool(before.get("alarmed")) or before["kind"] == Kind.PARKED
        if (fell or waited) and not alarmed:
            unit.extra.append(parked_event(kept, unit.voice, Cause()))
            log.error("an event waits for help", extra={"parking_id": kept["_id"], "reason": kept["reason"]})
        return alarmed or fell or waited

    async def _answer_timer(self, found: Document, decision: Decision) -> None:
        for lost in range(TRIES):
            try:
                await self._answer_once(found, decision)
                return
            except LostRace:
                await asyncio.sleep(0.001 * 2**lost)
                if not await self._is_open(found):
                    return
        raise TryAgain("others write the same all the time")

    async def _answer_once(self, found: Document, decision: Decision) -> None:
        """Close the row; a promise that is tried again is due now."""
        session = await self._database.session()
        try:
            async with session.transaction() as transaction:
                await self._change(transaction, found, _decided(decision, self._hearing.clock.now()))
                if decision.answer == "replayed":
                    due = {"$set": {"due_at": self._hearing.clock.now()}}
                    await transaction.update(found["collection"], [statement({"_id": found["subject"]}, due)])
        finally:
            await session.close()


async def _judged(transaction: Transaction, found: Document, *, refused: bool) -> None:
    """Note with an inbound event's identity whether it was refused: then its publisher may send a corrected one."""
    if identity := found.get("identity"):
        await transaction.update(INBOUND.name, [refusal(identity, found["print"] if refused else None)])


def _leaves(reason: Reason | None) -> bool:
    """Whether a record is out of its lane's way: acted on, discarded, or told back to its publisher."""
    return reason is None or reason.kind is Kind.REJECTED


def _decided(decision: Decision, at: datetime) -> Document:
    return {
        "open": False,
        "outcome": decision.answer,
        "decided_by": decision.by,
        "decided_because": decision.why,
        "decided_at": at,
    }
