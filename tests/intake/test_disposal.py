"""Who was erased is nowhere any more; what must stay stays, and nothing goes without a decision or under a hold."""

from typing import Any

import httpx
import pytest

from shared.platform.vault import KEYS
from tests.intake.at_doors import AtDoors
from tests.intake.settled import AT, opened
from tests.intake.test_doors import with_attachment

PERSON = {"name": "Anna Glas", "e_mail": "anna@glas.example", "phone": "0531-1", "role": "ägare"}
ANNA = {"channel": "phone", "wish": "Ring Anna.", "case_types": ["serv_stad"], "person": PERSON}
COMPANY = {**ANNA, "company": {"organisation_number": "556016-0680", "name": "Glasverkstaden AB"}}
DECISION = {"decided_by": "KS", "decided_on": "2026-11-20", "reference": "KS 2026/12", "paragraph": "AL 10 §"}
ERASURE = {"ground": "objection", "decision": DECISION}
BECAUSE = {"reason": "Beslutet är överklagat."}
TOLD = ("Glas", "anna@", "0531-1", "ägare", "Ring", "5560160680", "556016-0680")


async def called(doors: AtDoors, call: Any = ANNA) -> dict[str, Any]:
    registered: dict[str, Any] = (await doors.post("/contacts", call)).json()
    return registered


async def erase(doors: AtDoors, party_id: str | None, asked: Any = ERASURE, role: str = "manager") -> httpx.Response:
    return await doors.post(f"/parties/{party_id}/erasure", asked, role=role)


async def dispose(doors: AtDoors, contact_id: str, asked: Any = DECISION, role: str = "registrar") -> httpx.Response:
    return await doors.post(f"/contacts/{contact_id}/disposal", asked, role=role)


async def keys(doors: AtDoors) -> set[str]:
    return {row["_id"] for row in await doors.kept(KEYS.name)}


async def everything(doors: AtDoors, *but: str) -> str:
    """All that is in the database, as text, what is sealed opened; the outbox is on its way to the personal topic."""
    names = sorted(set(doors.database.rows) - {"outbox", *but})
    return str([await opened(doors.database, name) for name in names])


async def test_a_party_is_erased_by_a_decision_and_nothing_of_who_it_was_stays() -> None:
    async with AtDoors() as doors:
        contact = await called(doors)
        erased = await erase(doors, contact["party_id"])
        assert erased.status_code == 200
        told = erased.json()
        about = (told["erased_at"], told["erased_by"], told["ground"], told["decision"])
        assert about == ("2026-11-24T09:30:00Z", "the-manager", "objection", DECISION)
        gone = {"party_id": contact["party_id"], "kind": "person", "members": ["name", "e_mail", "phone", "role"]}
        assert told["gone"] == [gone]
        [party] = await doors.kept("parties")
        assert [party[name] for name in ("name", "e_mail", "phone", "role", "holds")] == [None] * 5
        assert await keys(doors) == {contact["contact_id"]}
        kept = await everything(doors, "contacts")
        assert not [word for word in TOLD if word in kept]
        subject = {"_id.k": f"intake.parties.v1|{contact['party_id']}"}
        tombstone = (await doors.database.find("outbox", subject, sort=(("_id", 1),)))[-1]
        assert (tombstone["b"], tombstone["p"], tombstone["_id"]["s"]) == (None, contact["party_id"], 2)


async def test_the_report_tells_what_the_archive_law_keeps_and_why() -> None:
    async with AtDoors() as doors:
        first, second = await called(doors, COMPANY), await called(doors, COMPANY)
        await called(doors, {**ANNA, "wish": "Någon annan."})
        kept = (await erase(doors, first["party_id"])).json()["kept"]
        assert [one["number"] for one in kept["contacts"]] == [first["number"], second["number"]]
        stays = {name: first[name] for name in ("contact_id", "number", "received_at", "arrived_on", "case_types")}
        assert kept["contacts"][0] == {**stays, "is_disposed_of": False}
        assert "arkivlagen 3 §" in kept["why_sv"]
        assert (await doors.get(f"/contacts/{first['contact_id']}")).json()["wish"] == "Ring Anna."


async def test_with_a_company_go_the_persons_who_spoke_for_it_and_nobody_else() -> None:
    async with AtDoors() as doors:
        contact = await called(doors, COMPANY)
        await called(doors, {**COMPANY, "person": {"name": "Bo Glas"}})
        other = await called(doors, {**ANNA, "person": {"name": "Cia Trä"}})
        gone = (await erase(doors, contact["party_id"])).json()["gone"]
        assert [(one["kind"], len(one["members"])) for one in gone] == [("company", 6), ("person", 4), ("person", 1)]
        left = [party for party in await opened(doors.database, "parties") if party["name"]]
        assert [party["name"] for party in left] == ["Cia Trä"]
        assert await keys(doors) & {one["_id"] for one in await doors.kept("parties")} == {other["party_id"]}


