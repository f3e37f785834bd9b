"""Whoever asks sees beforehand what the plan takes, when, by which row and decision, and what it leaves and why."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from tests.intake.at_doors import AtDoors
from tests.intake.by_plan import DECISION, ByPlan, planned

LATER = date(2028, 2, 1)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[ByPlan]:
    async with ByPlan(data_dir=planned(tmp_path)) as doors:
        yield doors


async def test_a_preview_tells_what_goes_when_by_which_row_and_what_stays_and_why(town: ByPlan) -> None:
    goes, held, waits = await town.answered(), await town.answered(), await town.called()
    await town.post(f"/contacts/{held['contact_id']}/holds", {"reason": "Överklagat."}, role="registrar")
    assert await town.due("contacts", date(2027, 11, 24)) == []
    found = {one["subject_id"]: one for one in await town.due("contacts", LATER)}
    assert found[goes["contact_id"]] == {
        "kind": "contacts",
        "subject_id": goes["contact_id"],
        "number": goes["number"],
        "standing": "goes",
        "why": [],
        "due_on": "2027-11-25",
        "announced_on": None,
        "takes_on": "2027-12-25",
        "fate": "erase",
        "rule": "1460 contacts 2026-01-01",
    }
    assert (found[held["contact_id"]]["standing"], found[held["contact_id"]]["why"]) == ("stopped", ["hold"])
    assert found[waits["contact_id"]]["why"] == ["open"]
    shown = (await town.preview(LATER))["contacts"]
    assert (shown["goes"], shown["waits"], shown["stopped"], shown["why"]) == (1, 0, 2, {"hold": 1, "open": 1})
    assert (shown["rule"]["decision"], shown["rule"]["sv"]) == (DECISION, "Gallras enligt plan.")
    assert (await town.preview(date(2027, 12, 24)))["contacts"]["waits"] == 1


async def test_the_whole_plan_is_shown_also_what_it_keeps_and_what_nobody_has_verified(town: ByPlan) -> None:
    plan = await town.preview()
    assert plan["notes"]["rule"]["follows"] == "contacts"
    assert (plan["journal"]["rule"]["fate"], plan["journal"]["goes"]) == ("keep", 0)
    assert (plan["journal"]["rule"]["is_verified"], plan["contacts"]["rule"]["is_verified"]) == (False, True)


async def test_without_a_decision_of_the_municipality_nothing_goes() -> None:
    async with ByPlan() as town:
        await town.answered()
        [one] = await town.due("contacts", date(2030, 1, 1))
        assert (one["standing"], one["why"], one["rule"]) == ("stopped", ["no-decision"], "contacts 2025-01-01")


async def test_without_an_archive_nothing_that_is_to_be_archived_goes(tmp_path: Path) -> None:
    async with ByPlan(data_dir=planned(tmp_path)) as town:
        answer = await town.get("/retention/preview", role="registrar")
        assert answer.json()["archive_is_set"] is False
    async with ByPlan(data_dir=planned(tmp_path), archive_dir=tmp_path) as town:
        answer = await town.get("/retention/preview", role="registrar")
        assert answer.json()["archive_is_set"] is True


async def test_a_party_stays_as_long_as_a_contact_that_is_kept_names_it(town: ByPlan) -> None:
    contact = await town.answered(company={"organisation_number": "556016-0680", "name": "Glasverkstaden AB"})
    named = await town.due("parties", LATER)
    assert {one["subject_id"] for one in named} == {contact["party_id"], contact["speaker_id"]}
    assert [(one["standing"], one["why"]) for one in named] == [("stopped", ["in-use"])] * 2
    disposed = await town.post(f"/contacts/{contact['contact_id']}/disposal", DECISION, role="registrar")
    assert disposed.status_code == 200
    assert [one["standing"] for one in await town.due("parties", LATER)] == ["goes", "goes"]
    assert await town.due("contacts", LATER) == []
    await town.post(f"/parties/{contact['party_id']}/holds", {"reason": "Tvist."}, role="manager")
    assert [one["why"] for one in await town.due("parties", LATER)] == [["hold"], ["hold"]]


async def test_what_is_trivial_goes_sooner(town: ByPlan) -> None:
    call = {"channel": "phone", "wish": "Fel nummer.", "trivial": "wrong-number"}
    contact = (await town.post("/contacts", call)).json()
    [one] = await town.due("contacts", date(2027, 2, 25))
    assert (one["subject_id"], one["kind"], one["takes_on"]) == (
        contact["contact_id"],
        "contacts.trivial",
        "2027-02-25",
    )


async def test_a_preview_is_never_of_a_day_that_has_been(town: ByPlan) -> None:
    shown = await town.get("/retention/preview", role="registrar", on="2020-01-01")
    assert shown.json()["on"] == shown.json()["today"] == "2026-11-24"


async def test_who_may_see_it_and_whose_it_is(town: ByPlan) -> None:
    for path in ("/retention/preview", "/retention/preview/contacts", "/retention/runs", "/retention/runs/x/taken"):
        for role in ("receptionist", "coordinator", "officer", "publisher", "public"):
            assert (await town.get(path, role=role)).status_code == 403
    assert (await town.get("/retention/preview/wishes", role="registrar")).status_code == 422
    assert (await town.get("/retention/runs/1460-g-2026-11-24/taken", role="registrar")).status_code == 404
    await town.answered()
    async with AtDoors("1438") as other:
        other.database.rows.update(town.database.rows)
        assert (await other.get("/retention/preview/contacts", role="registrar", on=str(LATER))).json()["items"] == []
