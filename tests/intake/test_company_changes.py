"""What intake does when a register tells that a company has changed."""

from typing import Any

import pytest

from shared.contracts.inbox import CompanyChanged
from shared.platform.settings import Publisher
from shared.platform.understand import Record
from tests.intake import settled
from tests.intake.settled import Intake, contact, record

TOPIC = "inbox.business-register.v1"
NUMBER, NEW = "556016-0680", "556036-0793"


@pytest.fixture
def intake(monkeypatch: pytest.MonkeyPatch) -> Intake:
    register = Publisher(name="business-register", municipality="1460", types=("company-changed",))
    monkeypatch.setattr(settled, "PUBLISHERS", (*settled.PUBLISHERS, register))
    return Intake()


def changed(kind: str, event_id: str = "1", offset: int = 0, **members: Any) -> Record:
    usual = {"reference": f"br-{event_id}", "organisation_number": NUMBER, "changed": kind, "on": "2026-12-01"}
    told = record({**usual, **members}, event_id, offset, TOPIC)
    headers = [(name, CompanyChanged.type.encode() if name == "ce_type" else raw) for name, raw in told.headers]
    return told._replace(headers=headers)


@pytest.mark.parametrize("kind", ["owner", "number", "premises"])
async def test_a_change_raises_the_question_at_the_reception(intake: Intake, kind: str) -> None:
    more: dict[str, Any] = {"new_organisation_number": NEW} if kind == "number" else {}
    await intake.hear(changed(kind, name="Bolaget AB", **more))
    [asked] = await intake.kept("contacts")
    assert (asked["channel"], asked["state"], asked["case_types"]) == ("system", "at-reception", ["ovrigt"])
    assert asked["wish"].startswith("Bolaget AB har fått ")
    for words in ("2026-12-01", "business-register", "livsmedel", "serveringstillstånd", "säkerhet B"):
        assert words in asked["wish"]
    [said] = await intake.said("contact-registered")
    assert (said["at_reception"], said["reference"]) == (True, "br-1")


async def test_the_same_change_is_asked_about_once_whoever_tells_of_it_and_however_often(intake: Intake) -> None:
    await intake.hear(changed("owner"), changed("owner", "2", 1))
    await intake.hear(changed("owner", "3", 2, name="Bolaget AB"))
    assert len(await intake.kept("contacts")) == 1
    await intake.hear(changed("owner", "4", 3, on="2027-12-01"), changed("premises", "5", 4))
    assert len(await intake.kept("contacts")) == 3
    assert [one["kind"] for one in await intake.kept("company_changes")].count("owner") == 2


async def test_a_company_with_a_new_number_is_another_party_with_the_same_name(intake: Intake) -> None:
    await intake.hear(record(contact(company={"organisation_number": NUMBER, "name": "Bolaget AB"})))
    await intake.hear(changed("number", new_organisation_number=NEW))
    parties = {one["party_id"]: one for one in await intake.kept("parties")}
    [change] = await intake.kept("company_changes")
    old, new = parties[change["party_id"]], parties[change["new_party_id"]]
    assert (old["organisation_number"], new["organisation_number"]) == ("5560160680", "5560360793")
    assert (old["company_name"], new["company_name"]) == ("Bolaget AB", "Bolaget AB")
    [asked] = [one for one in await intake.kept("contacts") if one["contact_id"] == change["contact_id"]]
    assert asked["party_id"] == change["new_party_id"]
    assert "556" not in asked["wish"]


async def test_new_premises_are_the_place_of_the_question(intake: Intake) -> None:
    await intake.hear(changed("premises", place={"address": "Storgatan 1"}))
    [asked] = await intake.kept("contacts")
    assert asked["place"]["address"] == "Storgatan 1"


async def test_a_company_that_has_ceased_raises_another_question(intake: Intake) -> None:
    await intake.hear(changed("ceased"))
    [asked] = await intake.kept("contacts")
    assert asked["wish"].startswith("Företaget har upphört den 2026-12-01")
    assert "avslutas" in asked["wish"]


async def test_a_new_name_is_kept_and_told_and_asks_nothing(intake: Intake) -> None:
    company = {"organisation_number": NUMBER, "name": "Bolaget AB"}
    await intake.hear(record(contact(company=company)))
    await intake.hear(changed("name", name="Nya Bolaget AB"), changed("name", "2", 1, name="Nya Bolaget AB"))
    [party] = await intake.kept("parties")
    assert (party["company_name"], party["name"]) == ("Nya Bolaget AB", "Nya Bolaget AB")
    assert [one["name"] for one in await intake.said("party-declared")] == ["Bolaget AB", "Nya Bolaget AB"]
    assert len(await intake.kept("contacts")) == 1


async def test_who_has_spoken_for_a_company_keeps_their_name(intake: Intake) -> None:
    company = {"organisation_number": NUMBER, "name": "Bolaget AB"}
    await intake.hear(record(contact(company=company, person={"name": "Anna"})))
    await intake.hear(changed("name", name="Nya Bolaget AB"))
    party = next(one for one in await intake.kept("parties") if one["kind"] == "company")
    assert (party["company_name"], party["name"]) == ("Nya Bolaget AB", "Anna")


async def test_a_new_name_of_a_company_that_nobody_knows_keeps_nothing(intake: Intake) -> None:
    await intake.hear(changed("name", name="Okända AB"))
    assert await intake.kept("parties") == []
    assert await intake.said("party-declared") == []


@pytest.mark.parametrize(
    ("kind", "members", "pointer"),
    [
        ("owner", {"organisation_number": "556016-0681"}, "/data/organisation_number"),
        ("number", {"new_organisation_number": "1"}, "/data/new_organisation_number"),
        ("number", {}, "/data/new_organisation_number"),
        ("moved", {}, "/data/changed"),
        ("owner", {"on": "soon"}, "/data/on"),
    ],
)
async def test_a_change_that_is_wrong_is_told_back_with_its_place(
    intake: Intake, kind: str, members: dict[str, Any], pointer: str
) -> None:
    await intake.hear(changed(kind, **members))
    [told] = await intake.said("inbound-rejected")
    assert (told["pointer"], told["publisher"]) == (pointer, "business-register")
    assert await intake.kept("contacts") == []
