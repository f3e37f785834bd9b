"""The poll batch is the unit of work: read, decide in memory, write everything in one transaction, or nothing.

Order of the writes: positions, heard (inbound, lanes), state, outbox and journal, parked. See docs/promises.md.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from shared.contracts.refusal import Refused
from shared.platform.cloudevents import Envelope
from shared.platform.counting import count_all
from shared.platform.database import Document, Reads, Session, Transaction, Write
from shared.platform.early import loading_early
from shared.platform.errors import LostRace, NotYet, Outdated, Taken, TooManyParked, TryAgain, Unwritable
from shared.platform.heard import LANES, Inbound, Lane, Lanes, Verdict, inbound_row
from shared.platform.hearing import Hearing
from shared.platform.items import Item, items_of
from shared.platform.outbox import Cause
from shared.platform.parked import (
    NOWHERE,
    PARKED,
    Kind,
    Reason,
    behind,
    corrected,
    gap,
    parked_event,
    parking,
    rejected_event,
    row,
    why,
)
from shared.platform.past import Back, look_again, look_back
from shared.platform.positions import Place, Positions
from shared.platform.understand import Record
from shared.platform.unit import Unit, lock

MOST_RACES = 20
"""After so many lost races in a row we pause; should a unique value be the cause, the batch is split."""

FIRST_RETRY = timedelta(milliseconds=200)

Targets = dict[Place, int]

log = logging.getLogger("kommunkontakt.batch")


@dataclass(slots=True)
class Work:
    """One attempt at a batch: what it has read, and what it will write."""

    unit: Unit
    lanes: dict[str, Lane]
    inbound: Inbound
    back: Back
    streak: int
    parked: list[Document] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)


class Batch:
    """Acts on what one consumer polls, on one session, with the partitions that it holds."""

    def __init__(self, hearing: Hearing, positions: Positions, session: Session, lanes: Lanes | None = None) -> None:
        self._hearing, self._positions, self._session = hearing, positions, session
        self._lanes = lanes or Lanes()

    async def take(self, records: Sequence[Record]) -> set[str]:
        """Act on the records, in their order, and return the subjects that were heard of.

        Raises TryAgain (the same again later), LostPosition (drop them), TooManyParked or Outdated. After each of them
        the positions must be read again, and sought: the answer to a commit may have been lost, not the commit. They
        must be sought as well where something was caught up: what lies beyond that was not acted on.
        """
        near, ends = self._positions.cut(records)
        items = items_of(self._hearing, near)
        look_again(items, self._positions.held)
        if items:
            await self._keep(items)
        if left := {place: end for place, end in ends.items() if place in self._positions.in_past()}:
            await self._race([], left)
        return {item.envelope.subject for item in items if item.envelope and item.envelope.subject}

    def forget(self) -> None:
        """Trust nothing in memory: after a rebalance, or when something was away."""
        self._lanes.forget()

    async def _keep(self, items: list[Item]) -> None:
        try:
            await self._race(items, targets_of(items))
        except Unwritable as error:
            await self._split(items, error)

    async def _split(self, items: list[Item], error: Unwritable) -> None:
        self._hearing.metrics.splits.labels(self._hearing.service).inc()
        if len(items) == 1:
            await self._set_aside_alone(items, error)
            return
        middle = len(items) // 2
        await self._keep(items[:middle])
        await self._keep(items[middle:])

    async def _set_aside_alone(self, items: list[Item], error: Unwritable) -> None:
        items[0].fault, items[0].passed_by = error, False
        try:
            await self._race(items, targets_of(items))
        except Unwritable as again:
            raise TryAgain("a record can be neither kept nor set aside") from again

    async def _race(self, items: list[Item], targets: Targets) -> None:
        """Until it is kept: a lost race is run again at once, inside the transaction, with the locks taken first."""
        touched: dict[str, list[str]] = {}
        last: LostRace | None = None
        for lost in range(MOST_RACES):
            await asyncio.sleep(min(0.05, 0.001 * 2**lost) if lost > 1 else 0)  # so that the winner can finish
            try:
                work = await self._attempt(items, targets, touched)
            except LostRace as race:
                last = race
                self._lanes.forget()
                self._hearing.metrics.conflicts.labels(self._hearing.service).inc()
            else:
                self._done(work, targets)
                return
        if isinstance(last, Taken):
            raise Unwritable("a value that must be unique is there already")
        raise TryAgain("the same race was lost too many times")

    async def _attempt(self, items: list[Item], targets: Targets, touched: dict[str, list[str]]) -> Work:
        """The first time decide before the transaction; once a race was lost, `touched` says what to lock first."""
        if not touched:
            work = await self._decide(items, self._hearing.database)
            touched.update(work.unit.touched() or {PARKED.name: []})
            async with self._session.transaction() as transaction:
                await self._write(transaction, work, targets)
            return work
        async with self._session.transaction() as transaction:
            await lock(transaction, touched)
            work = await self._decide(items, transaction)
            touched.update(work.unit.touched())
            await self._write(transaction, work, targets)
        return work

    async def _decide(self, items: list[Item], reads: Reads) -> Work:
        unit = self._hearing.unit(reads)
        lanes, inbound, *_ = await reads.together(
            self._lanes.load(reads, {lane for item in items for lane in (item.lane, item.heard_in) if lane}),
            Inbound.load(reads, [item.identity for item in items if item.identity]),
            *loading_early(unit, items, self._hearing),
        )
        work = Work(unit, lanes, inbound, await look_back(reads, items, lanes), self._hearing.streak)
        for item in items:
            lane = lanes.get(item.lane) if item.lane else None
            if self._to_act_on(work, item, lane):
                await self._act(work, item, lane)
        return work

    def _to_act_on(self, work: Work, item: Item, lane: Lane | None) -> bool:
        """Whether it is ours to act on, now: not heard before, not behind another, without a fault."""
        if item.skipped or self._heard_before(work, item):
            return False
        if item.passed_by or work.back.is_kept(item):
            work.counts["passed_by", ""] += 1
        elif lane is not None and lane.waiting and not (item.harmless or work.back.is_first(item)):
            self._set_aside(work, item, lane, behind())
        elif item.fault is not None:
            self._set_aside(work, item, lane, why(item.fault, inbox=not item.own))
        else:
            return True
        return False

    def _heard_before(self, work: Work, item: Item) -> bool:
        """Whether nothing is left to do: a repeat, or a gap that is now parked."""
        if not item.own:
            return item.identity is not None and self._repeated_inbound(work, item, item.identity)
        if item.envelope is None:
            return False
        heard = work.lanes.get(item.heard_in or "")
        return heard is not None and self._repeated(work, item, item.envelope, heard)

    def _repeated(self, work: Work, item: Item, envelope: Envelope, lane: Lane) -> bool:
        expected, sequence = lane.sequence + 1, envelope.sequence or 0
        verdict = lane.hear(envelope.epoch or 0, sequence, any_start=item.past or item.topic.stream.compacted)
        if verdict is Verdict.GAP:
            work.counts["gaps", ""] += 1
            self._set_aside(work, item, lane, gap(expected, sequence))
        elif verdict is Verdict.REPEAT:
            work.counts["repeated", ""] += 1
        return verdict is not Verdict.NEXT

    def _repeated_inbound(self, work: Work, item: Item, key: str) -> bool:
        if key not in work.inbound.known:
            source, event_id = item.source_and_id
            work.inbound.note(key, inbound_row(key, source or "", event_id or "", work.unit.voice.at))
        elif work.inbound.is_correction(key, item.record.print):
            work.inbound.correct(key)
            work.parked.append(corrected(key, work.unit.voice.at))
        else:
            work.counts["repeated", ""] += 1
            return True
        return False

    async def _act(self, work: Work, item: Item, lane: Lane | None) -> None:
        handler, event, envelope = item.ready()
        envelope = work.unit.trail.hears(item.record, envelope, own=item.own)
        try:
            await handler(event, work.unit, envelope, self._hearing.origin(item.record.topic, envelope))
            work.unit.merge(Cause.of(envelope))
        except (TryAgain, LostRace, Outdated):
            raise
        except Exception as error:
            work.unit.discard()
            work.unit.trail.fails(type(error).__name__)
            if not isinstance(error, Refused | NotYet):
                log.error("a handler failed", extra={"place": item.record.place}, exc_info=error)
            self._set_aside(work, item, lane, why(error, inbox=not item.own and isinstance(error, Refused)))
        else:
            work.streak = 0
            work.counts["heard", envelope.type] += 1

    def _set_aside(self, work: Work, item: Item, lane: Lane | None, reason: Reason) -> None:
        """Keep the record with its reason; its lane waits behind it, except that a bad inbound event stops nobody."""
        blocks = lane if reason.kind is not Kind.REJECTED else None
        kept = row(
            item.record,
            reason,
            lane=blocks.id if blocks else None,
            envelope=item.envelope,
            municipality=item.municipality or NOWHERE,
            at=work.unit.voice.at,
            retry_at=self._hearing.wall.now() + FIRST_RETRY,
            seal=self._hearing.seal,
        )
        if blocks is not None:
            blocks.block(unread=item.own and item.envelope is None)
            work.back.note(item)
        work.parked.append(parking(kept))
        if reason.kind is Kind.REJECTED and item.identity is not None:
            work.inbound.refuse(kept["identity"], kept["print"])
        self._tell(work, item, reason, kept)

    def _tell(self, work: Work, item: Item, reason: Reason, kept: Document) -> None:
        cause = Cause.of(item.envelope) if item.envelope else Cause()
        publisher = item.topic.publisher
        if reason.kind is Kind.REJECTED and publisher is not None:
            work.unit.extra.append(rejected_event(kept, publisher, work.unit.voice, cause))
            work.counts["rejected", publisher.name] += 1
        elif reason.kind is Kind.PARKED:
            work.unit.extra.append(parked_event(kept, work.unit.voice, cause))
            work.counts["parked", ""] += 1
            self._limit(work, item, reason)

    def _limit(self, work: Work, item: Item, reason: Reason) -> None:
        log.error("an event was parked", extra={"place": item.record.place, "reason": reason.en})
        work.streak += item.own
        if work.streak >= self._hearing.park_limit:
            raise TooManyParked(f"{work.streak} events in a row could not be acted on; the last: {reason.en}")

    async def _write(self, transaction: Transaction, work: Work, targets: Targets) -> None:
        await self._positions.write(transaction, targets)
        changed = [lane.statement() for lane in work.lanes.values() if lane.changed]
        await work.inbound.write(transaction)
        await work.unit.write(transaction, Write(LANES.name, matching=changed))
        await transaction.update(PARKED.name, work.parked)

    def _done(self, work: Work, targets: Targets) -> None:
        self._positions.advance(targets)
        self._lanes.keep(work.lanes.values())
        self._hearing.streak = work.streak
        self._hearing.news.set()
        work.unit.trail.told()
        count_all(self._hearing, work.counts, work.unit.says)


def targets_of(items: Sequence[Item]) -> Targets:
    """Where each partition stands, or how far it has caught up, after these items."""
    return {(item.record.topic, item.record.partition): item.record.offset + 1 for item in items}
