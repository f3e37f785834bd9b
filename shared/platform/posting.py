"""Events that come over HTTP: kept in the outbox for their publisher's inbox topic, in their order and at its rate.

From there on they are as if their publisher had written them to Kafka itself: the relay carries them to the topic, and
whoever hears it registers each once. One row a publisher, `{_id: name, said, left, at}`, is written by compare-and-set
for each request: `said` numbers its events in the outbox, so that the relay sends them in the order in which they were
answered for, and `left` is what remains of its rate at the moment `at`, for all instances alike.
"""

import asyncio
import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from shared.contracts.refusal import Invalid
from shared.platform.cloudevents_http import Posted
from shared.platform.database import Collection, Document, Index, Transaction, statement
from shared.platform.errors import LostRace, TryAgain
from shared.platform.hearing import Hearing, Topic, identity
from shared.platform.outbox import OUTBOX
from shared.platform.settings import Publisher
from shared.platform.unit import write_matching
from shared.platform.web import wording
from shared.platform.web.errors import TooManyRequests

PUBLISHING = Collection("publishing")
POSTED = Collection("posted", (Index((("at", 1),), expires_after_seconds=60 * 86_400),))
"""What was answered for: nobody is told that we know nothing of it before the topic has brought it back."""
TRIES = 20
MINUTE = 60.0


class Posting:
    """Keeps what publishers post."""

    def __init__(self, hearing: Hearing) -> None:
        self._hearing = hearing
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def keep(self, topic: Topic, publisher: Publisher, per_minute: int, events: Sequence[Posted]) -> None:
        """Keep all of them, or none: TooManyRequests beyond the rate, TryAgain when the database is away."""
        if len(events) > per_minute:
            raise Invalid("too-many", *wording.MORE_THAN_A_MINUTE.both({"limit": per_minute}))
        async with self._turns[publisher.name]:
            for lost in range(TRIES):
                await asyncio.sleep(min(0.05, 0.001 * 2**lost) if lost > 1 else 0)  # so that the winner can finish
                try:
                    await self._try(topic, publisher, per_minute, events)
                except LostRace:
                    self._hearing.metrics.conflicts.labels("desk").inc()
                else:
                    self._hearing.news.set()
                    return
        raise TryAgain("others write the same all the time")

    async def _try(self, topic: Topic, publisher: Publisher, per_minute: int, events: Sequence[Posted]) -> None:
        session = await self._hearing.database.session()
        try:
            async with session.transaction() as transaction:
                said = await self._take(transaction, publisher.name, per_minute, len(events))
                rows = [self._row(topic, publisher, said + nth, one) for nth, one in enumerate(events, 1)]
                await transaction.insert(OUTBOX.name, rows)
                await transaction.update(POSTED.name, [self._noted(topic, one) for one in events])
        finally:
            await session.close()

    async def _take(self, transaction: Transaction, name: str, per_minute: int, count: int) -> int:
        """Take so many of the publisher's rate; returns how many it had said before."""
        now = self._hearing.wall.now()
        rows = await transaction.find(PUBLISHING.name, {"_id": name})
        before: Document = rows[0] if rows else {"said": 0, "left": per_minute, "at": now}
        left = filled(before["left"], before["at"], now, per_minute)
        if left < count:
            raise TooManyRequests(math.ceil((count - left) * MINUTE / per_minute))
        after = {"said": before["said"] + count, "left": left - count, "at": now}
        change = statement({"_id": name, "said": before["said"]}, after, upsert=not rows)
        await write_matching(transaction, PUBLISHING.name, [change])
        return int(before["said"])

    def _row(self, topic: Topic, publisher: Publisher, number: int, event: Posted) -> Document:
        """As the relay sends it: the key is what its publisher chose, or the same for all of its events."""
        name = topic.stream.topic
        return {
            "_id": {"k": f"{name}|{publisher.name}", "s": number},
            "t": name,
            "p": event.envelope.partitionkey or publisher.name,
            "h": dict(event.headers),
            "b": event.value,
            "at": self._hearing.voice().at,
        }

    def _noted(self, topic: Topic, event: Posted) -> Document:
        key = identity(topic.stream.topic, event.envelope)
        return statement({"_id": key}, {"$set": {"at": self._hearing.wall.now()}}, upsert=True)


def filled(left: float, at: datetime, now: datetime, per_minute: int) -> float:
    """What is left of a rate at a later moment: a minute's worth at most, also when the rate has changed."""
    passed = max(0.0, (now - at).total_seconds())
    return min(float(per_minute), left + passed * per_minute / MINUTE)
