"""The public form: opened, filled in, sent once, and followed up."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.intake.app import create_app
from services.intake.pages import site
from services.intake.settings import Settings
from shared.platform.clock import FixedClock
from shared.platform.errors import TryAgain, WrongSetting
from shared.platform.memory import MemoryDatabase
from tests.intake.page import Page
from tests.intake.settled import AT, opened
from tests.intake.visitor import BROWSER, FORM, READ, TOWN, Visitor, code_on, number_on

FILLED = {
    "wish": "Vi vill öppna ett kafé.",
    "case_type": "livsmedel_reg",
    "company_name": "Kafé Torget AB",
    "organisation_number": "556016-0680",
    "name": "Anna Glas",
    "phone": "0531-123 45",
    "e_mail": "anna@glas.example",
    "place": "Storgatan 1",
    "opening_on": "2027-06-01",
    "answer_language": "en",
    "interpreter": "ar",
    "survey_consent": "yes",
}


async def test_all_that_was_typed_becomes_a_contact(visitor: Visitor) -> None:
    receipt = await visitor.receipt(await visitor.send(await visitor.open(), **FILLED))
    [contact] = await opened(visitor.database, "contacts")
    assert number_on(receipt) == contact["number"] == "K 2026/000001"
    told = {name: contact[name] for name in ("wish", "channel", "case_types", "language", "interpreter", "opening_on")}
    assert told == {
        "wish": "Vi vill öppna ett kafé.",
        "channel": "web",
        "case_types": ["livsmedel_reg"],
        "language": "en",
        "interpreter": "ar",
        "opening_on": "2027-06-01",
    }
    assert (contact["place"]["address"], contact["survey_consent"]) == ("Storgatan 1", True)
    assert (contact["state"], contact["registered_by"]) == ("handed-over", "form")
    parties = {party["kind"]: party for party in await opened(visitor.database, "parties")}
    assert parties["company"]["organisation_number"] == "5560160680"
    assert (parties["person"]["name"], parties["person"]["e_mail"]) == ("Anna Glas", "anna@glas.example")


async def test_a_wish_alone_is_enough_and_nobody_need_say_who_they_are(visitor: Visitor) -> None:
    page = await visitor.open()
    assert "Du får vara anonym" in page.words
    await visitor.receipt(await visitor.send(page, wish="Får man ha höns?"))
    [contact] = await opened(visitor.database, "contacts")
    assert (contact["party_id"], contact["case_types"], contact["language"]) == (None, ["ovrigt"], "sv")
    assert await visitor.database.find("parties", {}) == []


async def test_a_form_without_files_may_be_url_encoded(visitor: Visitor) -> None:
    page = await visitor.open()
    await visitor.receipt(await visitor.client.post(FORM, data={**page.values, "wish": "Ett & två = tre + å"}))
    [contact] = await opened(visitor.database, "contacts")
    assert contact["wish"] == "Ett & två = tre + å"


async def test_the_same_form_sent_twice_is_one_contact_and_one_receipt(visitor: Visitor) -> None:
    page = await visitor.open()
    once, twice = [await visitor.send(page, **FILLED) for _ in range(2)]
    assert once.headers["location"] == twice.headers["location"]
    assert code_on(await visitor.receipt(once)) == code_on(await visitor.receipt(twice))
    assert len(await visitor.database.find("contacts", {})) == 1


async def test_a_form_that_was_changed_after_it_was_sent_is_asked_about_and_loses_nothing(visitor: Visitor) -> None:
    page = await visitor.open()
    await visitor.send(page, wish="Ett kafé.")
    asked = await visitor.send(page, wish="Ett kafé, och en bod.")
    again = Page.of(asked.text)
    assert asked.status_code == 422
    assert "redan skickat" in again.words
    assert again.values["wish"] == "Ett kafé, och en bod."
    assert len(await visitor.database.find("contacts", {})) == 1
    visitor.clock.advance(READ)
    assert number_on(await visitor.receipt(await visitor.send(again))) == "K 2026/000002"


WRONG = {
    "wish": ("  ", "Skriv vad du vill ha hjälp med"),
    "organisation_number": ("556016-0681", "Kontrollera organisationsnumret"),
    "phone": ("ring mig", "Kontrollera telefonnumret"),
    "e_mail": ("anna", "Kontrollera e-postadressen"),
    "opening_on": ("2027-02-30", "Skriv datumet som år-månad-dag"),
    "name": ("a" * 301, "högst 300 tecken"),
    "place": ("Torget\0", "tecken som inte går att spara"),
    "case_type": ("bygglov2", "Välj något i listan"),
    "interpreter": ("xx", "Välj något i listan"),
    "more": ("http://spam.example", "fältet som ska vara tomt"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_what_is_wrong_is_said_at_its_field_and_in_the_summary(visitor: Visitor, name: str) -> None:
    typed, told = WRONG[name]
    answer = await visitor.send(await visitor.open(), **{**FILLED, name: typed})
    page = Page.of(answer.text)
    assert answer.status_code == 422
    assert list(page.faults) == [name]
    assert told in page.faults[name]
    assert page.one("a", href=f"#{name}").text == page.faults[name]
    wrong = next(one for one in page.inputs if one.attributes.get("id") == name)
    assert wrong.attributes["aria-invalid"] == "true"
    assert f"{name}-error" in wrong.attributes["aria-describedby"].split()
    assert page.one("title").text.startswith("Fel: ")
    kept = {**FILLED, name: typed}
    assert {one: page.values[one] for one in kept if one not in ("case_type", "interpreter")} == {
        one: text for one, text in kept.items() if one not in ("case_type", "interpreter")
    }
    assert await visitor.database.find("contacts", {}) == []


async def test_a_person_who_put_it_right_gets_through(visitor: Visitor) -> None:
    page = Page.of((await visitor.send(await visitor.open(), more="av misstag", wish="Hej", e_mail="a")).text)
    assert page.all("div", class_="unseen") == []
    await visitor.receipt(await visitor.send(page, more="", e_mail="a@b.example"))


async def test_a_form_that_is_sent_at_once_is_asked_for_once_more(visitor: Visitor) -> None:
    page = Page.of((await visitor.client.get(FORM)).text)
    answer = await visitor.send(page, wish="Köp nu")
    assert answer.status_code == 422
    assert "ovanligt fort" in answer.text
    visitor.clock.advance(timedelta(seconds=5))
    await visitor.receipt(await visitor.send(Page.of(answer.text)))


@pytest.mark.parametrize("form_id", ["", "x" * 52, "of another town"])
async def test_an_id_that_is_not_ours_is_given_anew_with_all_that_was_typed(visitor: Visitor, form_id: str) -> None:
    page = await visitor.open()
    answer = await visitor.send(page, wish="Hej", form_id=form_id)
    again = Page.of(answer.text)
    assert answer.status_code == 422
    assert again.values["wish"] == "Hej"
    assert again.values["form_id"] not in (form_id, page.values["form_id"])
    visitor.clock.advance(READ)
    await visitor.receipt(await visitor.send(again))


async def test_a_page_that_lay_open_for_weeks_is_sent_with_one_more_press(visitor: Visitor) -> None:
    page = await visitor.open()
    visitor.clock.advance(timedelta(days=8))
    answer = await visitor.send(page, wish="Hej")
    assert "öppen länge" in answer.text
    visitor.clock.advance(READ)
    await visitor.receipt(await visitor.send(Page.of(answer.text)))
    assert len(await visitor.database.find("contacts", {})) == 1


async def test_an_old_page_that_was_sent_before_says_so(visitor: Visitor) -> None:
    page = await visitor.open()
    await visitor.send(page, wish="Hej")
    visitor.clock.advance(timedelta(days=8))
    assert "redan skickat" in (await visitor.send(page, wish="Hej")).text
    assert len(await visitor.database.find("contacts", {})) == 1


async def test_the_receipt_is_shown_for_an_hour(visitor: Visitor) -> None:
    sent = await visitor.send(await visitor.open(), wish="Hej")
    code = code_on(await visitor.receipt(sent))
    visitor.clock.advance(timedelta(hours=1, seconds=1))
    late = await visitor.client.get(f"http://intake{sent.headers['location']}")
    assert late.status_code == 404
    assert code not in late.text
    assert (await visitor.follow(code)).status_code == 200


async def test_the_code_is_long_and_kept_nowhere(visitor: Visitor) -> None:
    code = code_on(await visitor.receipt(await visitor.send(await visitor.open(), **FILLED)))
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}", code)
    kept = str(
        [await visitor.database.find(name, {}) for name in ("contacts", "follow_ups", "requests", "outbox", "journal")]
    )
    assert code not in kept
    assert code.replace("-", "") not in kept
    assert len(await visitor.database.find("follow_ups", {})) == 1


@pytest.mark.parametrize("written", [str.lower, lambda code: code.replace("-", " "), lambda code: f" {code}. "])
async def test_who_has_the_code_sees_how_it_stands_and_nothing_else(visitor: Visitor, written: Any) -> None:
    code = code_on(await visitor.receipt(await visitor.send(await visitor.open(), **FILLED)))
    answer = await visitor.follow(written(code))
    page = Page.of(answer.text)
    assert answer.status_code == 200
    assert "lämnat den till dem som kan den" in page.words
    assert not any(
        text in answer.text for text in ("kafé", "Kafé", "Anna", "0531-123", "Storgatan", "556016", "K 2026")
    )


async def test_who_has_it_and_what_was_promised_is_told(visitor: Visitor) -> None:
    code = code_on(await visitor.receipt(await visitor.send(await visitor.open(), **FILLED)))
    [contact] = await visitor.database.find("contacts", {})
    officer = {"municipality": "1460", "officer_id": "1460-o-h01", "name": "Bo Ek", "phone": None}
    kept = {name: contact[name] for name in ("_v", "_chain")} | {"_schema": 1, "_said": {}}
    held = {"matter_id": "1460-m-1", "case_type": "livsmedel_reg", "officer_id": "1460-o-h01", "since": AT.isoformat()}
    promised = {"at": "2026-11-26T15:00:00+00:00", "by": "Livsmedelsinspektörer"}
    session = await visitor.database.session()
    async with session.transaction() as transaction:
        await transaction.insert("officers", [{"_id": "1460-o-h01", **officer, **kept}])
    await session.close()
    changed = {"held": [held], "promised": promised, "state": "taken"}
    await visitor.database.change("contacts", {"_id": contact["_id"]}, {"$set": changed})
    words = Page.of((await visitor.follow(code)).text).words
    assert "Hos vem Bo Ek" in words
    assert "Senast 26 november 2026 klockan 16.00, från: Livsmedelsinspektörer" in words


@pytest.mark.parametrize("code", ["", "fel", "0" * 28, "0" * 100_000, "<b>å</b>", "\0"])
async def test_a_wrong_code_is_404_with_what_to_do(visitor: Visitor, code: str) -> None:
    answer = await visitor.follow(code)
    assert answer.status_code == 404
    assert "Vi hittar ingen fråga" in Page.of(answer.text).faults["code"]


async def test_a_code_is_no_good_in_another_town(visitor: Visitor, form_settings: Settings) -> None:
    neighbour = TOWN.model_copy(update={"municipality": "1438"})
    both = form_settings.model_copy(update={"forms": (TOWN, neighbour)})
    app = create_app(both, visitor.database, visitor.clock, visitor.clock)
    code = code_on(await visitor.receipt(await visitor.send(await visitor.open(), wish="Hej")))
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://intake", headers=BROWSER)
    async with client:
        answers = [
            await client.post(f"/intake/v1/{town}/form/follow-up", data={"code": code}) for town in ("1460", "1438")
        ]
    assert [answer.status_code for answer in answers] == [200, 404]


async def test_right_and_wrong_codes_wait_for_the_same(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    code = code_on(await visitor.receipt(await visitor.send(await visitor.open(), wish="Hej")))
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("asyncio.sleep", sleep)
    monkeypatch.setattr(site, "STEADY_SECONDS", 0.25)
    for one in (code, "fel"):
        await visitor.follow(one)
    assert [seconds for seconds in waits if seconds] == [0.25, 0.25]


async def test_when_the_database_is_away_the_text_stands_there_still(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await visitor.open()
    with monkeypatch.context() as patch:
        patch.setattr(visitor.database, "session", away)
        answer = await visitor.send(page, wish="Hej")
    assert answer.status_code == 503
    again = Page.of(answer.text)
    assert (again.values["wish"], again.values["form_id"]) == ("Hej", page.values["form_id"])
    await visitor.receipt(await visitor.send(again))


async def away() -> None:
    raise TryAgain("away")


async def test_who_sends_too_often_is_asked_to_wait_and_keeps_the_text(visitor: Visitor) -> None:
    for _ in range(30):
        await visitor.send(await visitor.open(), wish="Hej")
    page = await visitor.open()
    answer = await visitor.send(page, wish="En fråga till")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert Page.of(answer.text).values["wish"] == "En fråga till"
    program = await visitor.client.post(FORM, data=page.values, headers={"Accept": "application/json"})
    assert (program.status_code, program.json()["type"]) == (429, "/problems/too-many")
    assert int(program.headers["retry-after"]) > 0


async def test_who_looks_too_often_is_asked_to_wait(visitor: Visitor) -> None:
    answers = [await visitor.follow("fel") for _ in range(31)]
    assert [answer.status_code for answer in answers] == [404] * 30 + [429]
    assert "retry-after" in answers[-1].headers


async def test_a_program_gets_problems_and_a_browser_pages(visitor: Visitor) -> None:
    page = await visitor.open()
    for method, path in (("GET", "/1461/form"), ("GET", f"{FORM}/receipts/none"), ("POST", f"{FORM}/follow-up")):
        shown = await visitor.client.request(method, path, data={"code": "x"})
        told = await visitor.client.request(method, path, data={"code": "x"}, headers={"Accept": "application/json"})
        assert shown.status_code == told.status_code == 404
        assert shown.headers["content-type"] == "text/html; charset=utf-8"
        assert told.headers["content-type"] == "application/problem+json"
    asked = {**page.values, "e_mail": "a", "wish": "Hej"}
    wrong = await visitor.client.post(FORM, data=asked, headers={"Accept": "application/json"})
    assert wrong.status_code == 422
    assert [one["pointer"] for one in wrong.json()["errors"]] == ["/e_mail"]


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("multipart/form-data", b"x", 415),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="wish"\r\n\r\nhe', 400),
        ("application/x-www-form-urlencoded", b"wish=%FF", 400),
        ("application/x-www-form-urlencoded", b"wish=" + b"a" * 300_000, 413),
        ("application/x-www-form-urlencoded", b"wish=" + b"a" * 1_100_000, 413),
    ],
)
async def test_what_is_no_form_is_a_page_too(visitor: Visitor, content_type: str, body: bytes, status: int) -> None:
    answer = await visitor.client.post(FORM, content=body, headers={"Content-Type": content_type})
    assert answer.status_code == status
    assert Page.of(answer.text).one("html").attributes["lang"] == "sv"


async def test_a_bug_is_a_page_with_a_number_to_give(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    page = await visitor.open()
    monkeypatch.setattr("services.intake.pages.form.arrival", None)
    answer = await visitor.send(page, wish="Hej")
    assert answer.status_code == 500
    assert answer.headers["x-correlation-id"] in Page.of(answer.text).words


async def test_no_page_lets_script_in_or_is_kept(visitor: Visitor) -> None:
    sent = await visitor.send(await visitor.open(), wish="Hej")
    assert sent.headers["cache-control"] == "no-store"
    answers = [
        await visitor.client.get(FORM),
        await visitor.client.get(f"http://intake{sent.headers['location']}"),
        await visitor.follow("fel"),
        await visitor.client.get("/1461/form"),
    ]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "script" not in policy
        assert "form-action 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        kept = {name: answer.headers[name] for name in ("cache-control", "referrer-policy", "x-content-type-options")}
        assert list(kept.values()) == ["no-store", "no-referrer", "nosniff"]
        assert "set-cookie" not in answer.headers
        assert "<script" not in answer.text


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [("sv", "en", "sv"), ("en", "sv", "en"), (None, "en-GB,en", "en"), (None, "de", "sv"), ("fr", "en", "en")],
)
async def test_the_address_decides_the_language_else_the_browser(
    visitor: Visitor, asked: str | None, accepted: str, language: str
) -> None:
    params = {"language": asked} if asked else {}
    answer = await visitor.client.get(FORM, params=params, headers={"Accept-Language": accepted})
    page = Page.of(answer.text)
    assert page.one("html").attributes["lang"] == answer.headers["content-language"] == language
    assert page.values["answer_language"] == language


@pytest.mark.parametrize("language", ["sv", "en"])
async def test_every_field_has_its_label_and_what_describes_it_is_there(visitor: Visitor, language: str) -> None:
    answer = await visitor.send(
        await visitor.open(language), language, **{name: text for name, (text, _) in WRONG.items()}
    )
    for page in (await visitor.open(language), Page.of(answer.text)):
        ids = [one.attributes["id"] for one in page.elements if "id" in one.attributes]
        assert len(ids) == len(set(ids))
        assert len(page.all("h1")) == 1
        labelled = {label.attributes["for"] for label in page.all("label")}
        for one in page.inputs:
            if one.attributes.get("type") != "hidden":
                assert one.attributes["id"] in labelled
                assert set(one.attributes.get("aria-describedby", "").split()) <= set(ids)
        asked = {one.attributes["name"]: one.attributes.get("autocomplete") for one in page.inputs}
        wanted = {"name": "name", "phone": "tel", "e_mail": "email", "company_name": "organization"}
        assert {name: asked[name] for name in wanted} == wanted


async def test_the_notice_names_who_is_responsible(visitor: Visitor) -> None:
    notice = (await visitor.open()).one("section", id="privacy").text
    for wanted in ("Bengtsfors kommun är personuppgiftsansvarig", "0531-52 60 00", "dataskydd@kommun.example", "6.1 e"):
        assert wanted in notice


TYPED = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=60)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wish=TYPED.filter(str.strip), name=TYPED, place=TYPED)
async def test_any_text_comes_back_as_it_was_typed_and_is_registered_unchanged(
    form_settings: Settings, wish: str, name: str, place: str
) -> None:
    database, clock = MemoryDatabase(), FixedClock(AT)
    transport = httpx.ASGITransport(app=create_app(form_settings, database, clock, clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://intake/intake/v1", headers=BROWSER) as client:
        visitor = Visitor(database, clock, client)
        typed = {"wish": wish, "name": name, "place": place}
        page = Page.of((await visitor.send(await visitor.open(), **typed, e_mail="wrong")).text)
        assert {one: page.values[one] for one in typed} == typed
        await visitor.receipt(await visitor.send(page, e_mail=""))
    [contact] = await opened(database, "contacts")
    assert contact["wish"] == wish
    assert (contact["place"] or {"address": None})["address"] == (place.strip() or None)
    assert [party["name"] for party in await opened(database, "parties")] == [one for one in [name.strip()] if one]


def test_the_forms_are_set_in_json_and_a_wrong_one_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOMMUNKONTAKT_ENVIRONMENT", "development")
    monkeypatch.setenv("INTAKE_TRUSTED_PROXIES", "10.0.0.0/8, fd00::/8")
    monkeypatch.setenv("INTAKE_FORMS", f"[{TOWN.model_dump_json()}]")
    settings = Settings.load()
    assert settings.forms == (TOWN,)
    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.0/8", "fd00::/8"]
    monkeypatch.setenv("INTAKE_TRUSTED_PROXIES", "everybody")
    monkeypatch.setenv("INTAKE_FORMS", f"[{TOWN.model_dump_json()}, {TOWN.model_dump_json()}]")
    with pytest.raises(WrongSetting, match="INTAKE_FORMS must name each municipality once; INTAKE_TRUSTED_PROXIES"):
        Settings.load()
    monkeypatch.setenv("INTAKE_FORMS", "1460")
    with pytest.raises(WrongSetting, match="INTAKE_FORMS"):
        Settings.load()
    monkeypatch.setenv("INTAKE_FORMS", "Bengtsfors")
    with pytest.raises(WrongSetting, match="INTAKE_FORMS must be JSON: a list of forms"):
        Settings.load()
