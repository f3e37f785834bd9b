"""What intake does about what other systems publish."""

from tests.intake.settled import Intake, contact, record


async def test_a_contact_that_another_system_received_is_registered() -> None:
    intake = Intake()
    await intake.hear(record(contact(person={"e_mail": "a@company.example"})))
    [said] = await intake.said("contact-registered")
    assert said["reference"] == "E-1"
    assert said["received_at"] == "2026-11-24T09:00:00Z"
    assert said["case_types"] == ["ovrigt"]
    [kept] = await intake.kept("contacts")
    assert kept["wish"] == "Vi vill öppna."
    assert kept["registered_by"] == "e-services"


async def test_the_same_event_again_changes_nothing() -> None:
    intake = Intake()
    await intake.hear(record(contact()), record(contact(), offset=1))
    await intake.hear(record(contact(), offset=2))
    assert len(await intake.said("contact-registered")) == 1


async def test_the_same_id_from_another_town_is_another_contact() -> None:
    intake = Intake()
    await intake.hear(record(contact()), record(contact(), topic="inbox.other-town.v1"))
    towns = {said["municipality"] for said in await intake.said("contact-registered")}
    assert towns == {"1460", "1438"}


async def test_a_company_that_comes_back_is_one_party_and_is_declared_when_something_is_new() -> None:
    intake = Intake()
    number = {"organisation_number": "556016-0680", "name": "Bolaget AB"}
    await intake.hear(
        record(contact(company=number), "1"),
        record(contact(company=number), "2", 1),
        record(contact(company=number, person={"phone": "0531-1"}), "3", 2),
    )
    declared = await intake.said("party-declared")
    assert [one.get("phone") for one in declared] == [None, "0531-1"]
    assert [one["kind"] for one in await intake.kept("parties")] == ["company", "person"]
    assert len({one["party_id"] for one in await intake.said("contact-registered")}) == 1


async def test_nobody_is_declared_for_an_anonymous_contact() -> None:
    intake = Intake()
    await intake.hear(record(contact()))
    assert await intake.said("party-declared") == []
    [said] = await intake.said("contact-registered")
    assert "party_id" not in said


async def test_a_wrong_organisation_number_is_told_back_and_stops_nobody() -> None:
    intake = Intake()
    await intake.hear(record(contact(company={"organisation_number": "556016-0681"}), "1"), record(contact(), "2", 1))
    [told] = await intake.said("inbound-rejected")
    assert told["pointer"] == "/data/company/organisation_number"
    assert told["id"] == "1"
    assert len(await intake.said("contact-registered")) == 1


async def test_no_number_no_name_and_no_wish_is_said_but_where_it_belongs() -> None:
    intake = Intake()
    secret = {"organisation_number": "5560160680", "name": "Hemliga Bolaget"}
    await intake.hear(record(contact(company=secret, wish="Hemlig önskan", person={"e_mail": "hemlig@x.example"})))
    personal = ("intake.parties.v1",)
    for said in await intake.kept("outbox"):
        text = bytes(said["b"]).decode().lower() + str(said["h"]).lower()
        assert "5560160680" not in text
        assert "önskan" not in text
        if said["t"] not in personal:
            assert "hemliga" not in text
            assert "hemlig@" not in text
