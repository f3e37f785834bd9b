"""The watchdog: asks Kafka how far we are behind, because a consumer that has stalled does not know it."""

import asyncio
import logging
from collections.abc import Mapping, Sequence

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from shared.platform.errors import TryAgain
from shared.platform.hearing import Hearing
from shared.platform.listener import Listener
from shared.platform.measured import Measured
from shared.platform.restores import epoch_of

LOOK_EVERY = 5.0
STALLED_AFTER = 60.0
GIVE_UP_AFTER = 240.0
MARKERS = 1
"""The mark that ends a transaction looks like one record of lag."""

Labels = tuple[str, str, str]
log = logging.getLogger("kommunkontakt.watch")


class Stalled(Exception):
    """A listener has stood still for minutes although there is something to hear."""


class Restored(Exception):
    """The database was restored while we were running on it: what we know of it is of another time."""


class Watch:
    """Looks at the listeners of one service, and has measured what waits in its database."""

    def __init__(self, hearing: Hearing, listeners: Sequence[Listener]) -> None:
        self._hearing, self._listeners, self._measured = hearing, listeners, Measured(hearing)
        self._shown: dict[str, set[Labels]] = {}
        self._still_since: dict[str, tuple[int, float]] = {}
        self.trouble: str | None = None

    async def run(self) -> None:
        """Look every five seconds; raises Stalled or Restored when a new start is the only cure."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                await self._epoch()
                still = await self.look()
            except (KafkaError, TryAgain, ConnectionError) as away:
                log.info("cannot look", extra={"reason": type(away).__name__})
                continue
            self._judge(still)

    async def look(self) -> float:
        """Look once; for how many seconds a listener has stood still with something to hear."""
        still = max([await self._look(listener) for listener in self._listeners], default=0.0)
        await self._measured.look()
        return still

    def _judge(self, still: float) -> None:
        self.trouble = f"has heard nothing for {still:.0f} s although there is more" if still > STALLED_AFTER else None
        if still > GIVE_UP_AFTER:
            raise Stalled(self.trouble)

    async def _look(self, listener: Listener) -> float:
        """For how many seconds the listener has stood still with something to hear."""
        lag = await listener.lag()
        self._show(listener.name, lag)
        now = asyncio.get_running_loop().time()
        before, since = self._still_since.get(listener.name, (-1, now))
        busy = listener.trouble is not None or listener.batches != before or max(lag.values(), default=0) <= MARKERS
        self._still_since[listener.name] = (listener.batches, now if busy else since)
        return now - self._still_since[listener.name][1]

    async def _epoch(self) -> None:
        if await epoch_of(self._hearing.database) != self._hearing.epoch:
            raise Restored("the database was restored under a running service")

    def _show(self, name: str, lag: Mapping[TopicPartition, int]) -> None:
        """The lag of what is held; a partition that was given away is another's to tell of."""
        gauge, held = self._hearing.metrics.position_lag, set[Labels]()
        for place, behind in lag.items():
            labels = (self._hearing.service, place.topic, str(place.partition))
            gauge.labels(*labels).set(behind if behind > MARKERS else 0)
            held.add(labels)
        others = {labels for other, theirs in self._shown.items() if other != name for labels in theirs}
        for gone in self._shown.get(name, set()) - held - others:
            gauge.remove(*gone)
        self._shown[name] = held
