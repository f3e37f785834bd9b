"""sentry-arroyo: its stream processor over one strategy that decodes, and its commits once a second."""

from collections.abc import Mapping

from arroyo.backends.kafka import KafkaConsumer
from arroyo.backends.kafka.configuration import build_kafka_consumer_configuration
from arroyo.backends.kafka.consumer import KafkaPayload
from arroyo.processing.processor import StreamProcessor
from arroyo.processing.strategies import CommitOffsets, ProcessingStrategy, ProcessingStrategyFactory, RunTask
from arroyo.types import Commit, Message, Partition, Topic

from bench.peers.decoding import Asked, Decoded, asked


class Decoding(ProcessingStrategyFactory[KafkaPayload]):  # type: ignore[misc]
    """Decode, then note the offset."""

    def __init__(self, decoded: Decoded) -> None:
        self._decoded = decoded

    def create_with_partitions(
        self, commit: Commit, partitions: Mapping[Partition, int]
    ) -> ProcessingStrategy[KafkaPayload]:
        """The two steps."""
        return RunTask(self._decode, CommitOffsets(commit))

    def _decode(self, message: Message[KafkaPayload]) -> None:
        payload = message.payload
        self._decoded.take(payload.headers, payload.value)


def run(given: Asked) -> None:
    """Listen until killed."""
    configuration = build_kafka_consumer_configuration(
        {"bootstrap.servers": given.kafka_url}, group_id=given.group, auto_offset_reset="earliest"
    )
    consumer = KafkaConsumer(configuration)
    StreamProcessor(consumer, Topic(given.topic), Decoding(Decoded(given.count))).run()


if __name__ == "__main__":
    run(asked())
