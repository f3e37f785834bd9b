"""Two plain consumers of one group, each with half of the partitions, before the shot is fired."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer

from bench.round import LANES, PARTITIONS, Round, until


@asynccontextmanager
async def members(one: Round, group: str) -> AsyncIterator[list[AIOKafkaConsumer]]:
    """The consumers, with the same settings as a listener of ours."""
    consumers = [
        AIOKafkaConsumer(
            one.topic,
            bootstrap_servers=one.kafka_url,
            group_id=group,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            heartbeat_interval_ms=1_000,
            session_timeout_ms=6_000,
        )
        for _ in range(LANES)
    ]
    try:
        await asyncio.gather(*(consumer.start() for consumer in consumers))
        await until(lambda: _each_has_its_half(consumers))
        yield consumers
    finally:
        await asyncio.gather(*(consumer.stop() for consumer in consumers))


async def _each_has_its_half(consumers: list[AIOKafkaConsumer]) -> bool:
    return all(len(consumer.assignment()) == PARTITIONS // LANES for consumer in consumers)
