"""Schemathesis knocks on every door of every service with all its checks: no 5xx, and no lie in the document."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest
import uvicorn

from shared.platform.clock import FixedClock, SystemClock
from shared.platform.memory import MemoryDatabase
from shared.platform.settings import PlatformSettings, Publisher, Rate
from shared.platform.token import make_key, make_token
from shared.platform.web.who import ROLES
from stack.places import free_port
from tests.doors.knocking import knock
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
FORM = {
    "municipality": "1460",
    "name": "Kommunen",
    "e_mail": "a@kommun.example",
    "phone": "0531-1",
    "data_protection": "b@kommun.example",
}


@contextmanager
def at_the_doors(service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """A service's doors on a real socket, on the fake database; its address and a token with every role."""
    monkeypatch.setenv("INTAKE_FORMS", json.dumps([FORM]))
    monkeypatch.setenv("INTAKE_FORMS_AN_HOUR", "100000")
    key, port = tmp_path / "jwt.pem", free_port()
    make_key(key)
    platform = PlatformSettings(environment="development", jwt_key_file=key, publishers=PUBLISHERS)
    module = import_module(f"services.{service}.app")
    chosen = import_module(f"services.{service}.settings").Settings(platform=platform)
    clock = FixedClock(datetime(2026, 11, 24, 9, tzinfo=UTC))
    app = module.create_app(chosen, MemoryDatabase(), clock, clock)
    server = uvicorn.Server(uvicorn.Config(app, port=port, lifespan="off", log_config=None))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    until_sync("the doors are open", lambda: server.started)
    try:
        yield f"http://127.0.0.1:{port}", _token(key)
    finally:
        server.should_exit = True
        thread.join()


def _token(key: Path) -> str:
    return make_token(key, "kommunkontakt", "e-services", list(ROLES), ["1460"], timedelta(hours=1), SystemClock())


@pytest.mark.parametrize("service", SERVICES)
def test_no_door_falls_over_or_says_what_its_document_does_not(
    service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chains = 12 if service == "intake" else 0  # the others have no links yet
    with at_the_doors(service, tmp_path, monkeypatch) as (url, token):
        knocked = knock(url, token, {"door": 2, "chains": chains})
    assert knocked.code == 0, knocked.told
    assert knocked.tested > 5
    assert {"Examples", "Coverage", "Fuzzing"} <= set(knocked.clean), knocked.told
    assert knocked.links >= 5 or not chains, knocked.told
