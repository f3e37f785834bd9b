"""The events of a round: all on the topic before anybody starts, and let go by one shot.

They lie in an open Kafka transaction. Consumers read only what is committed: they join their group, stand at their
places, and see all of it at once when the transaction is committed. So no way pays for its start.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass
from time import perf_counter

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from confluent_kafka import Producer

from bench.case import BEGAN, MUNICIPALITY, CaseCalled, calls
from shared.platform.cloudevents import encode

Wire = tuple[str, bytes, list[tuple[str, bytes]]]
"""Key, value and headers."""
WITHIN = 60.0


def on_the_wire(made: list[CaseCalled]) -> list[Wire]:
    """The events as records, with a sequence for each case."""
    sequences: Counter[str] = Counter()
    return [_record(event, sequences) for event in made]


def _record(event: CaseCalled, sequences: Counter[str]) -> Wire:
    subject = event.subject
    sequences[subject] += 1
    value, headers = encode(
        event,
        sequence=sequences[subject],
        epoch=1,
        at=BEGAN,
        source=f"/{MUNICIPALITY}/bench",
        municipality=MUNICIPALITY,
        key=subject,
        causation=None,
        correlation=None,
        traceparent=None,
    )
    return subject, value or b"", headers


@dataclass(frozen=True, slots=True)
class Load:
    """Records that wait for the shot."""

    producer: Producer
    count: int

    async def fire(self) -> float:
        """Let them go; returns the moment."""
        await asyncio.to_thread(self.producer.commit_transaction, WITHIN)
        return perf_counter()


async def loaded(kafka_url: str, topic: str, count: int, cases: int, partitions: int) -> Load:
    """A fresh topic with so many records on it, not yet visible."""
    await create_topics(kafka_url, {topic: partitions})
    wires = on_the_wire(calls(count, cases))
    return await asyncio.to_thread(_loaded, kafka_url, topic, wires)


def _loaded(kafka_url: str, topic: str, wires: list[Wire]) -> Load:
    producer = Producer(
        {
            "bootstrap.servers": kafka_url,
            "transactional.id": f"{topic}-load",
            "transaction.timeout.ms": 600_000,
            "partitioner": "murmur2_random",
            "linger.ms": 20,
            "log_level": 2,  # that a fresh coordinator asks for patience is no news
        }
    )
    producer.init_transactions(WITHIN)
    producer.begin_transaction()
    for key, value, headers in wires:
        producer.produce(topic, value=value, key=key, headers=list(headers))
    if producer.flush(WITHIN):
        raise RuntimeError("Kafka did not take all records")
    return Load(producer, len(wires))


async def create_topics(kafka_url: str, wanted: dict[str, int]) -> None:
    """Topics by name, each with so many partitions."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_url)
    await admin.start()
    try:
        answer = await admin.create_topics([NewTopic(name, number, 1) for name, number in wanted.items()])
    finally:
        await admin.close()
    for topic, code, *_ in answer.topic_errors:
        if code:
            raise RuntimeError(f"Kafka would not create {topic} (error {code})")


async def delete_topics(kafka_url: str, topics: list[str]) -> None:
    """Forget topics."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_url)
    await admin.start()
    try:
        await admin.delete_topics(topics)
    finally:
        await admin.close()
