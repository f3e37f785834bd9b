"""The watchdog: asks Kafka how far we are behind, because a consumer that has stalled does not know it."""

import asyncio
import logging
from collections.abc import Sequence

from aiokafka.errors import KafkaError

from shared.platform.database import Database
from shared.platform.errors import TryAgain
from shared.platform.hearing import Hearing
from shared.platform.listener import Listener
from shared.platform.outbox import OUTBOX

LOOK_EVERY = 5.0
STALLED_AFTER = 60.0
GIVE_UP_AFTER = 240.0
MARKERS = 1
"""The mark that ends a transaction looks like one record of lag."""

log = logging.getLogger("kommunkontakt.watch")


class Stalled(Exception):
    """A listener has stood still for minutes although there is something to hear."""


class Watch:
    """Looks at the listeners of one service, and at how much waits in the outbox."""

    def __init__(self, hearing: Hearing, listeners: Sequence[Listener]) -> None:
        self._hearing, self._listeners = hearing, listeners
        self._still_since: dict[str, tuple[int, float]] = {}
        self.trouble: str | None = None

    async def run(self) -> None:
        """Look every five seconds; raises Stalled when a new start is the only cure."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                still = max([await self._look(listener) for listener in self._listeners], default=0.0)
                await self._outbox(self._hearing.database)
            except (KafkaError, TryAgain, ConnectionError) as away:
                log.info("cannot look", extra={"reason": type(away).__name__})
                continue
            self._judge(still)

    def _judge(self, still: float) -> None:
        self.trouble = f"has heard nothing for {still:.0f} s although there is more" if still > STALLED_AFTER else None
        if still > GIVE_UP_AFTER:
            raise Stalled(self.trouble)

    async def _look(self, listener: Listener) -> float:
        """For how many seconds the listener has stood still with something to hear."""
        lag = await listener.lag()
        for place, behind in lag.items():
            labels = (self._hearing.service, place.topic, str(place.partition))
            self._hearing.metrics.position_lag.labels(*labels).set(behind)
        now = asyncio.get_running_loop().time()
        before, since = self._still_since.get(listener.name, (-1, now))
        busy = listener.trouble is not None or listener.batches != before or max(lag.values(), default=0) <= MARKERS
        self._still_since[listener.name] = (listener.batches, now if busy else since)
        return now - self._still_since[listener.name][1]

    async def _outbox(self, database: Database) -> None:
        self._hearing.metrics.outbox_size.set(await database.count(OUTBOX.name, {}))
        oldest = await database.find(OUTBOX.name, {}, sort=(("_id", 1),), limit=1)
        at = oldest[0]["at"] if oldest else None
        age = max(0.0, (self._hearing.clock.now() - at).total_seconds()) if at else 0.0
        self._hearing.metrics.outbox_age_seconds.set(age)
