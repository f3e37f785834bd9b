"""What all tests share: real servers, one of each kind for a test process, and how long hypothesis tries.

A server that cannot start fails the test that asked for it: nothing is skipped.
"""

import gc
import os
import warnings
from collections.abc import AsyncIterator, Iterator
from itertools import count

import pytest
from hypothesis import HealthCheck, settings

from shared.platform.memory import MemoryDatabase
from shared.platform.mongo import Driver, MongoDatabase, connect
from stack.kafka import Kafka
from stack.mongo import Mongo
from stack.testing import start_servers

settings.register_profile("quick", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("quick")

NAMES = count(1)


@pytest.fixture(scope="session")
def mongo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mongo]:
    """A real MongoDB."""
    with start_servers(tmp_path_factory.mktemp("mongo"), kafka=False, mail=False) as servers:
        yield servers.mongo


@pytest.fixture(scope="session")
def kafka_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A real Kafka."""
    with start_servers(tmp_path_factory.mktemp("kafka"), mongo=False, mail=False) as servers:
        yield servers.kafka


@pytest.fixture
def mongo(mongo_server: Mongo) -> Iterator[Mongo]:
    """The same MongoDB for a test that stops it: it runs again afterwards."""
    yield mongo_server
    if not mongo_server.process.alive:
        mongo_server.start()


@pytest.fixture
def kafka(kafka_server: Kafka) -> Iterator[Kafka]:
    """The same Kafka for a test that stops it: it runs again afterwards."""
    yield kafka_server
    if not kafka_server.process.alive:
        kafka_server.start()


def fresh_name() -> str:
    """A database's or a topic's name that no other test uses."""
    return f"t{os.getpid()}-{next(NAMES)}"


def connected(server: Mongo, driver: Driver = "motor") -> MongoDatabase:
    """A database of its own on the server; whoever asks closes it."""
    return connect(server.url, fresh_name(), driver)


AnyDatabase = MemoryDatabase | MongoDatabase
SERVERS = pytest.mark.servers


@pytest.fixture(params=["memory", pytest.param("motor", marks=SERVERS), pytest.param("pymongo", marks=SERVERS)])
async def database(request: pytest.FixtureRequest) -> AsyncIterator[AnyDatabase]:
    """An empty database: the fake, and MongoDB by both drivers."""
    if request.param == "memory":
        yield MemoryDatabase()
        return
    real = connected(request.getfixturevalue("mongo_server"), request.param)
    try:
        yield real
        await real.drop()
    finally:
        await real.close()
        forget_unclosed()


def forget_unclosed() -> None:
    """AsyncMongoClient drops, unclosed, the socket that its monitor was just opening when the client is closed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
