"""What intake's tests share."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from services.intake.app import create_app
from services.intake.pages import site
from services.intake.settings import Settings
from shared.platform.clock import FixedClock
from shared.platform.memory import MemoryDatabase
from shared.platform.settings import PlatformSettings
from shared.platform.token import make_key
from tests.intake.settled import AT, Intake
from tests.intake.visitor import BROWSER, TOWN, Visitor


@pytest.fixture
def intake() -> Intake:
    """intake on the fake database."""
    return Intake()


@pytest.fixture
def form_settings(tmp_path: Path) -> Settings:
    """What is set where one municipality has a public form."""
    key = tmp_path / "jwt.pem"
    make_key(key)
    platform = PlatformSettings(environment="development", jwt_key_file=key)
    return Settings(platform=platform, forms=(TOWN,), trusted_proxies="10.0.0.0/8, 127.0.0.1")


@pytest.fixture
async def visitor(form_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Visitor]:
    """Somebody at the public form."""
    monkeypatch.setattr(site, "STEADY_SECONDS", 0)
    database, clock = MemoryDatabase(), FixedClock(AT)
    app = create_app(form_settings, database, clock, clock)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://intake/intake/v1", headers=BROWSER) as client:
        yield Visitor(database, clock, client)
