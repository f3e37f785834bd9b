"""Set-up run again: topics that are there get the catalogue's settings, and keep what an operator has set."""

from dataclasses import replace

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shared.contracts.streams import Stream
from shared.platform.setup import create_topics
from shared.platform.topic_settings import SET_ON_THE_TOPIC, align
from stack.kafka import Kafka
from tests.conftest import fresh_name

pytestmark = pytest.mark.servers


async def kept(admin: AIOKafkaAdminClient, topic: str) -> dict[str, str]:
    [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    [[_, _, _, _, entries]] = answer.resources
    return {name: value for name, value, _, source, *_ in entries if source == SET_ON_THE_TOPIC}


async def test_an_older_topic_gets_the_settings_of_today_and_keeps_the_operators_own(kafka: Kafka) -> None:
    stream = Stream(f"{fresh_name()}.v1", "walking", compacted=True)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.url)
    await admin.start()
    try:
        before = {"cleanup.policy": "compact", "delete.retention.ms": "86400000", "max.message.bytes": "2000000"}
        await admin.create_topics([NewTopic(stream.topic, 1, 1, topic_configs=before)])
        assert await create_topics(kafka.url, [stream]) == 0
        assert await kept(admin, stream.topic) == {**stream.config(), "max.message.bytes": "2000000"}
        assert await align(admin, [stream]) == 0
        sooner = replace(stream, forgetting=replace(stream.forgetting, lag_ms=1_000))
        assert await align(admin, [sooner]) == 1
        assert (await kept(admin, stream.topic))["max.compaction.lag.ms"] == "1000"
    finally:
        await admin.close()
