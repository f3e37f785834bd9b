"""The public register: anybody may read it, and it shows nothing secret and no private person."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.model.contact import Arrival
from services.intake.model.secrecy import Field
from services.intake.rules.arrival_day import WorkingDays
from services.intake.rules.registration import taken_down
from services.intake.rules.secrecy import SecrecyRules
from services.intake.store.datafiles import read_secrecy_rules
from tests.intake.at_doors import AtDoors
from tests.intake.settled import AT
from tests.intake.test_masking import digits_of, personal_numbers, written

GLASS = {"organisation_number": "556016-0680", "name": "Glass AB"}
SOLE_TRADER = {"organisation_number": "900101-0017", "name": "Annas Glass"}
ANNA = {"name": "Anna Glas", "phone": "070-123 45 67", "e_mail": "anna@glas.example"}
CALL: dict[str, Any] = {"channel": "phone", "wish": "Får vi ha uteservering?", "case_types": ["markuppl"]}


async def registered(doors: AtDoors, **members: Any) -> dict[str, Any]:
    answer = await doors.post("/contacts", {**CALL, **members})
    assert answer.status_code == 201, answer.text
    contact: dict[str, Any] = answer.json()
    return contact


async def entries(doors: AtDoors, path: str = "/register") -> list[dict[str, Any]]:
    """What somebody without a token reads."""
    listed: list[dict[str, Any]] = (await doors.get(path, role=None, limit=100)).json()["items"]
    return listed


async def test_an_entry_tells_what_the_law_asks_for_to_anybody() -> None:
    async with AtDoors() as doors:
        await registered(doors, company=GLASS, person=ANNA, summary="Uteservering på torget")
        [entry] = await entries(doors)
        assert entry == {
            "number": "K 2026/000001",
            "arrived_on": "2026-11-24",
            "registered_on": "2026-11-24",
            "channel": "phone",
            "case_types": ["markuppl"],
            "departments": entry["departments"],
            "sender": "Glass AB",
            "summary": "Uteservering på torget",
            "withheld": [],
        }
        assert len(entry["departments"]) == 1
        assert (await doors.get("/register/2026/1", role=None)).json() == entry
        assert await entries(doors, "/register/2026") == [entry]


@pytest.mark.parametrize(
    "who",
    [{"company": SOLE_TRADER}, {"company": {"name": "Annas Glass"}}, {"person": ANNA}, {}],
    ids=["a sole trader", "a company of which nobody knows the number", "a person", "nobody"],
)
async def test_who_may_be_a_private_person_is_not_named(who: dict[str, Any]) -> None:
    async with AtDoors() as doors:
        await registered(doors, **who, summary="Annas Glass vill ha uteservering")
        [entry] = await entries(doors)
        assert entry["sender"] == "enskild"
        assert ("Annas" in entry["summary"]) is ("company" not in who)


async def test_the_register_is_read_in_pieces_by_day_and_by_number_and_each_is_there_once() -> None:
    async with AtDoors() as doors:
        for days_ago in (0, 3, 1, 0, 2):
            moment = doors.clock.now() - timedelta(days=days_ago)
            await registered(doors, received_at=moment.isoformat())
        by_day, by_number = [[one async for one in pieces(doors, path)] for path in ("/register", "/register/2026")]
        days = [(one["arrived_on"], one["number"]) for one in by_day]
        assert days == sorted(days, reverse=True)
        assert [one["number"] for one in by_number] == [f"K 2026/{n:06d}" for n in range(1, 6)]
        assert sorted(days) == sorted((one["arrived_on"], one["number"]) for one in by_number)


async def pieces(doors: AtDoors, path: str) -> Any:
    cursor: dict[str, str] = {}
    while True:
        piece = (await doors.get(path, role=None, limit=2, **cursor)).json()
        for one in piece["items"]:
            yield one
        if piece["next"] is None:
            return
        cursor = {"cursor": piece["next"]}


async def test_a_year_that_has_none_and_another_town_are_empty_and_an_unknown_number_is_404() -> None:
    async with AtDoors() as doors:
        await registered(doors)
        assert await entries(doors, "/register/2025") == []
        assert (await doors.get("/register/2026/2", role=None)).status_code == 404
    async with AtDoors("1438") as doors:
        assert await entries(doors) == []


async def test_what_is_about_establishing_is_secret_but_for_what_the_law_asks_for() -> None:
    async with AtDoors() as doors:
        await registered(doors, case_types=["mark_lokal"], company=GLASS, summary="Söker tomt för bageri")
        [entry] = await entries(doors)
        assert (entry["sender"], entry["summary"], entry["withheld"]) == (None, None, ["sender", "summary"])


async def test_one_secret_type_among_others_makes_the_field_secret() -> None:
    async with AtDoors() as doors:
        await registered(doors, case_types=["bygglov", "mark_lokal"], company=GLASS, summary="Söker tomt")
        [entry] = await entries(doors)
        assert entry["withheld"] == ["sender", "summary"]


async def test_a_case_type_that_is_not_in_the_catalogue_is_anybodys_text() -> None:
    async with AtDoors() as doors:
        await registered(doors, case_types=["900101-0017", "Anna.Glas"])
        [entry] = await entries(doors)
        assert entry["case_types"] == ["ovrigt"]


async def test_a_person_raises_and_lowers_a_class_with_paragraph_and_reason_and_all_of_it_stays() -> None:
    async with AtDoors() as doors:
        contact_id = (await registered(doors, company=GLASS, summary="Nytt recept"))["contact_id"]
        raised = {"field": "summary", "secrecy": "secret", "paragraph": "OSL 31:16", "why": "Affärshemlighet."}
        lowered = {**raised, "secrecy": "public", "paragraph": "OSL 12:2", "why": "Företaget medger det."}
        door = f"/contacts/{contact_id}/secrecy"
        assert (await doors.post(door, raised, role="receptionist")).status_code == 403
        assert (await doors.post(door, {**raised, "field": "shoe_size"}, role="registrar")).status_code == 422
        seen = []
        for found in (raised, lowered):
            assert (await doors.post(door, found, role="registrar")).status_code == 200
            seen.append((await entries(doors))[0]["summary"])
        assert seen == [None, "Nytt recept"]
        kept = (await doors.get(door, role="registrar")).json()["items"]
        assert [{name: one[name] for name in raised} for one in kept] == [raised, lowered]
        assert {one["by"] for one in kept} == {"the-registrar"}


async def test_the_summary_can_be_written_later_and_is_not_the_wish() -> None:
    async with AtDoors() as doors:
        contact_id = (await registered(doors))["contact_id"]
        assert (await entries(doors))[0]["summary"] is None
        await doors.put(f"/contacts/{contact_id}/summary", {"summary": "Uteservering"})
        assert (await entries(doors))[0]["summary"] == "Uteservering"
        assert (await doors.put("/contacts/1460-c-nobody/summary", {"summary": "?"})).status_code == 404
        assert (await doors.get("/contacts/1460-c-nobody/secrecy", role="registrar")).status_code == 404


async def test_a_trivial_contact_is_not_in_the_register_but_has_its_number_and_is_counted() -> None:
    async with AtDoors() as doors:
        trivial = await registered(doors, case_types=[], trivial="opening-hours")
        await registered(doors)
        assert (trivial["number"], trivial["state"]) == ("K 2026/000001", "answered")
        assert [one["number"] for one in await entries(doors)] == ["K 2026/000002"]
        assert [one["number"] for one in await entries(doors, "/register/2026")] == ["K 2026/000002"]
        assert (await doors.get("/register/2026/1", role=None)).status_code == 404
        counts = (await doors.get("/register/2026/counts", role=None)).json()
        assert counts == {"year": 2026, "given": 2, "exempt": 1}
        assert (await doors.get("/register/2025/counts", role=None)).json()["given"] == 0
        assert sum(one["answered"] for one in await doors.kept("tallies")) == 0  # it is no answer at first contact
        said = [json.loads(bytes(one["b"])) for one in await doors.kept("outbox")]
        assert {one["number"]: one.get("at_reception") for one in said} == {
            "K 2026/000001": True,  # so that nobody opens a matter for it
            "K 2026/000002": None,
        }


@pytest.mark.parametrize(
    "members",
    [
        {"trivial": "boring", "case_types": []},
        {"trivial": "opening-hours"},
        {"trivial": "opening-hours", "case_types": [], "promised": {"at": "2026-11-25T10:00:00Z", "by": "Bo"}},
    ],
    ids=["no such rule", "with a case type", "with a promise"],
)
async def test_what_no_rule_exempts_or_what_is_about_a_matter_is_not_trivial(members: dict[str, Any]) -> None:
    async with AtDoors() as doors:
        refused = await doors.post("/contacts", {**CALL, **members})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/trivial")
        assert await entries(doors) == []


def test_each_field_has_a_rule_for_all_types_with_its_paragraph_and_source() -> None:
    rules = read_secrecy_rules().all_in_force("1460", date(2026, 11, 24))
    assert {f"{field} *" for field in Field} <= rules.keys()
    assert all(rule.paragraph and rule.source and rule.sureness for rule in rules.values())


async def test_what_no_rule_speaks_of_is_secret() -> None:
    contact = taken_down(Arrival("1460", "k", "anna", "phone", "Hej", AT), None, None, "K", WorkingDays(bool), AT)
    verdict = SecrecyRules(()).verdict(contact, Field.WISH, AT.date())
    assert (verdict.is_secret, verdict.decided_by) == (True, "rule")


@dataclass(frozen=True)
class Secrets:
    """What must not be read by everybody: of one private person."""

    number: str
    as_written: str
    name: str
    phone: str
    e_mail: str

    def hidden(self, text: str) -> str:
        """A text in which all of it stands."""
        return f"{text} {self.name}, {self.as_written} ({self.phone}) {self.e_mail} {text}"


LETTERS = "bcdfgqxzåäö"
NAMES = st.text(LETTERS, min_size=4, max_size=9).map(str.title)


@st.composite
def secrets(draw: st.DrawFn) -> Secrets:
    number = draw(personal_numbers())
    first, last = draw(NAMES), draw(NAMES)
    subscriber = draw(st.integers(1_000_000, 9_999_999))
    phone = draw(st.sampled_from(["070-{}", "+4670{}", "0046 70 {}", "070{}"])).format(subscriber)
    return Secrets(number, draw(written(number)), f"{first} {last}", phone, f"{first}.{last}@{last}.example".lower())


COMPANIES = st.sampled_from([None, "556016-0680", "sole trader", "no number"])
TYPES = st.lists(st.sampled_from(["serv_stad", "mark_lokal", "upphandling_fraga", "ovrigt", "number"]), max_size=3)
TEXT = st.sampled_from(["Uteservering", "", "45 platser", "2026-06-01"])


@given(secrets(), COMPANIES, TYPES, TEXT)
@settings(max_examples=60, deadline=None)
def test_no_personal_number_name_phone_or_address_is_read_by_everybody_wherever_it_was_hidden(
    secret: Secrets, company: str | None, types: list[str], text: str
) -> None:
    asyncio.run(_nothing_is_read(secret, company, types, text))


async def _nothing_is_read(secret: Secrets, company: str | None, types: list[str], text: str) -> None:
    hidden = secret.hidden(text)
    asked: dict[str, Any] = {
        "channel": "phone",
        "wish": hidden,
        "summary": hidden[:200],
        "case_types": [f"{secret.number[:6]}-{secret.number[6:]}" if one == "number" else one for one in types],
        "person": {"name": secret.name, "role": hidden[:200], "phone": secret.phone, "e_mail": secret.e_mail},
        "place": {"property": hidden[:200], "address": hidden},
        "season": hidden[:100],
        "promised": {"at": "2026-11-25T10:00:00Z", "by": hidden[:300]},
        "company": _company(company, secret, text),
    }
    async with AtDoors() as doors:
        contact = await registered(doors, **asked)
        answers = [await doors.get(path, role=None) for path in ("/register", "/register/2026", "/register/2026/1")]
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        for read in (told for answer in answers for told in _texts(answer.json())):
            assert secret.number not in digits_of(read)
            assert digits_of(secret.phone)[-7:] not in digits_of(read)
            assert not [part for part in (*secret.name.split(), secret.e_mail) if part.casefold() in read.casefold()]
        _nothing_secret(answers[2].json(), contact["case_types"])


def _company(company: str | None, secret: Secrets, text: str) -> dict[str, str] | None:
    """A sole trader has the person's number and name; a legal person's name may hold anything but the name."""
    if company is None:
        return None
    if company == "556016-0680":
        return {"organisation_number": company, "name": f"{text} AB {secret.as_written} {secret.phone} {secret.e_mail}"}
    if company == "sole trader":
        return {"organisation_number": secret.number, "name": secret.hidden(text)[:300]}
    return {"name": secret.hidden(text)[:300]}


def _nothing_secret(entry: dict[str, Any], case_types: list[str]) -> None:
    """What is secret by the tables of the law, as they were read by hand."""
    if "mark_lokal" in case_types:
        assert (entry["sender"], entry["summary"]) == (None, None)
    if "upphandling_fraga" in case_types:
        assert entry["sender"] is None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        yield from _texts(one)
