"""Suggestions at the doors: shown in the same call, kept with a person's choice beside, and held against it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.intake.app import create_app
from services.intake.model.contact import Contact, ContactState
from services.intake.model.suggestion import Suggestion
from services.intake.rules.classification import classified
from services.intake.settings import Settings
from services.intake.store.datafiles import read_case_types, read_suggesters
from shared.contracts.refusal import Refused
from shared.platform.clock import FixedClock, SystemClock
from shared.platform.memory import MemoryDatabase
from shared.platform.settings import PlatformSettings
from shared.platform.token import make_key, make_token
from tests.intake.settled import AT, PUBLISHERS, Intake, contact, record

SIGN = {"channel": "phone", "wish": "Vi vill ha en ny skylt över dörren."}
(SKYLT,) = read_suggesters(read_case_types()).suggest("1460", SIGN["wish"], AT.date()).types
SUGGESTED = {
    "rules": "2026-11-24 + 2026-11-24",
    "understood": True,
    "types": [
        {
            "case_type": "skylt",
            "sv": "Skyltar",
            "en": "Signs",
            "strength": SKYLT.strength,
            "words": [{"text": "skylt", "start": 17, "end": 22}],
        }
    ],
}


@pytest.fixture
async def reception(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    key, clock = tmp_path / "jwt.pem", FixedClock(AT)
    make_key(key)
    platform = PlatformSettings(environment="development", jwt_key_file=key, publishers=PUBLISHERS)
    app = create_app(Settings(platform=platform), MemoryDatabase(), clock, clock)
    token = make_token(key, "kommunkontakt", "anna", ["receptionist"], ["1460"], timedelta(hours=1), SystemClock())
    headers = {"Authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://intake/intake/v1", headers=headers) as client:
        yield client


async def registered(reception: httpx.AsyncClient, **members: Any) -> dict[str, Any]:
    answer = await reception.post("/1460/contacts", json={**SIGN, **members})
    assert answer.status_code == 201
    shown: dict[str, Any] = answer.json()
    return shown


async def chosen(reception: httpx.AsyncClient, of: dict[str, Any], *case_types: str) -> httpx.Response:
    return await reception.post(f"/1460/contacts/{of['contact_id']}/case-types", json={"case_types": case_types})


async def reported(reception: httpx.AsyncClient) -> dict[str, tuple[int, int, int]]:
    rows = (await reception.get("/1460/reports/suggestions")).json()["items"]
    return {row["case_type"]: (row["suggested"], row["chosen"], row["both"]) for row in rows}


async def test_the_call_is_answered_with_what_the_wish_seems_to_need(reception: httpx.AsyncClient) -> None:
    contact = await registered(reception)
    assert contact["suggestion"] == SUGGESTED
    assert (contact["case_types"], contact["chosen_by"]) == (["ovrigt"], None)
    assert (await reception.get(f"/1460/contacts/{contact['contact_id']}")).json()["suggestion"] == SUGGESTED


async def test_a_wish_can_be_asked_about_without_a_contact(reception: httpx.AsyncClient) -> None:
    assert (await reception.post("/1460/suggestions", json={"wish": SIGN["wish"]})).json() == SUGGESTED
    nothing = (await reception.post("/1460/suggestions", json={"wish": "Hallå?"})).json()
    assert (nothing["understood"], nothing["types"]) == (False, [])
    assert (await reception.get("/1460/contacts")).json()["items"] == []


async def test_a_choice_is_kept_beside_the_suggestion(reception: httpx.AsyncClient) -> None:
    contact = await registered(reception)
    answer = (await chosen(reception, contact, "bygglov", "skylt", "bygglov")).json()
    assert (answer["case_types"], answer["chosen_by"]) == (["bygglov", "skylt"], "anna")
    assert answer["suggestion"] == SUGGESTED


async def test_a_case_type_that_is_none_is_refused_with_its_place(reception: httpx.AsyncClient) -> None:
    refused = await chosen(reception, await registered(reception), "skylt", "drakar")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/case_types/1")
    elsewhere = await reception.post("/1460/contacts/1460-c-x/case-types", json={"case_types": ["skylt"]})
    assert elsewhere.status_code == 404


async def test_suggestions_are_held_against_the_last_choice(reception: httpx.AsyncClient) -> None:
    contact = await registered(reception)
    assert await reported(reception) == {}
    await chosen(reception, contact, "bygglov")
    assert await reported(reception) == {"skylt": (1, 0, 0), "bygglov": (0, 1, 0)}
    await chosen(reception, contact, "skylt")
    assert await reported(reception) == {"skylt": (1, 1, 1)}
    await registered(reception, case_types=["parkering"])
    assert await reported(reception) == {"skylt": (2, 1, 1), "parkering": (0, 1, 0)}


async def test_the_report_comes_as_csv_too(reception: httpx.AsyncClient) -> None:
    await registered(reception, case_types=["skylt", "bygglov"])
    report = await reception.get("/1460/reports/suggestions", params={"format": "csv", "first": "2026-W48"})
    assert report.headers["content-type"] == "text/csv; charset=utf-8"
    assert report.text.splitlines() == [
        "week,case_type,suggested,chosen,both,precision,recall",
        "2026-W48,bygglov,0,1,0,,0.0",
        "2026-W48,skylt,1,1,1,1.0,1.0",
    ]
    later = await reception.get("/1460/reports/suggestions", params={"first": "2026-W49", "last": "2027-W01"})
    assert later.json() == {"items": []}


async def test_a_contact_from_another_system_keeps_its_suggestion_too() -> None:
    intake = Intake()
    await intake.hear(record(contact(wish="Ny skylt"), "1"), record(contact(wish="Hallå?"), "2", 1))
    kept = {one["wish"]: one["suggestion"] for one in await intake.kept("contacts")}
    assert [one["case_type"] for one in kept["Ny skylt"]["types"]] == ["skylt"]
    assert kept["Hallå?"] == {"rules": "2026-11-24 + 2026-11-24", "types": []}


async def test_a_choice_is_said_without_the_wish() -> None:
    intake = Intake()
    await intake.hear(record(contact(wish="Ny skylt"), "1"))
    (one,) = await intake.kept("contacts")
    assert await intake.said("contact-classified") == []
    assert "Ny skylt" not in str(await intake.said("contact-registered"))
    assert one["suggestion"]["types"][0]["words"] == [{"text": "skylt", "start": 3, "end": 8}]


def test_a_contact_that_has_left_the_reception_is_handed_over_anew_instead() -> None:
    taken = Contact(
        "1460", "1460-c-1", None, "phone", ("skylt",), "sv", "?", AT, AT, "anna", AT.date(), state=ContactState.TAKEN,
        suggestion=Suggestion("1"),
    )  # fmt: skip
    with pytest.raises(Refused, match="has left the reception"):
        classified(taken, ["bygglov"], "anna", AT)
