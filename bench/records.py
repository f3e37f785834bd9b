"""Reading a topic to its end, as anybody may: what was committed on it, and in which order."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import cast

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

WITHIN = 10.0


class Reader:
    """Reads what comes on one topic from a moment on: from its beginning, or from where it ends now."""

    def __init__(self, kafka_url: str, topic: str, *, from_now: bool = False) -> None:
        told = {"bootstrap.servers": kafka_url, "group.id": "bench-reader", "enable.partition.eof": True}
        self._consumer = Consumer({**told, "enable.auto.commit": False})
        partitions = self._consumer.list_topics(topic, timeout=WITHIN).topics[topic].partitions
        places = [TopicPartition(topic, number, 0) for number in partitions]
        self._places = [self._at_its_end(place) for place in places] if from_now else places

    def _at_its_end(self, place: TopicPartition) -> TopicPartition:
        _, end = self._consumer.get_watermark_offsets(place, timeout=WITHIN)
        return TopicPartition(place.topic, place.partition, end)

    def until(self, enough: Callable[[Message], bool], seconds: float) -> None:
        """Read on until it is enough. TimeoutError when it never is."""
        self._consumer.assign(self._places)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            record = self._consumer.poll(0.2)
            if record is not None and record.error() is None and enough(record):
                return
        raise TimeoutError(f"waited {seconds:.0f} s for what should come on a topic")

    def all(self) -> Iterator[Message]:
        """Everything up to the end of each partition; then the reader is closed."""
        self._consumer.assign(self._places)
        open_ = {place.partition for place in self._places}
        while open_:
            record = self._consumer.poll(WITHIN)
            if record is None:
                raise TimeoutError("Kafka did not show its topics to their ends")
            error = record.error()
            if error is None:
                yield record
            elif error.code() == KafkaError._PARTITION_EOF:
                open_.discard(record.partition())
        self._consumer.close()


def headers_of(record: Message) -> Mapping[str, str]:
    """A record's headers as text."""
    found = cast(list[tuple[str, bytes]], record.headers() or [])
    return {name: value.decode() for name, value in found}
