"""What procurement does about contracts, and when their day comes."""

from datetime import timedelta

from tests.procurement.settled import Procurement, record, signed


async def test_a_signed_contract_gets_its_day_with_rule_and_source() -> None:
    procurement = Procurement()
    await procurement.hear(record(signed()))
    [said] = await procurement.said("contract-registered")
    assert said["start_procuring_on"] == "2027-06-04"  # 210 days before New Year's Eve 2027
    assert said["rule"] == "national-procurement"
    assert said["rule_verified"] is False
    assert said["owner_id"] == "1460-o-lind"


async def test_the_day_is_said_once_also_after_weeks_of_downtime() -> None:
    procurement = Procurement()
    await procurement.hear(record(signed()))
    assert await procurement.timers.keep_due() == 0
    procurement.clock.advance(timedelta(days=250))
    assert await procurement.timers.keep_due() == 1
    assert await procurement.timers.keep_due() == 0
    [said] = await procurement.said("time-to-procure-reached")
    assert said["reached_at"].startswith("2027-08-01")


async def test_a_contract_whose_day_is_past_is_told_of_at_once() -> None:
    procurement = Procurement()
    await procurement.hear(record(signed(ends_on="2026-12-31")))
    assert await procurement.timers.keep_due() == 1


async def test_the_same_contract_told_again_is_said_again_only_when_it_changed() -> None:
    procurement = Procurement()
    await procurement.hear(record(signed(), "1"), record(signed(), "2", 1), record(signed(title="Städ"), "3", 2))
    said = await procurement.said("contract-registered")
    assert [one["title"] for one in said] == ["Städning", "Städ"]
    assert len({one["contract_id"] for one in said}) == 1


async def test_a_day_that_moves_after_it_came_is_promised_anew() -> None:
    procurement = Procurement()
    await procurement.hear(record(signed(ends_on="2026-12-31"), "1"))
    await procurement.timers.keep_due()
    await procurement.hear(record(signed(ends_on="2027-12-31"), "2", 1))
    assert await procurement.timers.keep_due() == 0
    procurement.clock.advance(timedelta(days=300))
    assert await procurement.timers.keep_due() == 1
    assert len(await procurement.said("time-to-procure-reached")) == 2


async def test_a_number_too_big_for_the_database_is_told_back_and_stops_nobody() -> None:
    procurement = Procurement()
    good = [record(signed(reference=f"A-{n}"), str(n), n) for n in range(8)]
    bad = record(signed(reference="B", notice_months=2**70), "bad", 8)
    late = record(signed(reference="C"), "late", 9)
    await procurement.hear(*good, bad, late)
    assert len(await procurement.said("contract-registered")) == 9
    [told] = await procurement.said("inbound-rejected")
    assert told["id"] == "bad"
    [kept] = await procurement.database.find("parked", {"kind": "rejected"})
    assert kept["open"]


async def test_two_towns_with_the_same_reference_have_two_contracts() -> None:
    procurement = Procurement()
    await procurement.hear(record(signed()), record(signed(), topic="inbox.other-town.v1"))
    assert {one["municipality"] for one in await procurement.said("contract-registered")} == {"1460", "1438"}


async def test_a_supplier_is_named_by_its_party_id_only() -> None:
    procurement = Procurement()
    await procurement.hear(record(signed(supplier={"organisation_number": "556016-0680", "name": "Hemliga AB"})))
    [said] = await procurement.said("contract-registered")
    assert said["supplier_party_id"].startswith("1460-p-")
    kept = str(await procurement.database.find("contracts", {})) + str(await procurement.database.find("outbox", {}))
    assert "556016" not in kept
    assert "Hemliga" not in kept


async def test_a_wrong_supplier_number_and_an_end_before_the_start_say_where() -> None:
    procurement = Procurement()
    await procurement.hear(
        record(signed(supplier={"organisation_number": "1"}), "1"),
        record(signed(starts_on="2028-01-01"), "2", 1),
    )
    told = {one["id"]: one["pointer"] for one in await procurement.said("inbound-rejected")}
    assert told == {"1": "/supplier/organisation_number", "2": "/ends_on"}
