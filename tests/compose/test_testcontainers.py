"""What one server alone must show, each in a container of its own that testcontainers starts."""

from collections.abc import Iterator

import pytest
from testcontainers.community.mongodb import MongoDbContainer
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from shared.contracts.catalogue import all_streams
from shared.platform import replica_set
from shared.platform.errors import TryAgain, WrongSetting
from shared.platform.mongo import Driver, connect
from shared.platform.setup import create_topics
from stack.kafka import answers
from stack.places import free_port
from tests.waiting import until, until_sync


@pytest.fixture(autouse=True)
def without_a_sweeper(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test ends its own containers; the sweeper's image is not to be had everywhere."""
    monkeypatch.setattr(testcontainers_config, "ryuk_disabled", True)


async def test_a_mongodb_that_cannot_do_transactions_is_refused_with_one_sentence() -> None:
    with MongoDbContainer("mongo:8.0") as alone:
        database = connect(alone.get_connection_url(), "admin")
        with pytest.raises(WrongSetting, match=r"^MongoDB at MONGO_URL is no replica set.*\.$"):
            await database.check()
        await database.close()


@pytest.mark.parametrize("driver", ["motor", "pymongo"])
async def test_a_mongodb_becomes_a_replica_set_of_one_node_once(driver: Driver) -> None:
    port = free_port()
    command = f"mongod --replSet rs0 --bind_ip_all --port {port}"
    container = DockerContainer("mongo:8.0").with_bind_ports(port, port).with_command(command)
    with container.waiting_for(LogMessageWaitStrategy("Waiting for connections")):
        seed = f"rs0/127.0.0.1:{port}"
        assert await replica_set.initiate(seed, driver) is True
        assert await replica_set.initiate(seed, driver) is False
        await keeps_a_transaction(f"mongodb://127.0.0.1:{port}/?replicaSet=rs0", driver)
        with pytest.raises(WrongSetting, match="name/host:port"):
            await replica_set.initiate(f"127.0.0.1:{port}", driver)


async def keeps_a_transaction(url: str, driver: Driver) -> None:
    database = connect(url, "alone", driver)

    async def has_a_primary() -> bool:
        try:
            await database.check()
        except TryAgain:
            return False
        return True

    await until("there is a primary", has_a_primary)
    session = await database.session()
    async with session.transaction() as transaction:
        await transaction.insert("things", [{"_id": "1460-a-1"}])
    await session.close()
    assert await database.find("things", {}) == [{"_id": "1460-a-1"}]
    await database.close()


@pytest.fixture
def kafka_url() -> Iterator[str]:
    """One Kafka node without automatic topics, as in docker-compose.yml."""
    port = free_port()
    settings = {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    }
    container = DockerContainer("apache/kafka:4.1.2").with_bind_ports(9092, port)
    for name, value in settings.items():
        container = container.with_env(name, value)
    with container:
        until_sync("Kafka answers", lambda: answers(port), 90)
        yield f"127.0.0.1:{port}"


async def test_the_topics_of_the_catalogue_are_created_once(kafka_url: str) -> None:
    streams = list(all_streams())
    assert await create_topics(kafka_url, streams) == len(streams)
    assert await create_topics(kafka_url, streams) == 0
