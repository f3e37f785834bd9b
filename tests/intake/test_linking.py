"""A new contact about an open matter of the same company and case type joins it; a person can part them again."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.intake.model.contact import Contact, ContactState
from services.intake.rules.linking import links_of_answer
from services.intake.store.datafiles import read_linking_rules
from tests.intake.at_doors import AtDoors
from tests.intake.settled import AT, Intake, contact, record

GLASS = {"organisation_number": "556016-0680"}
OTHER = {"organisation_number": "556012-5790"}


def call(*case_types: str, company: dict[str, str] | None = GLASS, **members: Any) -> dict[str, Any]:
    return {"channel": "phone", "wish": "Får vi?", "case_types": list(case_types), "company": company, **members}


async def registered(doors: AtDoors, *case_types: str, **members: Any) -> dict[str, Any]:
    answer: dict[str, Any] = (await doors.post("/contacts", call(*case_types, **members))).json()
    return answer


def joined(contact: dict[str, Any]) -> dict[str, str]:
    """Case type -> the contact that it is linked to."""
    return {one["case_type"]: one["contact_id"] for one in contact["links"] if one["unlinked"] is None}


async def test_a_second_contact_of_the_same_company_and_type_is_linked_and_says_why() -> None:
    async with AtDoors() as doors:
        first = await registered(doors, "serv_stad")
        doors.clock.advance(timedelta(days=3))
        second = await registered(doors, "serv_stad", wish="Vi vill också ha uteservering.")
        [link] = second["links"]
        assert (first["links"], second["wish"]) == ([], "Vi vill också ha uteservering.")
        why = {name: link[name] for name in ("contact_id", "case_type", "begun_at", "within_days", "unlinked")}
        assert why == {
            "contact_id": first["contact_id"],
            "case_type": "serv_stad",
            "begun_at": first["registered_at"],
            "within_days": 180,
            "unlinked": None,
        }


async def test_each_case_type_joins_the_contact_that_began_it_and_a_new_one_begins_its_own() -> None:
    async with AtDoors() as doors:
        licence, building = await registered(doors, "serv_stad"), await registered(doors, "bygglov")
        both = await registered(doors, "bygglov", "miljo_c", "serv_stad")
        assert joined(both) == {"serv_stad": licence["contact_id"], "bygglov": building["contact_id"]}
        assert joined(await registered(doors, "miljo_c")) == {"miljo_c": both["contact_id"]}


async def test_a_third_contact_joins_the_first_and_not_the_second() -> None:
    async with AtDoors() as doors:
        first, _, third = [await registered(doors, "serv_stad") for _ in range(3)]
        assert joined(third) == {"serv_stad": first["contact_id"]}


@pytest.mark.parametrize(
    ("company", "case_type"),
    [(OTHER, "serv_stad"), (None, "serv_stad"), ({"name": "Glass"}, "serv_stad"), (GLASS, "bygglov")],
    ids=["another company", "nobody", "a company by name alone", "another case type"],
)
async def test_what_is_of_others_or_about_something_else_is_not_linked(
    company: dict[str, str] | None, case_type: str
) -> None:
    async with AtDoors() as doors:
        await registered(doors, "serv_stad")
        assert joined(await registered(doors, case_type, company=company)) == {}


@pytest.mark.parametrize("case_type", ["ovrigt", "upphandling_fraga"])
async def test_types_that_are_never_about_the_same_are_not_linked(case_type: str) -> None:
    async with AtDoors() as doors:
        await registered(doors, case_type)
        assert joined(await registered(doors, case_type)) == {}


async def test_a_company_chosen_by_our_own_id_is_the_same_company() -> None:
    async with AtDoors() as doors:
        first = await registered(doors, "serv_stad", company={"name": "Glass"})
        again = await registered(doors, "serv_stad", company={"company_id": first["party_id"]})
        assert joined(again) == {"serv_stad": first["contact_id"]}


async def test_a_call_that_nobody_has_sorted_stays_at_the_reception_and_joins_nothing() -> None:
    async with AtDoors() as doors:
        await registered(doors, "serv_stad")
        unsorted = await registered(doors)
        assert (unsorted["state"], joined(unsorted)) == ("at-reception", {})
        assert joined(await registered(doors, "serv_stad")) != {}


async def test_after_its_days_a_contact_is_not_joined_any_more_and_the_new_one_begins_anew() -> None:
    async with AtDoors() as doors:
        first = await registered(doors, "serv_tillf")
        doors.clock.advance(timedelta(days=30))
        assert joined(await registered(doors, "serv_tillf")) == {"serv_tillf": first["contact_id"]}
        doors.clock.advance(timedelta(seconds=1))
        anew = await registered(doors, "serv_tillf")
        assert joined(anew) == {}
        assert joined(await registered(doors, "serv_tillf")) == {"serv_tillf": anew["contact_id"]}


async def test_what_others_publish_is_linked_too_also_within_one_batch_and_the_bus_hears_what_to_open() -> None:
    intake = Intake()
    company = {"organisation_number": "556016-0680"}
    events = [contact(reference=f"E-{n}", company=company, case_type="serv_stad") for n in range(2)]
    await intake.hear(*(record(one, event_id=str(n), offset=n) for n, one in enumerate(events)))
    first, second = await intake.said("contact-registered")
    [link] = await intake.said("contact-linked")
    assert (first.get("linked_types"), second["linked_types"]) == (None, ["serv_stad"])
    assert (link["contact_id"], link["linked_to"]) == (second["contact_id"], first["contact_id"])


async def test_a_person_parts_a_contact_with_a_reason_and_what_was_stays() -> None:
    async with AtDoors() as doors:
        first, second = await registered(doors, "serv_stad"), await registered(doors, "serv_stad")
        undo = f"/contacts/{second['contact_id']}/links/serv_stad/undo"
        parted = (await doors.post(undo, {"why": "Gäller en annan lokal."}, key="k")).json()
        again = (await doors.post(undo, {"why": "Gäller en annan lokal."}, key="k")).json()
        assert parted == again
        [link] = parted["links"]
        assert link["contact_id"] == first["contact_id"]
        assert link["unlinked"] == {
            "why": "Gäller en annan lokal.",
            "at": "2026-11-24T09:30:00Z",
            "by": "the-receptionist",
        }
        [said] = [one for one in await doors.kept("outbox") if b"contact-unlinked" in bytes(one["h"]["ce_type"])]
        assert "lokal" not in bytes(said["b"]).decode()
        assert (await doors.post(undo, {"why": "igen"})).status_code == 404


async def test_only_a_link_that_is_there_and_ones_own_can_be_undone() -> None:
    async with AtDoors() as doors:
        first = await registered(doors, "serv_stad")
        second = await registered(doors, "serv_stad")
        why = {"why": "?"}
        assert (await doors.post(f"/contacts/{first['contact_id']}/links/serv_stad/undo", why)).status_code == 404
        undo = f"/contacts/{second['contact_id']}/links/serv_stad/undo"
        assert (await doors.post(undo, why, role="officer")).status_code == 403
        assert (await doors.post(undo, {"why": ""})).status_code == 422
        assert (await doors.post("/contacts/1460-c-nobody/links/serv_stad/undo", why)).status_code == 404


@pytest.mark.parametrize("state", [ContactState.AT_RECEPTION, ContactState.ANSWERED])
def test_an_answer_to_what_has_no_matter_joins_none(state: ContactState) -> None:
    bare = Contact("1460", "1460-c-1", None, "e-mail", ("ovrigt",), "sv", None, AT, AT, "anna", AT.date())
    assert links_of_answer(bare, replace(bare, contact_id="1460-c-0", state=state), AT) is None


def test_every_rule_of_linking_has_its_source_and_one_is_for_all_types() -> None:
    rules = read_linking_rules().all_in_force("1460", AT.date())
    assert all(rule.source and rule.days >= 0 for rule in rules.values())
    assert read_linking_rules().days("1460", "any_other", AT) == 180
