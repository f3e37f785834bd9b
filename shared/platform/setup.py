"""One-shot set-up before the first start: topics from the catalogue and the publishers, and users with their rights.

`python -m shared.platform.setup`. Run again, it changes nothing, but gives users the passwords that the environment has
now. Each service makes its own collections and indexes when it starts. For development it can also make a replica set
of one node, and the key that signs tokens.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from shared.contracts.catalogue import all_streams
from shared.contracts.streams import PARTITIONS, Stream, inbox
from shared.platform import development, mongo_users, replica_set, rights
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
        await _until_there(lambda: replica_set.initiate(new_replica_set, settings.mongo_driver, settings.mongo_url))
    database = connect(settings.mongo_url, "admin", settings.mongo_driver)
    try:
        await _until_there(database.check)
    finally:
        await database.close()
    return await _until_there(lambda: create_topics(settings.kafka, streams(settings), settings.replication))


async def set_up_users(settings: PlatformSettings) -> tuple[int, int]:
    """The users of both servers, with the passwords of the environment; returns how many rights changed in Kafka."""
    from shared.platform import kafka_users  # only the image of the set-up has what it needs

    passwords = {user: rights.password_of(user, "KAFKA") for user in rights.users(settings)}
    await mongo_users.keep_users(settings)
    return await asyncio.to_thread(kafka_users.keep_users, settings.kafka, passwords, rights.rights(settings))


async def _until_there(step: Callable[[], Awaitable[int | None]]) -> int:
    for left in range(TRIES, 0, -1):
        try:
            return await step() or 0
        except (TryAgain, KafkaError, ConnectionError):
            if left == 1:
                raise WrongSetting(
                    "Kafka or MongoDB did not let us in within a minute: is it started, and the password right?"
                ) from None
            await asyncio.sleep(1)
    return 0


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    users: Annotated[
        bool, typer.Option("--users", help="Make users and rights, as the admin of both servers.")
    ] = False,
    token_key: Annotated[
        Path | None, typer.Option(help="For development: make the key that signs tokens there.", metavar="FILE")
    ] = None,
    initiate_replica_set: Annotated[str | None, typer.Option(metavar="NAME/HOST:PORT", help="Of one node.")] = None,
) -> None:
    """Set up, and say what was done."""
    try:
        settings = PlatformSettings.load()
        if token_key:
            development.make_token_key(settings, token_key)
        _say(f"{asyncio.run(set_up(settings, initiate_replica_set))} topics created")
        if users:
            given, taken = asyncio.run(set_up_users(settings))
            _say(f"users have their passwords; {given} rights given, {taken} taken away")
    except WrongSetting as wrong:
        sys.stderr.write(f"setup: {wrong}\n")
        sys.exit(2)


def _say(sentence: str) -> None:
    sys.stdout.write(f"setup: {sentence}\n")


if __name__ == "__main__":
    app()
