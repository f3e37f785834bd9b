"""Schemathesis knocks on every door of every service: no 5xx, and no answer that its own document does not know."""

import asyncio
import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from shared.platform.clock import FixedClock, SystemClock
from shared.platform.memory import MemoryDatabase
from shared.platform.settings import PlatformSettings, Publisher, Rate
from shared.platform.token import make_key, make_token
from shared.platform.web.who import ROLES
from stack.places import free_port
from tests.waiting import until_sync

SERVICES = ("intake", "routing", "procurement", "notify")
PUBLISHERS = (
    Publisher(
        name="e-services",
        municipality="1460",
        types=("contact-received",),
        http_rates=(Rate(from_on=date(2026, 1, 1), per_minute=600),),
    ),
    Publisher(name="finance", municipality="1460", types=("contract-signed",)),
    Publisher(name="staff", municipality="1460", types=("officer-changed",)),
)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


FORM = {
    "municipality": "1460",
    "name": "Kommunen",
    "e_mail": "a@kommun.example",
    "phone": "0531-1",
    "data_protection": "b@kommun.example",
}


@pytest.fixture(params=SERVICES)
def knocking(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, str]]:
    """A service's doors on a real socket, on the fake database; its address and a token with every role."""
    monkeypatch.setenv("INTAKE_FORMS", json.dumps([FORM]))
    key, port = tmp_path / "jwt.pem", free_port()
    make_key(key)
    platform = PlatformSettings(environment="development", jwt_key_file=key, publishers=PUBLISHERS)
    module = import_module(f"services.{request.param}.app")
    chosen = import_module(f"services.{request.param}.settings").Settings(platform=platform)
    clock = FixedClock(datetime(2026, 11, 24, 9, tzinfo=UTC))
    app = module.create_app(chosen, MemoryDatabase(), clock, clock)
    server = uvicorn.Server(uvicorn.Config(app, port=port, lifespan="off", log_config=None))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    until_sync("the doors are open", lambda: server.started)
    yield f"http://127.0.0.1:{port}", _token(key)
    server.should_exit = True
    thread.join()


def _token(key: Path) -> str:
    return make_token(key, "kommunkontakt", "e-services", list(ROLES), ["1460"], timedelta(hours=1), SystemClock())


def test_no_door_falls_over(knocking: tuple[str, str]) -> None:
    url, token = knocking
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json").exclude(path="/ready")
    headers = {"Authorization": f"Bearer {token}"}
    knocked = 0
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()

        @settings(
            max_examples=15,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def knock(case: schemathesis.Case[Any]) -> None:
            if case.path_parameters and "municipality" in case.path_parameters:
                case.path_parameters["municipality"] = "1460"
            case.call_and_validate(headers=headers, checks=CHECKS)

        knock()
        knocked += 1
    assert knocked > 5
