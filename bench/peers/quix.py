"""Quix Streams: an application with one step that decodes, and its commits every five seconds."""

from typing import Any

from quixstreams import Application

from bench.peers.decoding import Asked, Decoded, asked


def run(given: Asked) -> None:
    """Listen until killed."""
    decoded = Decoded(given.count)
    application = Application(
        broker_address=given.kafka_url,
        consumer_group=given.group,
        auto_offset_reset="earliest",
        auto_create_topics=False,
        loglevel="WARNING",
    )
    topic = application.topic(given.topic, value_deserializer="bytes")

    def take(value: bytes, _key: Any, _timestamp: int, headers: Any) -> None:
        decoded.take(headers, value)

    application.dataframe(topic).apply(take, metadata=True)
    application.run()


if __name__ == "__main__":
    run(asked())
