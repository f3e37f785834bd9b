"""The pages as people meet them: in a real browser, wide and narrow, with a keyboard alone, without script."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.pages import chromium
from tests.pages.served import served

pytestmark = pytest.mark.servers

FIELDS = "wish case_type company_name organisation_number name phone e_mail place opening_on answer_language"
ORDER = ["a", "a", *FIELDS.split(), "interpreter", "survey_consent", "attachments", "a", "button"]
WITH_ERRORS = {"with errors", "with an error in English", "follow-up with a wrong code"}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the browser saw, once for all tests."""
    browser = chromium.chromium()
    if browser is None or not chromium.drivers():
        pytest.fail(chromium.HOW)
    with served(tmp_path_factory.mktemp("served")) as address:
        return chromium.opened(address, browser)


def test_no_page_breaks_a_rule_of_wcag_wide_or_narrow(seen: dict[str, Any]) -> None:
    broken = {(state["name"], state["width"]): state["violations"] for state in seen["states"] if state["violations"]}
    assert broken == {}
    assert {state["width"] for state in seen["states"]} == {1280, 320}
    assert len(seen["states"]) == 26
    assert min(state["passed"] for state in seen["states"]) >= 20


def test_the_judge_finds_what_is_wrong(seen: dict[str, Any]) -> None:
    assert {rule.partition(":")[0] for rule in seen["spoilt"]} >= {"label", "color-contrast", "html-has-lang"}


def test_no_page_must_be_scrolled_sideways(seen: dict[str, Any]) -> None:
    assert [(state["name"], state["width"]) for state in seen["states"] if state["scrolls"]] == []


def test_what_is_wrong_is_where_the_reader_begins(seen: dict[str, Any]) -> None:
    begun = {state["name"] for state in seen["states"] if state["focused"] == "summary"}
    assert begun == WITH_ERRORS
    assert (seen["kept"]["at"], seen["kept"]["linked"]) == ("summary", "e_mail")


def test_a_keyboard_is_enough_in_the_order_of_the_page_and_one_sees_where_one_is(seen: dict[str, Any]) -> None:
    assert seen["keyboard"]["order"] == ORDER
    assert seen["keyboard"]["unseen"] == []
    assert seen["keyboard"]["number"].startswith("K 2026/")


def test_what_was_typed_stands_there_still_with_its_first_line(seen: dict[str, Any]) -> None:
    assert seen["kept"]["wish"] == "\nVi vill öppna ett kafé <vid> torget & ha uteservering."


def test_where_no_browser_is_to_be_had_it_is_said_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert chromium.chromium() is None
    assert "apt install chromium" in chromium.HOW


def test_the_lock_names_no_address() -> None:
    lock = json.loads((Path(chromium.BROWSER) / "package-lock.json").read_text())
    assert not any("resolved" in package for package in lock["packages"].values())
