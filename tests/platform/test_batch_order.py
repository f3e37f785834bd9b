"""In which order a batch is acted on: compacted streams, which say who somebody is, before what is said of them."""

from services.notify.app import parts
from services.notify.settings import Settings
from shared.contracts.streams import INTAKE_PARTIES, ROUTING_MATTERS, ROUTING_OFFICERS, Stream
from shared.platform.clock import SystemClock
from shared.platform.items import items_of
from shared.platform.memory import MemoryDatabase
from shared.platform.service import hearing_for
from shared.platform.settings import PlatformSettings
from shared.platform.understand import Record

SETTINGS = Settings(platform=PlatformSettings(environment="development"))
CLOCK = SystemClock()
HEARING = hearing_for(parts(SETTINGS), SETTINGS.platform, MemoryDatabase(), CLOCK, CLOCK)


def record(stream: Stream, partition: int, offset: int) -> Record:
    return Record(stream.topic, partition, offset, b"1460-x", b"{}", [])


def test_who_somebody_is_comes_before_what_is_said_of_them_and_each_partition_keeps_its_order() -> None:
    polled = [
        record(ROUTING_MATTERS, 3, 7),
        record(ROUTING_MATTERS, 3, 8),
        record(INTAKE_PARTIES, 1, 4),
        record(INTAKE_PARTIES, 1, 5),
        record(ROUTING_OFFICERS, 2, 0),
    ]
    acted_on = [item.record for item in items_of(HEARING, polled)]
    assert acted_on == [*polled[2:], *polled[:2]]
