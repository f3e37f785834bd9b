"""Case types and guidance cards: dated rows in files, and the doors that show them."""

import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.intake.app import create_app
from services.intake.model.dated import SUREST_FIRST
from services.intake.settings import Settings
from services.intake.store.datafiles import CARDS, DATA, read_cards, read_case_types
from shared.platform.clock import FixedClock, SystemClock
from shared.platform.errors import WrongSetting
from shared.platform.memory import MemoryDatabase
from shared.platform.settings import PlatformSettings
from shared.platform.token import make_key, make_token
from tests.intake.settled import AT

TODAY, BEFORE_THE_NEW_RULES = date(2026, 11, 24), date(2025, 11, 30)
RAW: list[dict[str, Any]] = json.loads((DATA / CARDS).read_text("utf-8"))
TOBACCO = next(card for card in RAW if card["case_type"] == "tobak")


def own_file(folder: Path, rows: Any, name: str = CARDS, municipality: str = "1460") -> Path:
    (folder / municipality).mkdir()
    (folder / municipality / name).write_text(rows if isinstance(rows, str) else json.dumps(rows), "utf-8")
    return folder


@pytest.mark.parametrize("card", RAW, ids=lambda card: f"{card['case_type']}-{card['version']}")
def test_every_claim_of_a_card_has_a_source_and_the_card_is_as_sure_as_the_weakest(card: dict[str, Any]) -> None:
    assert card["facts"]
    assert all(fact["claim"].strip() and fact["source"].strip() for fact in card["facts"])
    marks = [fact["sureness"] for fact in card["facts"]]
    assert card["sureness"] == next(mark for mark in reversed(SUREST_FIRST) if mark in marks)


def test_every_case_type_has_a_card_each_day() -> None:
    types = read_case_types()
    cards = read_cards(types)
    for day in (date(2025, 1, 1) + timedelta(days=n) for n in range(1100)):
        assert cards.all_in_force("1460", day).keys() == types.all_in_force("1460", day).keys()


def test_the_card_of_the_day_is_the_one_in_force() -> None:
    cards = read_cards(read_case_types())
    versions = [cards.in_force("1460", "bygglov", day) for day in (BEFORE_THE_NEW_RULES, TODAY, date(2024, 12, 31))]
    assert [card and card.version for card in versions] == [1, 2, None]


def test_a_municipality_has_a_card_of_its_own_from_its_day_and_others_do_not(tmp_path: Path) -> None:
    own = own_file(tmp_path, [{**TOBACCO, "version": 7, "valid_from": "2026-12-01"}])
    cards = read_cards(read_case_types(own), own)
    ours, theirs, before = (
        cards.in_force(*asked) for asked in (("1460", "tobak", date(2026, 12, 1)), ("1438", "tobak", date(2026, 12, 1)),
                                             ("1460", "tobak", TODAY))
    )  # fmt: skip
    assert [card and card.name for card in (ours, theirs, before)] == ["1460 tobak v7", "tobak v1", "tobak v1"]


FACT = {"claim": "It is so", "source": "somewhere", "sureness": "A"}


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ("{", "cannot be read as JSON"),
        ({}, "must be a list of rows"),
        ([{**TOBACCO, "sv": {**TOBACCO["sv"], "title": " "}}], "row 1, /sv/title: must not be empty"),
        ([{**TOBACCO, "colour": "red"}], "row 1, /colour: Unexpected"),
        ([TOBACCO, {"case_type": "tobak"}], "row 2, /valid_from: "),
        ([{**TOBACCO, "valid_from": "soon"}], "row 1, /valid_from: "),
        ([{**TOBACCO, "version": "1"}], "row 1, /version: "),
        ([{**TOBACCO, "valid_to": "2024-12-31"}], "row 1: Value error, valid_to is before valid_from"),
        ([{**TOBACCO, "facts": []}], "row 1: Value error, a card needs a fact"),
        ([{**TOBACCO, "facts": [FACT]}], "row 1: Value error, sureness is U, but the weakest fact is A"),
        ([{**TOBACCO, "case_type": "drakar"}], "row 1: drakar is no case type on 2025-01-01"),
        ([TOBACCO, TOBACCO], "row 2: in force while row 1 about tobak is, too"),
        ([{**TOBACCO, "owner": "1438"}], "row 1, /owner: the folder says whose row it is"),
    ],
)
def test_a_wrong_row_stops_the_start_with_file_row_and_why(tmp_path: Path, rows: Any, why: str) -> None:
    own = own_file(tmp_path, rows)
    with pytest.raises(WrongSetting) as refused:
        read_cards(read_case_types(own), own)
    assert str(refused.value).startswith(str(own / "1460" / CARDS))
    assert why in str(refused.value)


def test_the_folder_of_own_files_holds_municipalities_only(tmp_path: Path) -> None:
    (tmp_path / "bengtsfors").mkdir()
    with pytest.raises(WrongSetting, match="bengtsfors: only folders"):
        read_case_types(tmp_path)
    with pytest.raises(WrongSetting, match="must name a folder"):
        read_case_types(tmp_path / "nowhere")


@pytest.fixture
async def visitor(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    key, clock = tmp_path / "jwt.pem", FixedClock(AT)
    make_key(key)
    own = tmp_path / "own"
    own.mkdir()
    own_file(own, [{**TOBACCO, "version": 2, "valid_from": "2026-11-01"}])
    settings = Settings(platform=PlatformSettings(environment="development", jwt_key_file=key), data_dir=own)
    app = create_app(settings, MemoryDatabase(), clock, clock)
    token = make_token(key, "kommunkontakt", "form", ["public"], ["1460"], timedelta(hours=1), SystemClock())
    headers = {"Authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://intake/intake/v1", headers=headers) as client:
        yield client


async def test_the_case_types_of_today_are_listed(visitor: httpx.AsyncClient) -> None:
    listed = (await visitor.get("/1460/case-types")).json()
    assert listed["on"] == "2026-11-24"
    assert len(listed["items"]) == 23
    assert listed["items"][0] | {"code": "bygglov", "function_en": "Building permit officers"} == listed["items"][0]
    assert (await visitor.get("/1460/case-types", params={"on": "2024-01-01"})).json()["items"] == []


@pytest.mark.parametrize(("language", "said"), [("sv", "ej verifierad"), ("en", "not verified")])
async def test_a_card_tells_which_facts_are_not_verified(visitor: httpx.AsyncClient, language: str, said: str) -> None:
    card = (await visitor.get("/1460/case-types/mark_lokal/card", params={"language": language})).json()
    assert (card["sureness"], card["how_sure"]) == ("U", said)
    assert {fact["how_sure"] == said for fact in card["facts"] if fact["sureness"] == "U"} == {True}
    assert said not in {fact["how_sure"] for fact in card["facts"] if fact["sureness"] != "U"}


async def test_the_card_of_a_day_is_shown_and_the_municipalitys_own_goes_first(visitor: httpx.AsyncClient) -> None:
    async def name(code: str, **asked: str) -> str:
        shown: str = (await visitor.get(f"/1460/case-types/{code}/card", params=asked)).json()["name"]
        return shown

    assert await name("bygglov", on="2025-11-30") == "bygglov v1"
    assert await name("bygglov") == "bygglov v2"
    assert await name("tobak") == "1460 tobak v2"


async def test_no_card_where_there_is_none(visitor: httpx.AsyncClient) -> None:
    unknown = await visitor.get("/1460/case-types/drakar/card")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/no-such-case-type")
    too_early = await visitor.get("/1460/case-types/tobak/card", params={"on": "2024-01-01"})
    assert too_early.status_code == 404
