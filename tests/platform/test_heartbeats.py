"""Heartbeats: when one is due, and that who hears one goes on as if nothing had been."""

from dataclasses import replace
from datetime import timedelta

from shared.contracts.streams import INTAKE_CONTACTS, INTAKE_PARTIES
from shared.platform.clock import FixedClock
from shared.platform.cloudevents import decode
from shared.platform.heartbeats import KEY, TYPE, Heartbeats
from shared.platform.understand import Record
from tests.platform.counting_service import AT, MAPS, Counting, own
from tests.platform.counting_service import Mapped as Told

HOUR = timedelta(hours=1)


def mapped(sequence: int) -> Record:
    return own(MAPS.topic, Told.type, "1460-a", sequence, {"municipality": "1460", "walker": "1460-a"}, {})


def heartbeat() -> Record:
    headers = Heartbeats([MAPS], FixedClock(AT)).headers(MAPS, 0)
    return Record(MAPS.topic, 0, 0, KEY, None, headers)


def test_one_is_due_at_once_and_then_once_an_interval_on_compacted_streams_only() -> None:
    clock = FixedClock(AT)
    heartbeats = Heartbeats([INTAKE_PARTIES, INTAKE_CONTACTS], clock)
    assert heartbeats.due() == [INTAKE_PARTIES]
    heartbeats.written(INTAKE_PARTIES)
    clock.advance(HOUR - timedelta(seconds=1))
    assert heartbeats.due() == []
    clock.advance(timedelta(seconds=1))
    assert heartbeats.due() == [INTAKE_PARTIES]


def test_one_that_could_not_be_written_is_due_again_after_a_minute_and_not_before() -> None:
    clock = FixedClock(AT)
    heartbeats = Heartbeats([INTAKE_PARTIES], clock)
    assert heartbeats.due() == [INTAKE_PARTIES]
    assert heartbeats.due() == []
    clock.advance(timedelta(minutes=1))
    assert heartbeats.due() == [INTAKE_PARTIES]


def test_the_interval_follows_from_the_streams_own_times() -> None:
    clock = FixedClock(AT)
    quick = replace(MAPS, forgetting=replace(MAPS.forgetting, segment_ms=2_000))
    heartbeats = Heartbeats([quick], clock)
    heartbeats.written(quick)
    clock.advance(timedelta(seconds=2))
    assert heartbeats.due() == [quick]


def test_it_is_a_cloudevent_about_nothing() -> None:
    envelope, body = decode(heartbeat().headers, None)
    assert (envelope.type, envelope.subject, body) == (TYPE, None, None)


async def test_who_hears_one_parks_nothing_misses_nothing_and_goes_on() -> None:
    service = Counting()
    await service.hear(mapped(1), heartbeat(), heartbeat(), mapped(2))
    assert await service.rows("parked") == []
    assert await service.rows("outbox") == []
    [lane] = await service.rows("lanes")
    assert (lane["s"], lane["b"]) == (2, 0)
    [position] = await service.rows("positions", _id="counting|walking.maps.v1|0")
    assert position["next"] == 4
