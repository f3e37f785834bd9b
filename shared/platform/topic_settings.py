"""The settings of topics that are there already: made those of the catalogue, and an operator's own are left alone."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code

from shared.contracts.streams import Stream
from shared.platform.errors import WrongSetting

SET_ON_THE_TOPIC = 1
"""Kafka's DYNAMIC_TOPIC_CONFIG: somebody has set it on this topic, it is no default."""

Config = Mapping[str, str]


async def align(admin: AIOKafkaAdminClient, wanted: Sequence[Stream]) -> int:
    """Set what differs from the catalogue, and return for how many topics something did."""
    kept = await _kept(admin, wanted) if wanted else {}
    differing = [stream for stream in wanted if not stream.config().items() <= kept[stream.topic].items()]
    # Kafka takes all settings of a topic at once and forgets what is not among them.
    changed = [_resource(stream, {**kept[stream.topic], **stream.config()}) for stream in differing]
    if changed:
        for answer in await admin.alter_configs(changed):
            _check(answer.resources)
    return len(changed)


async def _kept(admin: AIOKafkaAdminClient, wanted: Iterable[Stream]) -> dict[str, Config]:
    """What is set on each topic."""
    answers = await admin.describe_configs([_resource(stream) for stream in wanted])
    resources = [resource for answer in answers for resource in answer.resources]
    _check(resources)
    return {topic: dict(_set(entries)) for _, _, _, topic, entries in resources}


def _set(entries: Iterable[Sequence[Any]]) -> Iterable[tuple[str, str]]:
    return ((name, value) for name, value, _, source, *_ in entries if source == SET_ON_THE_TOPIC)


def _resource(stream: Stream, config: Config | None = None) -> ConfigResource:
    return ConfigResource(ConfigResourceType.TOPIC, stream.topic, config)


def _check(resources: Iterable[Sequence[Any]]) -> None:
    for code, _, _, topic, *_ in resources:
        if code:
            raise WrongSetting(f"Kafka would not tell or take the settings of {topic} ({for_code(code).__name__}).")
