"""The sender: hands over what is due, never in a Kafka handler. It claims, hands over, marks; the claim is kept first.

One instance at a time sends (a lease, renewed while it sends). Killed between claim and mark, the outcome is unknown:
the next look notes so in the message's ledger and hands it over again under the same Message-ID.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from services.notify import events, rules
from services.notify.channels.channel import Channel
from services.notify.model import Message, Outcome, Receipt, Recipient, State
from services.notify.rules import Rows
from services.notify.store import HandedBefores, Messages, Recipients
from shared.contracts.notify_deliveries import MessageHandedOver
from shared.platform.errors import LostRace, TryAgain, Unwritable
from shared.platform.hearing import Hearing
from shared.platform.leases import Lease
from shared.platform.outbox import Cause
from shared.platform.unit import Unit

AT_ONCE = 100
WHEN_AWAY = 2
"""So many are tried while the channel is away: whether it is back shows on them."""
LOOK_EVERY = 0.25
"""Seconds between looks, but none after a full one: a look costs two transactions, for one message as for a hundred."""
RENEW_EVERY = 1.0
FINISH_WITHIN = 2.0
TRIES = 5

log = logging.getLogger("kommunkontakt.notify.sender")


@dataclass(frozen=True, slots=True)
class Parcel:
    """A claimed message and who is to get it."""

    message: Message
    recipient: Recipient | None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one attempt; no receipt: it was not tried."""

    message_id: str
    number: int
    receipt: Receipt | None


