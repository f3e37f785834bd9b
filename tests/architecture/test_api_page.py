"""docs/api-intake.md names every door of intake as its OpenAPI document does, and none that is not there."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from services.intake.app import create_app
from services.intake.settings import Settings
from shared.platform.clock import SimulatedClock, SystemClock
from shared.platform.memory import MemoryDatabase
from shared.platform.settings import PlatformSettings
from shared.platform.token import make_key
from stack.env_file import PUBLISHERS
from tests.api_page import PAGE, Door, expanded, fits, member, read, request_of


async def _not_ahead() -> timedelta:
    return timedelta(0)


@pytest.fixture
def doors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    """Every door of a development install: with publishers over HTTP, and a clock whose days pass on demand."""
    key = tmp_path / "jwt.pem"
    make_key(key)
    monkeypatch.setenv("KOMMUNKONTAKT_ENVIRONMENT", "development")
    monkeypatch.setenv("KOMMUNKONTAKT_JWT_KEY_FILE", str(key))
    monkeypatch.setenv("KOMMUNKONTAKT_PUBLISHERS", json.dumps(PUBLISHERS))
    clock = SimulatedClock(SystemClock(), _not_ahead)
    app = create_app(Settings(platform=PlatformSettings.load()), MemoryDatabase(), clock, clock)
    return {(method.upper(), path) for path, methods in app.openapi()["paths"].items() for method in methods}


def test_the_page_names_every_door_and_no_other(doors: set[tuple[str, str]]) -> None:
    named = [(door.method, door.path) for door in read(PAGE.read_text("utf-8"))[0]]
    assert {"missing": doors - set(named), "gone": set(named) - doors} == {"missing": set(), "gone": set()}
    assert len(named) == len(set(named))


def test_a_curl_is_read_as_a_shell_reads_it() -> None:
    told = {"AT": "http://127.0.0.1:1/intake", "SOON": "2026-11-27", "NUMBER": "K 2026/000001", "JSON": "A: b"}
    command = """curl $AT/${NUMBER#K }/x -X PUT -H "$(as officer)" -H "$JSON" -d '{"not": "$SOON", "at": "'$SOON'"}'"""
    request = request_of(expanded(command, told, lambda role: f"Authorization: {role}"))
    assert (request.method, request.url) == ("PUT", "http://127.0.0.1:1/intake/2026/000001/x")
    assert request.headers == {"Authorization": "officer", "A": "b"}
    assert request.body == '{"not": "$SOON", "at": "2026-11-27"}'


@pytest.mark.parametrize("command", ["curl --json 1 http://x", "wget http://x", "curl http://x http://y"])
def test_what_the_page_does_not_use_is_refused(command: str) -> None:
    with pytest.raises((ValueError, SystemExit)):
        request_of(command)


def test_an_answer_fits_when_every_member_that_is_shown_is_there() -> None:
    answer = {"id": "c-2", "state": "taken", "held": [{"name": "Karin"}, {"name": "Olle"}], "times": 2, "waits": False}
    for fitting in ({"id": "c-1", "times": 1}, {"held": [{"name": "Karin"}]}, {"waits": False, "held": []}, answer):
        assert fits(fitting, answer), fitting
    unfit = (
        {"gone": 1},
        {"state": "open"},
        {"held": [{"name": "Olle"}]},
        {"times": "2"},
        {"waits": True},
        {"id": None},
    )
    for other in unfit:
        assert not fits(other, answer), other
    assert member(answer, "held.1.name") == "Olle"


def test_a_door_leads_to_its_own_addresses_only() -> None:
    door = Door("GET", "/intake/v1/{municipality}/register/{year}", frozenset())
    assert door.leads("GET", "/intake/v1/1460/register/2026")
    for method, path in (("POST", "/intake/v1/1460/register/2026"), ("GET", "/intake/v1/1460/register/2026/1")):
        assert not door.leads(method, path)
