"""One-shot set-up before the first start: topics from the catalogue and the publishers. Run again, it changes nothing.

`python -m shared.platform.setup`. Each service makes its own collections and indexes when it starts. For development it
can also make the secrets that are missing, and a replica set of one node.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated

import typer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from shared.contracts.catalogue import all_streams
from shared.contracts.streams import PARTITIONS, Stream, inbox
from shared.platform import development, replica_set
from shared.platform.errors import TryAgain, WrongSetting
from shared.platform.kafka import KafkaAccess, client_options
from shared.platform.mongo import connect
from shared.platform.settings import PlatformSettings
from shared.platform.topic_settings import align

TRIES = 60


def streams(settings: PlatformSettings) -> list[Stream]:
    """All topics of an install: our own, and an inbox for each publisher."""
    return [*all_streams(), *(inbox(publisher.name) for publisher in settings.publishers)]


async def create_topics(kafka: KafkaAccess | str, wanted: list[Stream], replication: int = 1) -> int:
    """Create the topics that are missing and return how many those were; the others get the catalogue's settings."""
    admin = AIOKafkaAdminClient(**client_options(kafka))
    await admin.start()
    try:
        there = set(await admin.list_topics())
        missing = [_topic(stream, replication) for stream in wanted if stream.topic not in there]
        if missing:
            _check(await admin.create_topics(missing))
        await align(admin, [stream for stream in wanted if stream.topic in there])
        return len(missing)
    finally:
        await admin.close()


def _topic(stream: Stream, replication: int) -> NewTopic:
    return NewTopic(stream.topic, PARTITIONS, replication, topic_configs=stream.config())


def _check(answer: object) -> None:
    for topic, code, *_ in getattr(answer, "topic_errors", []):
        if code and for_code(code) is not TopicAlreadyExistsError:
            raise WrongSetting(f"Kafka would not create the topic {topic} ({for_code(code).__name__}).")


async def set_up(settings: PlatformSettings, new_replica_set: str | None = None) -> int:
    """Wait for Kafka and MongoDB, refuse a standalone MongoDB, create the topics; returns how many were new."""
    if new_replica_set is not None:
        await _until_there(lambda: replica_set.initiate(new_replica_set, settings.mongo_driver))
    database = connect(settings.mongo_url, "admin", settings.mongo_driver)
    try:
        await _until_there(database.check)
    finally:
        await database.close()
    return await _until_there(lambda: create_topics(settings.kafka, streams(settings), settings.replication))


async def _until_there(step: Callable[[], Awaitable[int | None]]) -> int:
    for left in range(TRIES, 0, -1):
        try:
            return await step() or 0
        except (TryAgain, KafkaError, ConnectionError):
            if left == 1:
                raise WrongSetting("Kafka or MongoDB did not answer within a minute: is it started?") from None
            await asyncio.sleep(1)
    return 0


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    make_secrets: Annotated[bool, typer.Option(help="For development: make the secrets that are missing.")] = False,
    initiate_replica_set: Annotated[str | None, typer.Option(metavar="NAME/HOST:PORT", help="Of one node.")] = None,
) -> None:
    """Set up, and say what was done."""
    try:
        if make_secrets:
            development.make_secrets()
        created = asyncio.run(set_up(PlatformSettings.load(), initiate_replica_set))
    except WrongSetting as wrong:
        sys.stderr.write(f"setup: {wrong}\n")
        sys.exit(2)
    sys.stdout.write(f"setup: {created} topics created\n")


if __name__ == "__main__":
    app()
