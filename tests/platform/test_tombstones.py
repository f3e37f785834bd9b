"""An event that erases: without data on the wire, whole for who hears it, by our listener as by FastStream's."""

import hashlib
from datetime import UTC, datetime

import pytest
from faststream.kafka import TestKafkaBroker

from services.notify.handlers import bus
from shared.contracts.intake_parties import PartyErased
from shared.platform.cloudevents import decode
from shared.platform.errors import NotAnEvent
from shared.platform.hearing import Hearing
from shared.platform.outbox import Cause, Voice, entry, published
from shared.platform.understand import read_event
from tests.notify.settled import PARTY, Notify, party, record

ERASED = PartyErased(municipality="1460", party_id=PARTY)
VOICE = Voice("intake", 1, datetime(2026, 11, 24, 9, tzinfo=UTC))


def test_it_has_no_data_and_no_header_tells_of_any() -> None:
    said = published(ERASED, ERASED.stream, 2, VOICE, Cause(), municipality="1460")
    assert said["b"] is None
    assert said["p"] == PARTY
    assert {"ce_dataschema", "content-type"}.isdisjoint(said["h"])


def test_who_hears_it_reads_all_of_it_from_the_envelope() -> None:
    erased = record(ERASED)
    envelope, body = decode(erased.headers, erased.value)
    assert body is None
    assert read_event(PartyErased, envelope, body) == ERASED


def test_with_data_it_would_erase_nothing_and_is_refused() -> None:
    envelope, _ = decode(record(ERASED).headers, None)
    with pytest.raises(NotAnEvent, match="no data"):
        read_event(PartyErased, envelope, b"{}")


def test_the_journal_links_it_and_keeps_its_type_alone() -> None:
    said = published(ERASED, ERASED.stream, 2, VOICE, Cause(), municipality="1460")
    written = entry(said, b"before", VOICE.at, personal=True)
    assert written["link"] == hashlib.sha256(b"before" + said["h"]["ce_id"]).digest()
    assert set(written) == {"_id", "at", "before", "link", "y"}


class OnlyHearing:
    """What FastStream's way needs of a service at work."""

    def __init__(self, hearing: Hearing) -> None:
        self.hearing = hearing

    async def start(self) -> None:
        """Nothing runs."""

    async def stop(self) -> None:
        """Nothing runs."""


async def test_faststream_hands_it_to_the_same_handler() -> None:
    notify = Notify()
    await notify.hear(party())
    erased = record(ERASED)
    bus.wire(OnlyHearing(notify.hearing))
    async with TestKafkaBroker(bus) as broker:
        headers = {name: value.decode() for name, value in erased.headers if value is not None}
        headers["content-type"] = "application/json"  # else FastStream writes an empty one
        await broker.publish(None, erased.topic, key=erased.key, headers=headers)
    [recipient] = await notify.kept("recipients")
    assert (recipient["name"], recipient["e_mail"]) == (None, None)
