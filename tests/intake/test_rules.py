"""intake's pure decisions."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from services.intake.app import swedish_working_days
from services.intake.model.contact import Arrival, ContactState, PromisedAnswer, Speaker
from services.intake.model.party import Party
from services.intake.model.series import Series
from services.intake.rules.arrival_day import arrived_on
from services.intake.rules.ids import (
    PartyIds,
    contact_id_of,
    made_id,
    organisation_number,
    party_id_of,
    speaker_id_of,
)
from services.intake.rules.registration import next_in, party_of, series_id_of, speaker_of, taken_down
from shared.contracts.refusal import Invalid

IDS = PartyIds(
    keyed=lambda municipality, digits: f"{municipality}-p-{digits[::-1]}",
    printed=lambda purpose, text: f"{purpose} {text}",
)
DAYS = swedish_working_days()
AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


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


def test_who_it_is_from() -> None:
    assert party_id_of(arrival(), IDS) is None
    assert party_id_of(arrival(speaker=Speaker(role="ägare")), IDS) is None
    assert party_id_of(arrival(organisation_number="556016-0680"), IDS) == "1460-p-0860610655"
    assert party_id_of(arrival(company_id="1460-p-1"), IDS) == "1460-p-1"
    assert str(party_id_of(arrival(speaker=Speaker(phone="0531")), IDS)).startswith("1460-p-")


def test_a_company_of_another_town_is_not_ours() -> None:
    with pytest.raises(Invalid) as refused:
        party_id_of(arrival(company_id="1438-p-1"), IDS)
    assert refused.value.pointer == "/company/company_id"


def test_who_speaks_for_a_company_is_known_again() -> None:
    anna = speaker_id_of("1460-p-1", Speaker("Anna", e_mail="Anna@x.example"), "1460")
    assert anna == speaker_id_of("1460-p-1", Speaker("Anna Glas", phone="1", e_mail="anna@x.example"), "1460")
    assert anna != speaker_id_of("1460-p-2", Speaker("Anna", e_mail="anna@x.example"), "1460")
    assert anna != speaker_id_of("1460-p-1", Speaker("Anna"), "1460")


def test_what_was_not_said_this_time_stays() -> None:
    before = Party("1460", "1460-p-1", "person", "Anna", "a@x.example", "0531", "sv")
    after = party_of(arrival(speaker=Speaker(phone="0532"), language="en"), "1460-p-1", before)
    assert after == Party("1460", "1460-p-1", "person", "Anna", "a@x.example", "0532", "en")


def test_a_company_keeps_its_number_and_its_name_beside_who_spoke() -> None:
    told = arrival(organisation_number="556016-0680", company_name="Glas AB", speaker=Speaker("Anna", "ägare"))
    company = party_of(told, "1460-p-1", None)
    assert (company.kind, company.organisation_number, company.company_name) == ("company", "5560160680", "Glas AB")
    assert company.name == "Anna"
    assert party_of(arrival(company_name="Glas AB"), "1460-p-1", None).name == "Glas AB"
    anna = speaker_of(told, "1460-p-2", "1460-p-1", None)
    assert (anna.kind, anna.name, anna.role, anna.company_id) == ("person", "Anna", "ägare", "1460-p-1")
    assert anna.organisation_number is None


def test_a_contact_is_taken_down_in_utc() -> None:
    contact = taken_down(arrival(), "1460-p-1", None, "K 2026/000001", DAYS, AT)
    assert contact.received_at == datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert contact.received_at.tzinfo is UTC
    assert (contact.registered_at, contact.registered_by, contact.party_id) == (AT, "e-services", "1460-p-1")


def test_what_nobody_has_sorted_is_for_somebody_to_sort() -> None:
    assert taken_down(arrival(), None, None, "K", DAYS, AT).case_types == ("ovrigt",)
    assert taken_down(arrival(case_types=("bygglov",)), None, None, "K", DAYS, AT).case_types == ("bygglov",)


def test_what_stays_at_the_reception_waits_there() -> None:
    assert taken_down(arrival(at_reception=True), None, None, "K", DAYS, AT).state is ContactState.AT_RECEPTION
    assert taken_down(arrival(), None, None, "K", DAYS, AT).state is ContactState.HANDED_OVER


def test_what_was_promised_stands_with_the_contact() -> None:
    promised = PromisedAnswer(AT + timedelta(hours=4), "Bygglov")
    assert taken_down(arrival(promised=promised), None, None, "K", DAYS, AT).promised == promised


def test_numbers_follow_each_other_and_begin_anew_with_the_year() -> None:
    first = next_in(None, arrival(), AT)
    assert (first.series_id, first.number) == ("1460-k-2026", "K 2026/000001")
    assert next_in(first, arrival(), AT).number == "K 2026/000002"
    assert next_in(Series("1460", "1460-k-2026", 2026, 999_999), arrival(), AT).number == "K 2026/1000000"
    new_year = datetime(2026, 12, 31, 23, tzinfo=UTC)  # midnight in Sweden
    assert series_id_of("1460", new_year) == "1460-k-2027"


@pytest.mark.parametrize(
    ("channel", "delivery", "received", "day"),
    [
        ("e-mail", None, "2026-11-28T22:30:00+01:00", "2026-11-28"),  # a Saturday night: the day it reached us
        ("web", None, "2026-11-24T23:30:00Z", "2026-11-25"),  # after midnight in Sweden
        ("letter", None, "2026-11-24T10:00:00+01:00", "2026-11-23"),
        ("letter", None, "2026-11-23T10:00:00+01:00", "2026-11-20"),  # a Monday: Friday
        ("letter", "hand", "2026-11-24T10:00:00+01:00", "2026-11-24"),
        ("visit", "mailbox", "2026-11-24T08:00:00+01:00", "2026-11-23"),
        ("letter", None, "2026-12-28T10:00:00+01:00", "2026-12-23"),  # over Christmas
        ("letter", "post", "2026-06-22T10:00:00+02:00", "2026-06-18"),  # over midsummer
        ("letter", None, "2027-01-07T10:00:00+01:00", "2027-01-05"),  # over Epiphany
    ],
)
def test_the_day_something_came_in(channel: str, delivery: str | None, received: str, day: str) -> None:
    told = arrival(channel=channel, delivery=delivery, received_at=datetime.fromisoformat(received))
    assert arrived_on(told, DAYS) == date.fromisoformat(day)