@pytest.mark.parametrize("missing", [*DECISION, "decision", "ground"])
async def test_without_all_of_a_decision_nothing_is_erased(missing: str) -> None:
    async with AtDoors() as doors:
        contact = await called(doors)
        decision = {name: value for name, value in DECISION.items() if name != missing}
        asked = {name: value for name, value in {**ERASURE, "decision": decision}.items() if name != missing}
        assert (await erase(doors, contact["party_id"], asked)).status_code == 422
        assert len(await keys(doors)) == 2


async def test_asked_again_all_are_told_again_and_the_first_erasure_stands() -> None:
    async with AtDoors() as doors:
        contact = await called(doors)
        first = (await erase(doors, contact["party_id"])).json()
        again = (await erase(doors, contact["party_id"], {**ERASURE, "ground": "unlawful"}, "registrar")).json()
        assert again == {**first, "gone": []}
        subject = {"_id.k": f"intake.parties.v1|{contact['party_id']}"}
        said = await doors.database.find("outbox", subject, sort=(("_id", 1),))
        assert [one["b"] is None for one in said] == [False, True, True]


async def test_a_company_that_was_erased_can_come_back() -> None:
    async with AtDoors() as doors:
        contact = await called(doors, COMPANY)
        await erase(doors, contact["party_id"])
        back = await called(doors, {**COMPANY, "person": {"name": "Cia Glas"}})
        assert back["party_id"] == contact["party_id"]
        [party] = [one for one in await opened(doors.database, "parties") if one["_id"] == contact["party_id"]]
        about = (party["name"], party["e_mail"], party["company_name"], party["erasure"]["decision"]["reference"])
        assert about == ("Cia Glas", None, "Glasverkstaden AB", "KS 2026/12")
        subject = {"_id.k": f"intake.parties.v1|{contact['party_id']}"}
        [*_, declared] = await doors.database.find("outbox", subject, sort=(("_id", 1),))
        assert (declared["_id"]["s"], b"Cia Glas" in declared["b"]) == (3, True)


async def test_under_a_hold_nothing_is_erased_until_it_is_lifted_with_a_reason() -> None:
    async with AtDoors() as doors:
        contact = await called(doors)
        party = f"/parties/{contact['party_id']}"
        held = await doors.post(f"{party}/holds", BECAUSE, role="registrar")
        assert (held.status_code, held.json()["is_held"]) == (201, True)
        assert held.json()["holds"][0]["reason"] == BECAUSE["reason"]
        for refused in (await erase(doors, contact["party_id"]), await dispose(doors, contact["contact_id"])):
            assert (refused.status_code, refused.json()["type"]) == (409, "/problems/legal-hold")
        assert (await doors.get(f"/contacts/{contact['contact_id']}")).json()["wish"] == "Ring Anna."
        lifted = (
            await doors.post(f"{party}/holds/lifting", {"reason": "Domen har vunnit laga kraft."}, role="manager")
        ).json()
        assert (lifted["is_held"], lifted["holds"][0]["lifted_by"]) == (False, "the-manager")
        assert (await erase(doors, contact["party_id"])).status_code == 200
        assert "överklagat" not in await everything(doors)


async def test_a_hold_on_a_person_holds_the_company_too() -> None:
    async with AtDoors() as doors:
        contact = await called(doors, COMPANY)
        await doors.post(f"/parties/{contact['speaker_id']}/holds", BECAUSE, role="registrar")
        assert (await erase(doors, contact["party_id"])).status_code == 409
        assert len(await keys(doors)) == 3


async def test_a_contact_can_be_held_by_itself_and_holds_do_not_pile_up() -> None:
    async with AtDoors() as doors:
        contact = await called(doors)
        holds = f"/contacts/{contact['contact_id']}/holds"
        assert (await doors.post(f"{holds}/lifting", BECAUSE, role="registrar")).status_code == 409
        assert (await doors.post(holds, BECAUSE, role="registrar")).status_code == 201
        assert (await doors.post(holds, BECAUSE, role="registrar")).status_code == 409
        assert (await dispose(doors, contact["contact_id"])).status_code == 409
        assert (await erase(doors, contact["party_id"])).status_code == 200
        await doors.post(f"{holds}/lifting", BECAUSE, role="registrar")
        assert (await doors.post(holds, BECAUSE, role="registrar")).json()["holds"][0]["lifted_because"] == BECAUSE[
            "reason"
        ]


