"""Topics read from end to end, outside any group, and an older relay shut out: what a restore asks of Kafka."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from shared.contracts.streams import PARTITIONS
from shared.platform.errors import BackupRefused
from shared.platform.kafka import KafkaAccess, client_options
from shared.platform.listener import as_record
from shared.platform.understand import Record

AT_ONCE = 500
LOOK_MS = 100
SILENT_LOOKS = 600
"""So many looks in vain, a tenth of a second each, although there is more: Kafka has gone away."""
AWAY = "Kafka does not answer ({}): it is needed here, and was not {}."


@dataclass(frozen=True, slots=True)
class Kept:
    """What Kafka keeps of one partition: from the first offset to the one after the last."""

    first: int
    end: int


async def shut_out_relays(kafka: KafkaAccess, service: str) -> None:
    """Take the transactional id, so that no older relay can publish any more, nor finish what it has begun."""
    name = f"{service}-relay"
    producer = AIOKafkaProducer(**client_options(kafka), client_id=name, transactional_id=name, acks="all")
    try:
        try:
            await producer.start()
        finally:
            await producer.stop()
    except (KafkaError, ConnectionError, TimeoutError) as away:
        raise BackupRefused(AWAY.format(type(away).__name__, "begun")) from None


@asynccontextmanager
async def topics(kafka: KafkaAccess) -> AsyncIterator["Topics"]:
    """A look at Kafka; BackupRefused when it does not answer."""
    consumer = AIOKafkaConsumer(**client_options(kafka), isolation_level="read_committed", enable_auto_commit=False)
    try:
        try:
            await consumer.start()
            yield Topics(consumer)
        finally:
            await consumer.stop()
    except (KafkaError, ConnectionError, TimeoutError) as away:
        raise BackupRefused(AWAY.format(type(away).__name__, "finished: run it again")) from None


class Topics:
    """The topics of a Kafka."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer: Any = consumer

    async def missing(self, names: Iterable[str]) -> list[str]:
        """Those that are not there."""
        there = await self._consumer.topics()
        return sorted(set(names) - there)

    async def kept(self, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Kept]:
        """What is kept of each partition now."""
        wanted = [TopicPartition(*place) for place in places]
        if not wanted:
            return {}
        firsts = await self._consumer.beginning_offsets(wanted)
        ends = await self._consumer.end_offsets(wanted)
        return {(one.topic, one.partition): Kept(firsts[one], ends[one]) for one in wanted}

    async def read(self, names: Iterable[str], take: Callable[[list[Record]], None]) -> None:
        """All of these topics as they are now, partition by partition, in pieces."""
        async for records in self.pieces(names):
            take(records)

    async def pieces(self, names: Iterable[str]) -> AsyncIterator[list[Record]]:
        """The same, as they are asked for. All ends are asked first: later the client knows only what it reads."""
        await self._consumer.topics()
        places = [(name, number) for name in names for number in range(PARTITIONS)]
        for place, kept in (await self.kept(places)).items():
            if kept.first < kept.end:
                async for records in self._read(TopicPartition(*place), kept):
                    yield records

    async def _read(self, one: TopicPartition, kept: Kept) -> AsyncIterator[list[Record]]:
        self._consumer.assign([one])
        self._consumer.seek(one, kept.first)
        silent, before = 0, kept.first
        while (at := await self._consumer.position(one)) < kept.end:
            silent, before = (silent + 1 if at == before else 0), at
            if silent > SILENT_LOOKS:
                raise TimeoutError
            records = await self._some(one, at)
            if records:
                yield records

    async def _some(self, one: TopicPartition, at: int) -> list[Record]:
        """The next records. One whose header has a name that is not UTF-8 aiokafka cannot read: it is none of ours."""
        try:
            polled = await self._consumer.getmany(one, timeout_ms=LOOK_MS, max_records=AT_ONCE)
            return [as_record(record) for record in polled.get(one, [])]
        except UnicodeDecodeError:
            return await self._one_by_one(one, at)

    async def _one_by_one(self, one: TopicPartition, at: int) -> list[Record]:
        records: list[Record] = []
        self._consumer.seek(one, at)
        try:
            while len(records) < AT_ONCE:
                polled = await self._consumer.getmany(one, timeout_ms=LOOK_MS, max_records=1)
                records += [as_record(record) for record in polled.get(one, [])]
        except UnicodeDecodeError:
            self._consumer.seek(one, await self._consumer.position(one) + 1)
        return records
