"""The doors of every service follow the national REST profile (DIGG 1.2), but for what docs/api-intake.md says."""

import json
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from shared.platform.clock import SystemClock
from shared.platform.memory import MemoryDatabase
from shared.platform.settings import PlatformSettings
from shared.platform.token import make_key
from stack.env_file import FORMS, PUBLISHERS

SERVICES = ("intake", "routing", "procurement", "notify")
BESIDE = frozenset({"/alive", "/ready", "/metrics"})
"""Of the machine room, and of no version."""
SEGMENT = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*|\{[a-z_]+\}")
PROBLEM = "application/problem+json"
NAMES_ONE_THING = "/inbound"
"""The one door whose query says which thing is asked for: the documented deviation."""

Document = Mapping[str, Any]


@pytest.fixture(params=SERVICES)
def document(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Document]:
    """A service and its OpenAPI document, with all doors that a development install has."""
    make_key(tmp_path / "jwt.pem")
    told = {
        "PUBLISHERS": json.dumps(PUBLISHERS),
        "ENVIRONMENT": "development",
        "JWT_KEY_FILE": str(tmp_path / "jwt.pem"),
    }
    for name, value in told.items():
        monkeypatch.setenv(f"KOMMUNKONTAKT_{name}", value)
    monkeypatch.setenv("INTAKE_FORMS", json.dumps(FORMS))
    settings = import_module(f"services.{request.param}.settings").Settings(platform=PlatformSettings.load())
    clock = SystemClock()
    app = import_module(f"services.{request.param}.app").create_app(settings, MemoryDatabase(), clock, clock)
    return request.param, app.openapi()


def operations(document: Document) -> Iterator[tuple[str, Document]]:
    """Each path with each of its operations."""
    for path, methods in document["paths"].items():
        yield from ((path, operation) for operation in methods.values())


def queries(document: Document) -> Iterator[tuple[str, Document]]:
    """Each path with each member of its query."""
    for path, operation in operations(document):
        yield from ((path, one) for one in operation.get("parameters", ()) if one["in"] == "query")


def test_addresses_begin_with_the_api_and_its_version_and_are_in_lower_case_with_hyphens(
    document: tuple[str, Document],
) -> None:
    service, told = document
    for path in set(told["paths"]) - BESIDE:
        api, version, *resource = path.removeprefix("/").split("/")
        assert (api, version) == (service, "v1"), path
        assert resource, path
        assert all(map(SEGMENT.fullmatch, resource)), path


def test_each_api_tells_what_it_is_in_swedish_and_english_with_contact_and_licence(
    document: tuple[str, Document],
) -> None:
    service, told = document
    assert f"/{service}/v1/api-info" in told["paths"]
    assert told["info"]["contact"]["name"]
    assert told["info"]["license"]["identifier"]
    for words in ("kommunen", "the municipality"):
        assert words in told["info"]["description"]


def test_every_error_is_a_problem(document: tuple[str, Document]) -> None:
    for path, operation in operations(document[1]):
        for status, response in operation["responses"].items():
            if int(status) >= 400 and path not in BESIDE:
                assert PROBLEM in response["content"], (path, status)


def test_a_query_can_always_be_left_out(document: tuple[str, Document]) -> None:
    for path, member in queries(document[1]):
        assert not member["required"] or path.endswith(NAMES_ONE_THING), (path, member["name"])


def test_lists_come_in_pieces_of_twenty_unless_asked_otherwise(document: tuple[str, Document]) -> None:
    limits = {path: one["schema"] for path, one in queries(document[1]) if one["name"] == "limit"}
    assert limits
    assert {(one["default"], one["minimum"], one["maximum"]) for one in limits.values()} == {(20, 1, 100)}
    assert set(limits) == {path for path, one in queries(document[1]) if one["name"] == "cursor"}


def test_who_comes_brings_a_bearer_token_and_nothing_in_the_address(document: tuple[str, Document]) -> None:
    [scheme] = document[1]["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    forbidden = re.compile(r"token|secret|password|api_?key|personal_number|personnummer|organisation_number")
    named = [
        (path, one["name"]) for path, operation in operations(document[1]) for one in operation.get("parameters", ())
    ]
    assert [one for one in named if forbidden.search(one[1])] == []
