"""The bus is FastStream's: its application runs ours, and its document tells of our handlers."""

import asyncio

import pytest
from faststream import FastStream
from faststream.specification import AsyncAPI

from shared.platform.work import Work
from tests.integration.test_listener import RealCounting, real
from tests.platform.counting_service import bus
from tests.waiting import until

__all__ = ["real"]


@pytest.mark.servers
async def test_faststream_runs_the_bus(real: RealCounting) -> None:
    work = Work(real.service.hearing, real.kafka.url, [], instance="one", stable=False, lanes=1, recalls={}, others={})
    bus.wire(work)
    app = FastStream(bus)
    running = asyncio.create_task(app.run())
    async with real.producing() as producer:
        await real.say(producer, "1460-a", 1, 2)
    await until("both are heard", lambda: real.counted("1460-a", 2))
    assert not any(work.progress().values())
    app.exit()
    async with asyncio.timeout(20):
        await running


def test_its_document_has_one_channel_a_stream_with_all_its_events() -> None:
    document = AsyncAPI(bus, title="counting", schema_version="3.0.0").to_specification().to_jsonable()
    channels = {name.partition(":")[0]: channel for name, channel in document["channels"].items()}
    assert set(channels) == {"walking.steps.v1", "walking.maps.v1"}
