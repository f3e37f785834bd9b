"""The search box: a company is found by whatever the caller says of it, and the best hit comes first."""

from typing import Any

import pytest

from services.intake.model.party import Party
from services.intake.rules.finding import Mark, Sought, findable, marks_of, phone_number, words_of
from tests.intake.at_doors import AtDoors

NUMBER = "556016-0680"


def company(name: str, number: str | None = None, /, **person: str) -> dict[str, Any]:
    named = {"name": name, **({"organisation_number": number} if number else {})}
    return {"channel": "phone", "wish": "Hej", "company": named, **({"person": person} if person else {})}


async def search(doors: AtDoors, q: str) -> list[dict[str, Any]]:
    answer = await doors.post("/companies/search", {"q": q})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def names(doors: AtDoors, q: str) -> list[str]:
    return [one["name"] for one in await search(doors, q)]


async def filled(doors: AtDoors) -> None:
    asas = company("Åsas Café & Bar AB", NUMBER, name="Åsa Öberg", phone="0531-123 45", e_mail="Asa@Cafe.example")
    for one in (
        asas,
        company("Öbergs Bygg AB", "556703-7485", name="Karl-Johan Nyström", role="VD"),
        company("Café Andersson HB", name="Zoé Andersson"),
        {"channel": "phone", "wish": "Hej", "person": {"name": "Anders Andersson", "phone": "+46 70 123 45 67"}},
    ):
        assert (await doors.post("/contacts", one)).status_code == 201


@pytest.mark.parametrize(
    ("q", "first"),
    [
        ("556016-0680", "Åsas Café & Bar AB"),
        (" 16 556016 0680 ", "Åsas Café & Bar AB"),
        ("asa", "Åsas Café & Bar AB"),
        ("ÅSAS", "Åsas Café & Bar AB"),
        ("cafe bar", "Åsas Café & Bar AB"),
        ("bar caf", "Åsas Café & Bar AB"),
        ("053112345", "Åsas Café & Bar AB"),
        ("+46 531 123 45", "Åsas Café & Bar AB"),
        ("asa@cafe.example", "Åsas Café & Bar AB"),
        ("nystrom", "Öbergs Bygg AB"),
        ("johan", "Öbergs Bygg AB"),
        ("karl nystr", "Öbergs Bygg AB"),
        ("zoe", "Café Andersson HB"),
        ("070-123 45 67", "Anders Andersson"),
        ("anders a", "Anders Andersson"),
        ("andersson cafe", "Café Andersson HB"),
        ("oberg bygg karl", "Öbergs Bygg AB"),
    ],
)
async def test_a_company_is_found_by_whatever_is_said_of_it(q: str, first: str) -> None:
    async with AtDoors() as doors:
        await filled(doors)
        assert (await names(doors, q))[0] == first


@pytest.mark.parametrize("q", ["xyz", "556016-0681", "070-999 99 99", "nobody@nowhere.example", "%%", "sas", "12"])
async def test_what_nobody_has_finds_nobody(q: str) -> None:
    async with AtDoors() as doors:
        await filled(doors)
        assert await search(doors, q) == []


async def test_a_hit_shows_who_speaks_for_the_company_and_what_waits() -> None:
    async with AtDoors() as doors:
        await filled(doors)
        for person in ({"name": "Åsa Öberg", "e_mail": "asa@cafe.example"}, {"name": "Bo Ek"}):
            await doors.post("/contacts", company("Åsas Café & Bar AB", NUMBER, **person))
        [hit] = await search(doors, "asas bo")
        assert hit["organisation_number"] == "5560160680"
        assert [person["name"] for person in hit["persons"]] == ["Bo Ek", "Åsa Öberg"]
        assert hit["open_contacts"] == 3


async def test_the_order_is_all_words_then_whole_words_then_a_companys_own_then_the_latest() -> None:
    async with AtDoors() as doors:
        for one in (
            company("Linden Bygg AB"),
            company("Tak i Lind AB"),
            company("Norra Skogen AB", name="Eva Lind"),
            company("Lindens Tak AB"),
        ):
            await doors.post("/contacts", one)
        assert (await names(doors, "lind"))[:2] == ["Tak i Lind AB", "Norra Skogen AB"]
        assert (await names(doors, "lind tak"))[:2] == ["Tak i Lind AB", "Lindens Tak AB"]
        assert len(await names(doors, "lind")) == 4


async def test_at_most_ten_are_shown() -> None:
    async with AtDoors() as doors:
        for number in range(14):
            await doors.post("/contacts", company(f"Bageri {number:02d} AB"))
        assert len(await names(doors, "bageri")) == 10


async def test_who_was_erased_is_not_found_and_leaves_no_print() -> None:
    async with AtDoors() as doors:
        await filled(doors)
        [hit] = await search(doors, "556016-0680")
        decision = {"decided_by": "KS", "decided_on": "2026-11-20", "reference": "KS 2026/12", "paragraph": "AL 10 §"}
        asked = {"ground": "objection", "decision": decision}
        answer = await doors.post(f"/parties/{hit['party_id']}/erasure", asked, role="manager")
        assert answer.status_code == 200, answer.text
        assert await search(doors, "556016-0680") == []
        [kept] = [one for one in await doors.kept("parties") if one["_id"] == hit["party_id"]]
        assert kept["prints"] == []


async def test_another_municipality_finds_nothing_of_ours() -> None:
    async with AtDoors() as ours, AtDoors("1438") as theirs:
        theirs.database.rows = ours.database.rows
        await filled(ours)
        assert await search(theirs, "andersson") == []


async def test_an_officer_does_not_search() -> None:
    async with AtDoors() as doors:
        assert (await doors.post("/companies/search", {"q": "lind"}, role="officer")).status_code == 403


async def test_nothing_that_is_found_by_can_be_read_in_the_database() -> None:
    async with AtDoors() as doors:
        await filled(doors)
        text = repr(await doors.kept("parties")).casefold()
        assert not [word for word in ("åsa", "asas", "andersson", "nystr", "5560160680", "12345") if word in text]


def test_words_are_compared_without_marks() -> None:
    assert words_of("Åsas Café-Bar, ØRSTED & Æblet") == ("asas", "cafe", "bar", "orsted", "aeblet")
    assert words_of(None) == words_of(" -&. ") == ()


def test_a_phone_number_is_the_same_however_it_is_written() -> None:
    written = ["0531-123 45", "+4653112345", "0046 531 12345", "(0531) 123 45"]
    assert {phone_number(one) for one in written} == {"+4653112345"}
    assert phone_number("växel 4-5") == "45"


def test_marks_and_prints_follow_what_is_known() -> None:
    party = Party("1460", "1460-p-1", "company", name="Kim", company_name="Ek AB")
    expected = {Mark("word", "ek"), Mark("start", "ek"), Mark("word", "ab"), Mark("start", "ab")}
    assert set(marks_of(party)) == expected
    assert len(findable(party, lambda purpose, text: f"{text}{purpose}000000").prints) == len(expected)


def test_an_empty_question_looks_for_nothing() -> None:
    assert Sought.of("--").leads() == []
    assert not Sought.of("--").answered_by([]).whole
