"""What procurement does about contracts that other systems sign, and about days that come."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.procurement.settled import AT, OTHER_TOPIC, Procurement, contract, record

START = datetime(2027, 6, 3, 22, tzinfo=UTC)
"""The start of Friday 2027-06-04 in Sweden: 210 days before the end of 2027."""


async def test_a_signed_contract_is_registered_with_the_day_to_start() -> None:
    procurement = Procurement()
    await procurement.hear(record(contract(department="Teknik", value={"amount": "900000", "currency": "SEK"})))
    [said] = await procurement.said("contract-registered")
    assert said["start_procuring_on"] == "2027-06-04"
    assert said["owner_id"] == "1460-o-lind"
    assert said["contract_id"].startswith("1460-k-")
    assert (said["lead_days"], said["rule"], said["rule_verified"]) == (210, "lead-national", False)
    [kept] = await procurement.kept("contracts")
    assert kept["due_at"] == START
    assert kept["registered_by"] == "finance"


async def test_all_that_was_signed_is_kept() -> None:
    procurement = Procurement()
    options = [{"until": "2028-12-31", "notice_by": "2027-06-30"}]
    whole = contract(options=options, notice_months=6, ceiling={"amount": "2000000.00", "currency": "SEK"})
    await procurement.hear(record(whole))
    [kept] = await procurement.kept("contracts")
    assert kept["options"] == options
    assert kept["notice_months"] == 6
    assert kept["ceiling"] == {"amount": "2000000.00", "currency": "SEK"}


async def test_the_same_event_again_changes_nothing() -> None:
    procurement = Procurement()
    await procurement.hear(record(contract()), record(contract(), offset=1))
    await procurement.hear(record(contract(), offset=2))
    assert len(await procurement.said("contract-registered")) == 1


async def test_a_contract_told_again_is_said_again_only_when_something_is_new() -> None:
    procurement = Procurement()
    await procurement.hear(record(contract(), "1"), record(contract(), "2", 1))
    await procurement.hear(record(contract(ends_on="2028-12-31"), "3", 2))
    assert [one["ends_on"] for one in await procurement.said("contract-registered")] == ["2027-12-31", "2028-12-31"]
    sequences = [one["_id"]["s"] for one in await procurement.kept("outbox")]
    assert sequences == [1, 2]
    assert len(await procurement.kept("contracts")) == 1


async def test_two_towns_may_use_the_same_reference_and_the_same_event_id() -> None:
    procurement = Procurement()
    await procurement.hear(record(contract()), record(contract(title="Annat"), topic=OTHER_TOPIC))
    said = {one["municipality"]: one for one in await procurement.said("contract-registered")}
    assert said["1460"]["title"] == "Skyltar"
    assert said["1438"]["title"] == "Annat"
    assert said["1438"]["owner_id"] == "1438-o-lind"


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"supplier": {"organisation_number": "556016-0681"}}, "/data/supplier/organisation_number"),
        ({"starts_on": "2028-01-01"}, "/data/starts_on"),
        ({"ends_on": "0001-01-01"}, "/data/ends_on"),
        ({"ends_on": "2027-02-30"}, "/data/ends_on"),
    ],
)
async def test_a_wrong_contract_is_told_back_and_stops_nobody(members: dict[str, object], pointer: str) -> None:
    procurement = Procurement()
    await procurement.hear(record(contract(**members), "1"), record(contract(), "2", 1))
    [told] = await procurement.said("inbound-rejected")
    assert (told["pointer"], told["id"]) == (pointer, "1")
    assert len(await procurement.said("contract-registered")) == 1


async def test_a_number_that_no_database_keeps_is_one_rejected_row_and_stops_nobody() -> None:
    procurement = Procurement()
    many = [record(contract(reference=f"A-{number}"), f"{number}", number) for number in range(9)]
    many[4] = record(contract(reference="A-4", notice_months=2**70), "4", 4)
    await procurement.hear(*many)
    [row] = await procurement.kept("parked")
    assert (row["kind"], row["event_id"], row["lane"]) == ("rejected", "4", None)
    assert row["reason_sv"] == "databasen kan inte spara innehållet"
    [told] = await procurement.said("inbound-rejected")
    assert (told["id"], told["pointer"]) == ("4", "/data")
    assert len(await procurement.said("contract-registered")) == 8
    assert len(await procurement.kept("contracts")) == 8


async def test_no_number_and_no_name_of_a_supplier_is_kept_or_said() -> None:
    procurement = Procurement()
    await procurement.hear(record(contract(supplier={"organisation_number": "900101-0017", "name": "Hemliga Firman"})))
    [said] = await procurement.said("contract-registered")
    assert said["supplier_party_id"].startswith("1460-p-")
    for collection in procurement.database.rows:
        for row in await procurement.kept(collection):
            text = str(row).lower()
            assert "9001010017" not in text.replace("-", "")
            assert "hemliga" not in text


async def test_it_is_told_when_the_day_begins_and_not_before() -> None:
    procurement = Procurement()
    await procurement.hear(record(contract()))
    await procurement.wait_until(START - timedelta(microseconds=1))
    assert await procurement.said("time-to-procure-reached") == []
    await procurement.wait_until(START)
    [said] = await procurement.said("time-to-procure-reached")
    assert said["reached_at"] == "2027-06-03T22:00:00Z"
    assert (said["owner_id"], said["start_procuring_on"]) == ("1460-o-lind", "2027-06-04")
    await procurement.wait_until(START + timedelta(days=400))
    assert len(await procurement.said("time-to-procure-reached")) == 1


async def test_after_three_weeks_of_downtime_each_that_is_due_is_told_once_and_none_that_is_not() -> None:
    procurement = Procurement()
    ends = ["2027-12-28", "2027-12-31", "2028-01-10", "2028-01-12"]
    await procurement.hear(
        *(record(contract(reference=day, ends_on=day), day, number) for number, day in enumerate(ends)),
        record(contract(), topic=OTHER_TOPIC),
    )
    await procurement.wait_until(START - timedelta(days=10))
    await procurement.wait_until(START + timedelta(days=11))
    told = await procurement.said("time-to-procure-reached")
    assert sorted((one["municipality"], one["ends_on"]) for one in told) == [
        ("1438", "2027-12-31"),
        *(("1460", day) for day in ends[:3]),
    ]
    assert {one["reached_at"] for one in told} == {"2027-06-14T22:00:00Z"}
    assert await procurement.kept("parked") == []


async def test_a_contract_that_was_prolonged_in_time_is_not_told_of() -> None:
    procurement = Procurement()
    await procurement.hear(record(contract()))
    await procurement.hear(record(contract(ends_on="2029-12-31"), "2", 1))
    await procurement.wait_until(START + timedelta(days=21))
    assert await procurement.said("time-to-procure-reached") == []


async def test_a_contract_whose_day_is_past_when_it_comes_is_told_of_at_once_and_once() -> None:
    procurement = Procurement()
    past = contract(ends_on="2027-01-31")
    await procurement.hear(record(past))
    await procurement.wait_until(AT)
    await procurement.hear(record(past, "2", 1), record({**past, "title": "Nytt namn"}, "3", 2))
    await procurement.wait_until(AT + timedelta(days=1))
    assert len(await procurement.said("time-to-procure-reached")) == 1
    assert len(await procurement.said("contract-registered")) == 2


async def test_a_contract_prolonged_after_it_was_told_of_is_told_of_again_on_its_new_day() -> None:
    procurement = Procurement()
    await procurement.hear(record(contract(ends_on="2027-01-31")))
    await procurement.wait_until(AT)
    await procurement.hear(record(contract(), "2", 1))
    await procurement.wait_until(START)
    told = await procurement.said("time-to-procure-reached")
    assert [one["ends_on"] for one in told] == ["2027-01-31", "2027-12-31"]
