"""intake's pure decisions."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from services.intake.model import Arrival, Party
from services.intake.rules import (
    PartyIds,
    case_types_of,
    contact_id_of,
    made_id,
    organisation_number,
    party_id_of,
    party_of,
    taken_down,
)
from shared.contracts.refusal import Invalid

IDS = PartyIds(lambda municipality, digits: f"{municipality}-p-{digits[::-1]}")


def arrival(**members: object) -> Arrival:
    usual: dict[str, object] = {
        "municipality": "1460",
        "key": "k",
        "by": "e-services",
        "channel": "phone",
        "wish": "Hej",
        "received_at": datetime(2026, 11, 24, 10, tzinfo=timezone(timedelta(hours=1))),
    }
    return Arrival(**{**usual, **members})  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["556016-0680", "5560160680", " 556016 0680 ", "165560160680"])
def test_an_organisation_number_is_read_however_it_is_written(text: str) -> None:
    assert organisation_number(text, "/x").digits == "5560160680"


def test_a_sole_traders_number_is_a_persons() -> None:
    assert organisation_number("900101-0017", "/x").is_sole_trader
    assert not organisation_number("556016-0680", "/x").is_sole_trader


@pytest.mark.parametrize("text", ["", "556016-0681", "55601606", "abc", "55601606801234"])
def test_a_wrong_number_says_where(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        organisation_number(text, "/company/organisation_number")
    assert refused.value.pointer == "/company/organisation_number"


def test_ids_are_the_same_each_time_and_tell_the_municipality() -> None:
    assert made_id("1460", "c", "a", "b") == made_id("1460", "c", "a", "b")
    assert made_id("1460", "c", "ab") != made_id("1460", "c", "a", "b")
    assert contact_id_of(arrival()).startswith("1460-c-")


def test_a_wish_without_a_case_type_is_for_somebody_to_sort() -> None:
    assert case_types_of(None) == ("ovrigt",)
    assert case_types_of("bygglov") == ("bygglov",)


def test_who_it_is_from() -> None:
    assert party_id_of(arrival(), IDS) is None
    assert party_id_of(arrival(organisation_number="556016-0680"), IDS) == "1460-p-0860610655"
    assert str(party_id_of(arrival(phone="0531"), IDS)).startswith("1460-p-")


def test_what_was_not_said_this_time_stays() -> None:
    before = Party("1460", "1460-p-1", "Anna", "a@x.example", "0531", "sv")
    after = party_of(arrival(phone="0532", language="en"), "1460-p-1", before)
    assert after == Party("1460", "1460-p-1", "Anna", "a@x.example", "0532", "en")
    assert party_of(arrival(), None, None) is None
    assert party_of(arrival(name="Bo"), "1460-p-2", None) == Party("1460", "1460-p-2", "Bo", None, None, "sv")


def test_a_contact_is_taken_down_in_utc() -> None:
    at = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    contact = taken_down(arrival(), "1460-p-1", at)
    assert contact.received_at == datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert contact.received_at.tzinfo is UTC
    assert (contact.registered_at, contact.registered_by, contact.party_id) == (at, "e-services", "1460-p-1")
