"""Tells Kafka how far a listener has come, so that operators see the lag there too. Nobody else reads it: positions are
kept with the state.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.platform.positions import Place, Position

COMMIT_WITHIN = 5.0
APART = 1.0
"""Seconds from one commit to the next."""

log = logging.getLogger("kommunkontakt.offsets")


class Offsets:
    """The offsets of one listener by its positions, `held`, as they then are: committed at most once a second."""

    def __init__(self, listener: str, held: Mapping[Place, Position]) -> None:
        self._listener, self._held = listener, held
        self._next = 0.0
        self._leaving = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def commit_soon(self, consumer: AIOKafkaConsumer) -> None:
        """At once, or when it is time again; what comes until then is in that commit."""
        if self._task is None or self._task.done():
            rest = self._next - asyncio.get_running_loop().time()
            self._task = asyncio.create_task(self._commit_in(rest, consumer))

    async def leave(self, consumer: AIOKafkaConsumer) -> None:
        """The last commit."""
        self._leaving.set()
        if self._task is not None:
            await asyncio.wait([self._task])
        if self._held:
            await self._commit(consumer)

    async def _commit_in(self, seconds: float, consumer: AIOKafkaConsumer) -> None:
        if seconds > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._leaving.wait()
        await self._commit(consumer)

    async def _commit(self, consumer: AIOKafkaConsumer) -> None:
        self._next = asyncio.get_running_loop().time() + APART
        offsets = {TopicPartition(*place): one.next for place, one in self._held.items() if one.next is not None}
        try:
            async with asyncio.timeout(COMMIT_WITHIN):
                await consumer.commit(offsets)
        except (KafkaError, TimeoutError, ValueError) as error:
            log.info("offsets were not committed", extra={"listener": self._listener, "reason": type(error).__name__})
