"""Every read of personal data is written down with who and why, before the answer goes out."""

from typing import Any

import httpx
import pytest

from shared.platform.errors import TryAgain
from tests.intake.asking import WORDS, Asked
from tests.intake.at_doors import AtDoors
from tests.intake.settled import opened
from tests.intake.test_grants import LATER, SIGNER, told
from tests.intake.test_who_may import both
from tests.intake.two_towns import TwoTowns, filled
from tests.intake.who_may import ANYBODY, DOORS, NOT_PERSONAL, PERSONAL, Door

__all__ = ["both"]

A = next(iter(WORDS))
REGISTRAR = frozenset({"registrar"})
ANNA = {"channel": "phone", "wish": "Ring Anna.", "person": {"name": "Anna Glas", "phone": "0531-1"}}


@pytest.fixture
def towns() -> TwoTowns:
    towns = filled()
    towns.afresh()
    return towns


async def knock(towns: TwoTowns, door: Door, role: str) -> httpx.Response:
    here = towns.towns[A]
    return await towns.knock(Asked(door, here, here), frozenset({role}), frozenset({A}), "anna")


async def written(towns: TwoTowns) -> list[dict[str, Any]]:
    before = {row["_id"] for row in towns.before("reads")}
    return [row for row in await opened(towns.database, "reads") if row["_id"] not in before]


@pytest.mark.parametrize("door", sorted(PERSONAL), ids=" ".join)
async def test_one_row_says_who_read_what_by_which_role(towns: TwoTowns, door: Door) -> None:
    for role in sorted(DOORS[door]):
        towns.afresh()
        answer = await knock(towns, door, role)
        assert answer.status_code < 300, answer.text
        [row] = await written(towns)
        assert (row["municipality"], row["by"], row["roles"]) == (A, "anna", [role])
        assert set(row["subjects"]) >= {towns.towns[A].ids[name] for name in PERSONAL[door]}
        assert WORDS[A] not in str(row)


@pytest.mark.parametrize("door", [door for door in DOORS if DOORS[door] != ANYBODY], ids=" ".join)
async def test_no_other_door_gives_out_a_word(towns: TwoTowns, door: Door) -> None:
    for role in sorted(DOORS[door]):
        towns.afresh()
        answer = await knock(towns, door, role)
        assert door in (*PERSONAL, *NOT_PERSONAL) or WORDS[A].encode() not in answer.content


@pytest.mark.parametrize("door", sorted(PERSONAL), ids=" ".join)
async def test_without_a_row_there_is_no_answer(towns: TwoTowns, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: Any, **__: Any) -> None:
        raise TryAgain("the database is away")

    monkeypatch.setattr(towns.database, "change", away)
    answer = await knock(towns, door, sorted(DOORS[door])[-1])
    assert answer.status_code == 503
    assert not towns.towns[A].told_in(answer)


async def test_nothing_found_and_nothing_there_is_no_read(towns: TwoTowns) -> None:
    here = towns.towns[A]
    await towns.knock(Asked(("GET", "/contacts/{contact_id}"), here, towns.towns["1439"]), REGISTRAR, frozenset({A}))
    async with AtDoors() as doors:
        assert (await doors.post("/companies/search", {"q": "ingen"})).json() == {"items": []}
        assert await doors.kept("reads") == []
    assert await written(towns) == []


async def test_an_officers_read_names_the_matter_of_the_grant(towns: TwoTowns) -> None:
    here, door = towns.towns[A], ("GET", "/contacts/{contact_id}")
    shown = {"Grant": SIGNER.sign(told(), LATER)}
    await towns.knock(Asked(door, here, here), frozenset({"officer"}), frozenset({A}), "lind", shown)
    [row] = await written(towns)
    assert (row["by"], row["why"], row["matter_id"]) == ("lind", "grant", f"{A}-m-1")


async def test_the_log_says_why_and_is_read_in_pieces_and_by_whom_it_is_about() -> None:
    async with AtDoors() as doors:
        anna = (await doors.post("/contacts", ANNA)).json()
        other = (await doors.post("/contacts", {**ANNA, "wish": "Ring Bo.", "person": {"name": "Bo"}})).json()
        contact, party = anna["contact_id"], anna["party_id"]
        await doors.get(f"/contacts/{contact}")
        await doors.get(f"/contacts/{other['contact_id']}", role="registrar")
        await doors.post("/companies/search", {"q": "anna glas"})
        await doors.get("/register/2026/1/export", role="registrar")
        await doors.get("/contacts")
        exported = (await doors.get(f"/parties/{party}/export", role="manager")).json()
        told = (await doors.get("/reads", role="manager", of=party, limit=3)).json()
        rest = (await doors.get("/reads", role="manager", of=party, limit=3, cursor=told["next"])).json()
        listed = told["items"] + rest["items"]
        assert {(one["by"], one["door"], one["why"]) for one in listed} == {
            ("the-receptionist", "read-contact", "reception"),
            ("the-receptionist", "find-company", "search"),
            ("the-receptionist", "list-contacts", "reception"),
            ("the-registrar", "give-out-record", "disclosure"),
            ("the-manager", "export-party", "export"),
        }
        before = [one for one in listed if one["why"] != "export"]
        assert sorted(exported["reads"], key=str) == sorted(before, key=str)
        everything = (await doors.get("/reads", role="registrar")).json()["items"]
        assert [one["why"] for one in everything if one["subjects"] == [other["contact_id"]]] == ["registry"]
        of_contact = (await doors.get("/reads", role="registrar", of=contact)).json()["items"]
        assert {one["why"] for one in of_contact} == {"reception", "disclosure", "export"}


async def test_the_same_call_again_is_another_read() -> None:
    async with AtDoors() as doors:
        contact_id = (await doors.post("/contacts", ANNA)).json()["contact_id"]
        for _ in range(2):
            await doors.post(f"/contacts/{contact_id}/answer", {"case_type": "serv_tillf"}, key="k")
        assert [row["door"] for row in await doors.kept("reads")] == ["answer-contact"] * 2
