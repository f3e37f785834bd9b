"""A record is given out with what may be given out; what was masked, by which paragraph, is told and kept."""

from typing import Any

import pytest

from services.intake.rules.masking import MASK
from tests.intake.at_doors import AtDoors
from tests.intake.test_register import ANNA, CALL, GLASS, SOLE_TRADER, registered

WISH = "Anna Glas, 900101-0017, vill ha uteservering. Ring 070-123 45 67."


async def exported(doors: AtDoors, number: int = 1) -> dict[str, Any]:
    answer = await doors.get(f"/register/2026/{number}/export", role="registrar")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def masked_in(told: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(one["field"], one["what"], one["paragraph"]) for one in told["maskings"]}


async def test_the_record_has_what_may_be_given_out_and_says_what_it_has_not() -> None:
    async with AtDoors() as doors:
        place = {"property": "Bengtsfors 1:7", "latitude": 59.03}
        contact = await registered(doors, wish=WISH, company=GLASS, person=ANNA, season="sommaren 2027", place=place)
        await doors.post(f"/contacts/{contact['contact_id']}/notes", {"text": "Anna ringde igen."})
        told = await exported(doors)
        record = told["record"]
        assert (told["number"], record["sender"]["name"]) == ("K 2026/000001", "Glass AB")
        assert record["sender"]["organisation_number"] == "5560160680"
        assert record["wish"] == f"{MASK} {MASK}, {MASK}, vill ha uteservering. Ring {MASK}."
        assert [note["text"] for note in record["notes"]] == [f"{MASK} ringde igen."]
        assert (record["place"]["property"], record["place"]["latitude"]) == ("Bengtsfors 1:7", 59.03)
        assert record["opening"] == {"season": "sommaren 2027", "on": None}
        assert (record["person"], record["phone"], record["e_mail"]) == (None, None, None)
        assert masked_in(told) == {
            *((field, field, "OSL 21:7") for field in ("person", "phone", "e_mail")),
            *(("wish", kind, "OSL 21:7") for kind in ("person", "personal_number", "phone")),
            ("notes", "person", "OSL 21:7"),
        }
        assert {one["decided_by"] for one in told["maskings"]} == {"rule"}


async def test_nothing_of_a_sole_trader_is_given_out_but_what_they_asked() -> None:
    async with AtDoors() as doors:
        await registered(doors, wish="Annas Glass vill ha uteservering", company=SOLE_TRADER)
        told = await exported(doors)
        assert told["record"]["sender"] == {"name": "enskild"}
        assert told["record"]["personal_number"] is None
        assert told["record"]["wish"] == f"{MASK} {MASK} vill ha uteservering"


async def test_what_a_person_has_found_secret_is_not_given_out_and_what_they_found_public_is() -> None:
    async with AtDoors() as doors:
        contact = await registered(doors, wish="Vi vill ta hit Ikea.", company=GLASS, person=ANNA)
        found = {"paragraph": "OSL 19:1", "why": "Etablering som inte är känd."}
        for one in ({"field": "wish", "secrecy": "secret"}, {"field": "phone", "secrecy": "public"}):
            await doors.post(f"/contacts/{contact['contact_id']}/secrecy", {**found, **one}, role="registrar")
        told = await exported(doors)
        assert (told["record"]["wish"], told["record"]["phone"]) == (None, "070-123 45 67")
        [wish] = [one for one in told["maskings"] if one["field"] == "wish"]
        assert wish == {"field": "wish", "what": "wish", "paragraph": "OSL 19:1", "decided_by": "the-registrar"}


async def test_a_refusal_says_what_is_left_out_by_which_paragraph_and_how_to_appeal() -> None:
    async with AtDoors() as doors:
        await registered(doors, company=GLASS, person=ANNA, case_types=["mark_lokal"])
        refusal = (await exported(doors))["refusal"]
        for text, words in (
            ("sv", ("avsändare: OSL 19:1", "kammarrätten", "3 veckor", "är inte verifierad")),
            ("en", ("sender: OSL 19:1", "court of appeal", "3 weeks", "not verified")),
        ):
            assert [word for word in words if word not in refusal[text]] == []


async def test_a_record_with_nothing_secret_is_given_out_whole_without_refusal() -> None:
    async with AtDoors() as doors:
        await registered(doors, company=GLASS)
        told = await exported(doors)
        assert (told["maskings"], told["refusal"], told["record"]["wish"]) == ([], None, CALL["wish"])


async def test_each_time_is_kept_with_who_gave_it_out_and_what_was_masked() -> None:
    async with AtDoors() as doors:
        await registered(doors, company=GLASS, person=ANNA)
        told = [await exported(doors) for _ in range(2)]
        first = (await doors.get("/disclosures", role="registrar", limit=1)).json()
        rest = (await doors.get("/disclosures", role="registrar", limit=1, cursor=first["next"])).json()
        listed = first["items"] + rest["items"]
        assert {one["disclosure_id"] for one in listed} == {one["disclosure_id"] for one in told}
        assert [one["maskings"] for one in listed] == [one["maskings"] for one in told]
        assert {(one["by"], one["number"]) for one in listed} == {("the-registrar", "K 2026/000001")}


@pytest.mark.parametrize("role", ["receptionist", "coordinator", "officer", "manager", "public", "publisher", None])
async def test_only_a_registrar_gives_records_out(role: str | None) -> None:
    async with AtDoors() as doors:
        await registered(doors)
        refused = 401 if role is None else 403
        assert (await doors.get("/register/2026/1/export", role=role)).status_code == refused
        looked_back = await doors.get("/disclosures", role=role)
        assert looked_back.status_code == (200 if role == "manager" else refused)


async def test_a_number_that_was_not_given_has_no_record() -> None:
    async with AtDoors() as doors:
        assert (await doors.get("/register/2026/1/export", role="registrar")).status_code == 404
