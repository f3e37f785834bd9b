"""A listener: one member of the group, that polls, acts on each batch as one unit of work, and never loses its place.

Whatever goes wrong with a batch, the cure is the same: seek back to our positions, which live with the state, and poll
again. A lock is held over poll and batch, so that a revoke waits for the batch in flight, and no longer.
"""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from shared.platform.batch import Batch
from shared.platform.database import Session
from shared.platform.errors import LostPosition, LostRace, TooManyParked, TryAgain
from shared.platform.hearing import Hearing
from shared.platform.kafka import KafkaAccess, client_options
from shared.platform.offsets import Offsets
from shared.platform.pace import AT_ONCE, Pace
from shared.platform.parking import Parking
from shared.platform.positions import Positions
from shared.platform.understand import Record

POLL_MS = 20
ALONE_MS = 300
LET_GO_AFTER = 0.5
BAD_NAME = "ce_not-utf-8"
LEAVE_WITHIN = 5.0
DAY_MS = 86_400_000

log = logging.getLogger("kommunkontakt.listener")


class Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """One member of a service's group."""

    def __init__(
        self, hearing: Hearing, kafka: KafkaAccess | str, name: str, parking: Parking, *, stable: bool = False
    ) -> None:
        self._hearing, self._parking, self.name = hearing, parking, name
        self._kafka, self._stable = kafka, stable
        self._consumer: AIOKafkaConsumer = None  # made in `run`: aiokafka wants a running loop
        self._positions = Positions(hearing.database, hearing.service, hearing.acts())
        self._busy = asyncio.Lock()
        self._fresh: set[TopicPartition] = set()
        self._batch: Batch | None = None
        self._session: Session | None = None
        self._pace = Pace()
        self._astray = False
        self._cut = asyncio.Event()
        self._offsets = Offsets(name, self._positions.held)
        self._stopping = False
        self.batches = 0
        self.trouble: str | None = "starting"

    async def run(self) -> None:
        """Listen until `stop`; TooManyParked makes it wait, not ready, for a better deploy; Outdated makes it leave."""
        await self._join()
        try:
            while not self._stopping:
                await self._turn()
        finally:
            await self._leave()

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stopping

    def stop(self) -> None:
        """Finish the batch in hand and leave."""
        self._stopping = True
        self._cut.set()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Wait for the batch in flight, then let go; a pause is cut short."""
        self._cut.set()
        async with self._busy:
            self._positions.drop((one.topic, one.partition) for one in revoked)
            self._fresh.clear()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Note them: positions are taken, and sought, before the next poll."""
        self._fresh = set(assigned)

    def _made(self) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            **client_options(self._kafka),
            group_id=self._hearing.service,
            client_id=self.name,
            group_instance_id=self.name if self._stable else None,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_interval_ms=DAY_MS,  # a pause must not cost the membership: our own watchdog judges progress
            rebalance_timeout_ms=30_000,
            session_timeout_ms=6_000,
            heartbeat_interval_ms=1_000,
            metadata_max_age_ms=30_000,
        )

    async def _join(self) -> None:
        self._consumer = self._made()
        while not self._stopping:
            try:
                await self._consumer.start()
                self._consumer.subscribe(list(self._hearing.topics), listener=self)
                return
            except (KafkaError, ConnectionError) as away:
                await self._pause(TryAgain(type(away).__name__))

    async def _turn(self) -> None:
        try:
            async with self._busy:
                await self._take_fresh()
                await self._return()
                await self._poll()
                await self._positions.sweep()
            self._pace.went_well()
        except (TryAgain, LostRace, LostPosition, KafkaError) as away:
            await self._again(away)
        except TooManyParked as error:
            await self._stand_still(error)

    async def _take_fresh(self) -> None:
        if not self._fresh:
            return
        session = await self._open_session()
        fresh = set(self._fresh)
        await self._positions.take([(one.topic, one.partition) for one in fresh], session.id)
        self._batch = self._batch or Batch(self._hearing, self._positions, session)
        self._batch.forget()
        await self._seek(fresh)
        self._fresh -= fresh
        log.info("partitions taken", extra={"listener": self.name, "count": len(fresh)})

    async def _open_session(self) -> Session:
        if self._session is None:
            self._session = await self._hearing.database.session()
        return self._session

    async def _seek(self, places: Iterable[TopicPartition]) -> None:
        """To our positions; without one, to the beginning, whatever Kafka may remember of old commits."""
        unknown = []
        for one in places:
            position = self._positions.held.get((one.topic, one.partition))
            if position is not None and position.seek is None:
                unknown.append(one)
            elif position is not None:
                self._consumer.seek(one, position.seek)
        if unknown:
            for one, beginning in (await self._consumer.beginning_offsets(unknown)).items():
                self._consumer.seek(one, beginning)

    async def _poll(self) -> None:
        if not self._positions.held:
            self.trouble = None
            await asyncio.sleep(POLL_MS / 1000)
            return
        await asyncio.sleep(self._pace.rest(asyncio.get_running_loop().time()))
        try:
            polled = await self._polled(timeout_ms=POLL_MS, max_records=AT_ONCE)
        except UnicodeDecodeError:
            await self._step_over_bad_names()
            return
        records = [as_record(record) for part in polled.values() for record in part]
        if records and self._batch is not None:
            await self._act(self._batch, records)
        self.trouble = None

    async def _polled(
        self, *only: TopicPartition, timeout_ms: int, max_records: int
    ) -> "dict[TopicPartition, list[ConsumerRecord[Any, Any]]]":
        """What has come; nothing, when a rebalance begins: aiokafka waits here for its end, and that waits for us."""
        # Giving up costs no record: `fetched_records` (0.14) awaits nothing between taking records and returning them.
        try:
            async with asyncio.timeout(timeout_ms / 1000 + LET_GO_AFTER):
                return dict(await self._consumer.getmany(*only, timeout_ms=timeout_ms, max_records=max_records))
        except TimeoutError:
            return {}

    async def _step_over_bad_names(self) -> None:
        """Some record has a header whose name is not UTF-8, which aiokafka cannot read at all.

        Each partition is read on alone and record by record. The one that can't be read is kept as an unreadable
        record at our position, without its bytes, and passed.
        """
        held = [TopicPartition(*place) for place in self._positions.held]
        await self._seek(held)
        for one in held:
            while await self._read_alone(one):
                continue

    async def _read_alone(self, one: TopicPartition) -> bool:
        try:
            polled = await self._polled(one, timeout_ms=ALONE_MS, max_records=1)
            records = [as_record(record) for record in polled.get(one, [])]
        except UnicodeDecodeError:
            at = await self._consumer.position(one)
            records = [Record(one.topic, one.partition, at, None, None, [(BAD_NAME, b"")])]
            self._consumer.seek(one, at + 1)
            log.error("a header's name is not UTF-8", extra={"place": records[0].place})
        if records and self._batch is not None:
            await self._act(self._batch, records)
        return bool(records)

    async def _act(self, batch: Batch, records: list[Record]) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        self._pace.began(began, len(records))
        behind = self._positions.in_past()
        subjects = await batch.take(records)
        await self._seek(TopicPartition(*place) for place in behind - self._positions.in_past())
        metrics = self._hearing.metrics
        metrics.batch_seconds.labels(self._hearing.service).observe(loop.time() - began)
        metrics.batch_events.labels(self._hearing.service).observe(len(records))
        self.batches += 1
        self._offsets.commit_soon(self._consumer)
        await self._parking.heard_of(subjects)

    async def _again(self, away: Exception) -> None:
        """Drop the batch and pause; nothing is polled before `_return` has succeeded."""
        self._astray = True
        if self._batch is not None:
            self._batch.forget()
        await self._pause(away)

    async def _return(self) -> None:
        """Go back to where the database says that we stand, also when the answer to a commit was lost."""
        if self._astray:
            await self._positions.refresh()
            await self._seek([TopicPartition(*place) for place in self._positions.held])
            self._astray = False

    async def _pause(self, away: Exception) -> None:
        self.trouble = f"waits: {away}" if isinstance(away, TryAgain) else f"waits: {type(away).__name__}"
        log.warning("consuming pauses", extra={"listener": self.name, "reason": self.trouble})
        self._hearing.metrics.pauses.labels(self._hearing.service).inc()
        self._cut.clear()
        await self._wait(self._pace.after_failure())

    async def _wait(self, seconds: float | None) -> None:
        if not self._stopping:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._cut.wait()

    async def _stand_still(self, error: TooManyParked) -> None:
        """Our deploy is bad, not their data: nothing more is consumed until the process is started anew."""
        self.trouble = str(error)
        log.critical("consuming stopped", extra={"listener": self.name, "reason": str(error)})
        while not self._stopping:
            self._cut.clear()
            await self._wait(None)

    async def lag(self) -> dict[TopicPartition, int]:
        """How many records lie beyond our positions, asked of Kafka."""
        held = {TopicPartition(*place): one.next for place, one in self._positions.held.items()}
        known = [one for one, at in held.items() if at is not None]
        if not known:
            return {}
        ends = await self._consumer.end_offsets(known)
        return {one: max(0, end - (held[one] or 0)) for one, end in ends.items()}

    async def _leave(self) -> None:
        await self._offsets.leave(self._consumer)
        try:
            async with asyncio.timeout(LEAVE_WITHIN):
                await self._consumer.stop()
        except (KafkaError, TimeoutError):
            log.info("left without a farewell", extra={"listener": self.name})
        if self._session is not None:
            await self._session.close()


def as_record(record: "ConsumerRecord[Any, Any]") -> Record:
    """A record of the client as ours."""
    return Record(record.topic, record.partition, record.offset, record.key, record.value, record.headers)