class Sender:
    """Hands over the messages of one channel."""

    def __init__(self, hearing: Hearing, channel: Channel, lease: Lease, rows: Rows | None = None) -> None:
        self._hearing, self._channel, self._lease, self._rows = hearing, channel, lease, rows or Rows()
        self._stopping = False
        self._times_away = 0
        self._paused_until: datetime | None = None
        self._carriers: list[asyncio.Task[None]] = []
        self.trouble: str | None = None

    async def run(self) -> None:
        """Look for what is due, again and again. Cancelled, it finishes what is in hand."""
        try:
            while True:
                looked_at = await self._look_to_the_end()
                await asyncio.sleep(0 if looked_at >= AT_ONCE else LOOK_EVERY)
        finally:
            with suppress(TryAgain):
                await self._lease.let_go()
            await self._channel.close()

    async def look(self) -> int:
        """One look: what is due is handed over, or its next attempt is set. Returns how many were looked at."""
        if not await self._lease.hold():
            self._times_away, self._paused_until = 0, None  # another instance sends, and knows
            return 0
        if self._paused_until is not None and self._hearing.wall.now() < self._paused_until:
            return 0
        looked_at, parcels = await self._claim()
        if parcels:
            results = await self._hand_over(parcels)
            self._note_away(results)
            await self._mark(results)
        return looked_at

    async def _look_to_the_end(self) -> int:
        look = asyncio.create_task(self._try())
        try:
            return await asyncio.shield(look)
        except asyncio.CancelledError:
            self._stopping = True
            await asyncio.wait([look], timeout=FINISH_WITHIN)
            for carrier in self._carriers:
                carrier.cancel()
            await asyncio.wait([look], timeout=FINISH_WITHIN)
            look.cancel()
            await asyncio.gather(look, return_exceptions=True)
            raise

    async def _try(self) -> int:
        try:
            looked_at = await self.look()
            self.trouble = f"the channel {self._channel.name} is away" if self._times_away else None
            return looked_at
        except (TryAgain, LostRace) as away:
            self.trouble = str(away) if isinstance(away, TryAgain) else None
            log.info("waits", extra={"reason": type(away).__name__})
            return 0

    async def _claim(self) -> tuple[int, list[Parcel]]:
        """Claim what is due, in one transaction; nothing of it is sent before that is kept."""
        unit, channel = self._unit(), self._channel.name
        messages: Messages = unit.given(Messages)
        at = unit.voice.at
        due = await messages.due(channel, at, WHEN_AWAY if self._times_away else AT_ONCE)
        if not due:
            return 0, []
        to = {message.recipient_id for message in due}
        begun = await messages.begun_to(channel, to)
        recipients: Recipients = unit.given(Recipients)
        known = await recipients.all_of(to)
        before: HandedBefores = unit.given(HandedBefores)
        spared = rules.spared(due, await before.all_of(one.message_id for one in due))
        done = {one.message_id for one in spared}
        left = [one for one in due if one.message_id not in done]
        after = spared + rules.taken_in_hand(left, begun, at, self._rows.in_force(at))
        await self._keep(unit, messages, {one.message_id: one for one in due}, after)
        claimed = [one for one in after if one.state is State.HANDING_OVER]
        return len(due), [Parcel(one, known.get(one.recipient_id)) for one in claimed]

    async def _hand_over(self, parcels: list[Parcel]) -> list[Result]:
        """Several at a time, but one after the other for each recipient."""
        receipts: dict[str, Receipt] = {}
        queues = _queues(parcels)
        renewing = asyncio.create_task(self._renew())
        self._carriers = [asyncio.create_task(self._carry(queues, receipts)) for _ in range(self._channel.at_once)]
        try:
            await asyncio.gather(*self._carriers, return_exceptions=True)
        finally:
            self._carriers = []
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
        sent = [parcel.message for parcel in parcels]
        return [Result(one.message_id, one.attempts[-1].number, receipts.get(one.message_id)) for one in sent]

    async def _carry(self, queues: deque[list[Parcel]], receipts: dict[str, Receipt]) -> None:
        while queues:
            for parcel in queues.popleft():
                if self._stopping or not self._lease.held:
                    return
                receipt = await self._send(parcel, receipts)
                if receipt.outcome is Outcome.AWAY:
                    queues.clear()
                    return
                if receipt.outcome not in (Outcome.TAKEN, Outcome.NEVER):
                    break  # what comes after it to the same recipient waits behind it

    async def _send(self, parcel: Parcel, receipts: dict[str, Receipt]) -> Receipt:
        message_id = parcel.message.message_id
        with self._hearing.traces.hands_over(self._channel.name, message_id, parcel.message.traceparent) as carried:
            receipt = await self._carried(parcel, receipts)
            carried.ended(receipt.outcome)
        return receipt

    async def _carried(self, parcel: Parcel, receipts: dict[str, Receipt]) -> Receipt:
        message_id = parcel.message.message_id
        letter = rules.letter(parcel.message, parcel.recipient)
        receipts[message_id] = Receipt(Outcome.UNKNOWN, "stopped")  # what stands there if we are cancelled now
        try:
            receipts[message_id] = rules.NO_ADDRESS if letter is None else await self._channel.send(letter)
        except Exception as error:
            log.error("a message could not be made", extra={"subject": message_id}, exc_info=error)
            receipts[message_id] = Receipt(Outcome.LATER, f"a fault in the program: {type(error).__name__}")
        return receipts[message_id]

    async def _renew(self) -> None:
        """Keep the lease while we send; without it nothing more is begun."""
        while True:
            await asyncio.sleep(RENEW_EVERY)
            try:
                await self._lease.hold()
            except TryAgain:
                self._lease.held = False

    def _note_away(self, results: Iterable[Result]) -> None:
        """Pause when the channel was away, longer each time; one answer of any other kind ends it."""
        outcomes = {result.receipt.outcome for result in results if result.receipt is not None}
        if Outcome.AWAY in outcomes:
            self._times_away += 1
            now, service_time = self._hearing.wall.now(), self._hearing.clock.now()
            self._paused_until = now + rules.away_wait(self._times_away, self._rows.in_force(service_time))
            log.warning("the channel is away", extra={"channel": self._channel.name, "count": self._times_away})
        elif outcomes:
            self._times_away, self._paused_until = 0, None

    async def _mark(self, results: list[Result]) -> None:
        """Keep what became of them: together, or one by one; while the database is away, again until it is kept."""
        left = deque([(results, 1)])
        while left:
            some, tries = left.popleft()
            try:
                await self._settle(some)
            except TryAgain:
                left.appendleft((some, tries))
                await asyncio.sleep(LOOK_EVERY)
            except (LostRace, Unwritable) as error:
                left.extend(([one], tries + 1) for one in some if tries < TRIES)
                if tries == TRIES:
                    log.error("an outcome could not be kept", extra={"subject": some[0].message_id}, exc_info=error)

    async def _settle(self, results: list[Result]) -> None:
        unit = self._unit()
        messages: Messages = unit.given(Messages)
        before = await messages.all_of(result.message_id for result in results)
        at = unit.voice.at
        row = self._rows.in_force(at)
        known = [one for one in results if one.message_id in before]
        after = [rules.settled(before[one.message_id], one.number, one.receipt, at, row) for one in known]
        await self._keep(unit, messages, before, after)

    async def _keep(
        self, unit: Unit, messages: Messages, before: Mapping[str, Message], after: Iterable[Message]
    ) -> None:
        """Write what has changed, with what is said of messages that are done with now, in one transaction."""
        for message in after:
            was = before[message.message_id]
            if message == was:
                continue
            messages.save(message, says=events.closing(message) if was.closed_at is None else [])
            unit.merge(Cause(None, message.correlation, message.traceparent))
        session = await self._hearing.database.session()
        try:
            async with session.transaction() as transaction:
                await unit.write(transaction)
        finally:
            await session.close()
        self._count(unit)

    def _count(self, unit: Unit) -> None:
        metrics, channel = self._hearing.metrics, self._channel.name
        for said in unit.says:
            handed_over = said.event.type == MessageHandedOver.type
            (metrics.handed_over if handed_over else metrics.given_up).labels(channel).inc()
            metrics.said.labels(said.event.type).inc()
        if unit.says:
            self._hearing.news.set()

    def _unit(self) -> Unit:
        return self._hearing.unit(self._hearing.database)


def _queues(parcels: list[Parcel]) -> deque[list[Parcel]]:
    """One queue a recipient, each in the order of planning."""
    by_recipient = sorted(parcels, key=lambda one: (one.message.recipient_id, one.message.order))
    queues = [list(group) for _, group in groupby(by_recipient, key=lambda one: one.message.recipient_id)]
    return deque(sorted(queues, key=lambda queue: queue[0].message.order))