async def test_what_is_written_in_a_contact_and_about_it_goes_by_a_decision_of_its_own() -> None:
    async with AtDoors() as doors:
        contact = await called(doors, {**ANNA, "place": {"address": "Glasvägen 1"}, "season": "sommaren 2027"})
        path = f"/contacts/{contact['contact_id']}"
        await doors.post(f"{path}/notes", {"text": "Glaset är blått."})
        disposed = await dispose(doors, contact["contact_id"])
        assert disposed.status_code == 200
        assert (disposed.json()["number"], disposed.json()["decision"]) == (contact["number"], DECISION)
        shown = (await doors.get(path)).json()
        gone: dict[str, Any] = {"wish": None, "place": None, "season": None, "attachments": [], "suggestion": None}
        assert shown == {**contact, **gone}
        [note] = (await doors.get(f"{path}/notes")).json()["items"]
        assert note["text"] is None
        assert await keys(doors) == {contact["party_id"]}
        kept = await everything(doors, "parties")
        assert not [word for word in ("Ring", "Glas", "sommaren") if word in kept]
        assert (await dispose(doors, contact["contact_id"])).json() == disposed.json()


async def test_the_bytes_of_its_attachments_go_too() -> None:
    async with AtDoors() as doors:
        contact_id, attachment = await with_attachment(doors.database, b"Hej Glas", "Glas.txt")
        assert (await dispose(doors, contact_id)).status_code == 200
        [going] = await doors.kept("uploads")
        assert (going["_id"], going["going"], going["due_at"]) == (attachment.attachment_id, True, AT)
        assert (await doors.get(f"/contacts/{contact_id}/attachments/{attachment.attachment_id}")).status_code == 404


async def test_what_still_waits_at_the_reception_is_not_disposed_of() -> None:
    async with AtDoors() as doors:
        contact = await called(doors, {**ANNA, "case_types": []})
        refused = await dispose(doors, contact["contact_id"])
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/still-at-reception")


async def test_who_may_and_whom_nobody_knows() -> None:
    async with AtDoors() as doors:
        contact = await called(doors)
        for role in ("receptionist", "officer", "publisher"):
            assert (await erase(doors, contact["party_id"], role=role)).status_code == 403
            assert (await dispose(doors, contact["contact_id"], role=role)).status_code == 403
            for kind, subject in (("parties", contact["party_id"]), ("contacts", contact["contact_id"])):
                assert (await doors.post(f"/{kind}/{subject}/holds", BECAUSE, role=role)).status_code == 403
        assert (await erase(doors, "1460-p-x")).status_code == 404
        assert (await dispose(doors, "1460-c-x")).status_code == 404
        assert (await erase(doors, contact["party_id"], {**ERASURE, "ground": "Anna Glas"})).status_code == 422
        for kind in ("parties", "contacts"):
            assert (await doors.post(f"/{kind}/1460-x/holds", BECAUSE, role="registrar")).status_code == 404


async def test_one_export_tells_all_that_is_held() -> None:
    async with AtDoors() as doors:
        contact = await called(doors, {**COMPANY, "place": {"address": "Glasvägen 1"}})
        await doors.post(f"/contacts/{contact['contact_id']}/notes", {"text": "Glaset är blått."})
        await called(doors, {**ANNA, "person": {"name": "Cia Trä"}, "wish": "Någon annan."})
        exported = await doors.get(f"/parties/{contact['party_id']}/export", role="registrar")
        assert exported.status_code == 200
        told = exported.json()
        assert (told["party"]["company_name"], told["party"]["organisation_number"]) == (
            "Glasverkstaden AB",
            "5560160680",
        )
        assert [{name: one[name] for name in PERSON} for one in told["persons"]] == [PERSON]
        [held] = told["contacts"]
        assert {name: held[name] for name in contact} == contact
        assert [note["text"] for note in held["notes"]] == ["Glaset är blått."]
        assert "Någon annan" not in exported.text


async def test_a_person_gets_what_they_said_for_their_company() -> None:
    async with AtDoors() as doors:
        contact = await called(doors, COMPANY)
        await called(doors, {**COMPANY, "person": {"name": "Bo Glas"}, "wish": "Bo undrar."})
        exported = (await doors.get(f"/parties/{contact['speaker_id']}/export", role="manager")).json()
        assert [one["wish"] for one in exported["contacts"]] == ["Ring Anna."]
        assert (exported["party"]["company_id"], exported["persons"]) == (contact["party_id"], [])


async def test_who_may_not_export_and_another_towns_party_is_not_there() -> None:
    async with AtDoors() as doors:
        contact = await called(doors)
        assert (await doors.get(f"/parties/{contact['party_id']}/export")).status_code == 403
        assert (await doors.get("/parties/1438-p-x/export", role="registrar")).status_code == 404
