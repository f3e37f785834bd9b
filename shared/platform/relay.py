"""The relay: publishes what was said, in its order, and forgets what Kafka has acknowledged.

One a service, by lease, and with a transactional id, so that the broker refuses an old one that wakes up. Should it die
between Kafka's commit and the deletion, the same events come again with the same sequences, and every listener knows
them.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from shared.contracts.streams import Stream
from shared.platform.database import Document
from shared.platform.errors import LostRace, TryAgain
from shared.platform.hearing import Hearing
from shared.platform.heartbeats import KEY, Heartbeats
from shared.platform.kafka import KafkaAccess, client_options
from shared.platform.leases import Lease
from shared.platform.outbox import ASIDE, OUTBOX, record_of

BATCH = 500
LOOK_EVERY = 0.1
PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)
DRAIN_LOOKS = 50
LARGEST = 1_048_576
ANSWER_WITHIN = 10.0
UNDO_WITHIN = 1.0

log = logging.getLogger("kommunkontakt.relay")


class Relay:
    """Publishes one service's outbox."""

    def __init__(
        self, hearing: Hearing, kafka: KafkaAccess | str, lease: Lease, compacted: Iterable[Stream] = ()
    ) -> None:
        self._hearing, self._database, self._kafka, self._lease = hearing, hearing.database, kafka, lease
        self._heartbeats = Heartbeats(compacted, hearing.wall)
        self._failures, self._at_once = 0, BATCH
        self.trouble: str | None = None

    async def run(self) -> None:
        """Publish for as long as we live; what is away makes us wait, never stop."""
        while True:
            try:
                if await self._lease.hold():
                    await self._while_held()
                self._well()
                await asyncio.sleep(1)
            except (KafkaError, TryAgain, LostRace, AssertionError, ConnectionError, TimeoutError) as away:
                # aiokafka raises AssertionError for each call on a fenced producer
                await self._pause(away)

    async def drain(self) -> None:
        """On the way out: publish what is there, as long as somebody listens."""
        if self._lease.held:
            self._hearing.news.set()
            for _ in range(DRAIN_LOOKS):
                if self.trouble or not await self._database.find(OUTBOX.name, {}, limit=1):
                    return
                await asyncio.sleep(LOOK_EVERY)

    async def let_go(self) -> None:
        """Give the lease back."""
        await self._lease.let_go()

    def _made(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            **client_options(self._kafka),
            client_id=f"{self._hearing.service}-relay",
            transactional_id=f"{self._hearing.service}-relay",
            acks="all",
            max_request_size=LARGEST,
            request_timeout_ms=10_000,
        )

    async def _while_held(self) -> None:
        """The lease, the producer (which fences the one before), the lease again, and only then the outbox."""
        producer = self._made()
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                await producer.start()
            while await self._lease.hold():
                await self._publish_some(producer)
                await self._beat(producer)
                self._well()
        finally:
            await _stopped(producer)

    async def _publish_some(self, producer: AIOKafkaProducer) -> None:
        renewed, aside = asyncio.get_running_loop().time(), await self._aside()
        while asyncio.get_running_loop().time() - renewed < self._lease.lasts.total_seconds() / 3:
            self._hearing.news.clear()
            most, waiting = self._at_once, await self._waiting(aside)
            if waiting:
                with self._hearing.traces.sends(waiting):
                    await self._publish(producer, waiting)
            if len(waiting) < most:
                await self._rest()

    async def _rest(self) -> None:
        """Until there is news, and news that came as we published counts; then look what other instances say."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY):
                await self._hearing.news.wait()

    async def _aside(self) -> list[str]:
        """What was set aside: it changes by our own hand, after which all begins anew, or by an operator's."""
        return [found["_id"] for found in await self._database.find(ASIDE.name, {})]

    async def _waiting(self, aside: list[str]) -> list[Document]:
        query = {"_id.k": {"$nin": aside}} if aside else {}
        return await self._database.find(OUTBOX.name, query, sort=(("_id", 1),), limit=self._at_once)

    async def _publish(self, producer: AIOKafkaProducer, waiting: list[Document]) -> None:
        """All of them in one transaction, and then forget them."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN), _transaction(producer):
                sent = [await self._send(producer, said) for said in waiting]
                await asyncio.gather(*sent)
        except MessageSizeTooLargeError:
            await self._narrow(waiting)
            raise  # after a refusal aiokafka's numbers no longer agree with the broker's: a new producer goes on
        await self._forget(waiting)
        self._at_once = min(BATCH, 2 * self._at_once)

    async def _forget(self, published: list[Document]) -> None:
        await self._database.delete(OUTBOX.name, {"_id": {"$in": [said["_id"] for said in published]}})
        self._count(published)

    async def _narrow(self, waiting: list[Document]) -> None:
        """One of them Kafka will never take: fewer at once, until it stands alone and is set aside."""
        if len(waiting) == 1:
            await self._set_aside(waiting[0])
        self._at_once, self._failures = max(1, len(waiting) // 2), 0

    def _send(self, producer: AIOKafkaProducer, said: Document) -> Awaitable[Any]:
        return producer.send(said["t"], **record_of(said))  # type: ignore[no-any-return]

    async def _set_aside(self, said: Document) -> None:
        """It blocks only its own aggregate; an operator sees it in `outbox_aside` and in the log."""
        log.error("an event cannot be sent and was set aside", extra={"subject": said["_id"]["k"]})
        await self._database.change(
            ASIDE.name, {"_id": said["_id"]["k"]}, {"$set": {"s": said["_id"]["s"]}}, upsert=True
        )

    async def _beat(self, producer: AIOKafkaProducer) -> None:
        """A heartbeat in each partition of the streams that must be able to forget."""
        for stream in self._heartbeats.due():
            async with asyncio.timeout(ANSWER_WITHIN), _transaction(producer):
                sent = [
                    await producer.send(
                        stream.topic, key=KEY, partition=one, headers=self._heartbeats.headers(stream, one)
                    )
                    for one in sorted(await producer.partitions_for(stream.topic))
                ]
                await asyncio.gather(*sent)
            self._heartbeats.written(stream)
            self._hearing.metrics.heartbeats.labels(stream.topic).inc(len(sent))

    def _count(self, sent: list[Document]) -> None:
        topics: dict[str, int] = {}
        for said in sent:
            topics[said["t"]] = topics.get(said["t"], 0) + 1
        for topic, count in topics.items():
            self._hearing.metrics.relayed.labels(topic).inc(count)

    def _well(self) -> None:
        self._failures, self.trouble = 0, None

    async def _pause(self, away: BaseException) -> None:
        self.trouble = f"cannot publish ({type(away).__name__})"
        log.warning("the relay waits", extra={"reason": type(away).__name__})
        pause = PAUSES[min(self._failures, len(PAUSES) - 1)]
        self._failures += 1
        await asyncio.sleep(pause)


@asynccontextmanager
async def _transaction(producer: AIOKafkaProducer) -> AsyncIterator[None]:
    """One transaction. What fails and can't be undone soon is left open: the next producer's start undoes it.

    aiokafka's own context would wait without limit for the abort while Kafka is away, deaf to being cancelled.
    """
    await producer.begin_transaction()
    try:
        yield
        await producer.commit_transaction()
    except BaseException:
        with suppress(KafkaError, AssertionError, TimeoutError):
            async with asyncio.timeout(UNDO_WITHIN):
                await producer.abort_transaction()
        raise


async def _stopped(producer: AIOKafkaProducer) -> None:
    """A fenced or disconnected producer may refuse to stop in an orderly way; its connections are closed anyhow."""
    try:
        async with asyncio.timeout(5):
            await producer.stop()
    except (KafkaError, TimeoutError, AssertionError, ConnectionError):
        log.info("a producer was left behind")
        await producer.client.close()
