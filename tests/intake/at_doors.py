"""intake's doors without a server, with somebody of each role before them."""

import json
import tempfile
from datetime import timedelta
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from services.intake.app import create_app
from services.intake.settings import Settings
from shared.platform.clock import FixedClock, SystemClock
from shared.platform.database import Document
from shared.platform.memory import MemoryDatabase
from shared.platform.settings import PlatformSettings
from shared.platform.token import make_key, make_token
from tests.intake.settled import AT, PUBLISHERS


@cache
def the_key() -> Path:
    """A key that signs the tokens of one test process."""
    made = Path(tempfile.mkdtemp()) / "jwt.pem"
    make_key(made)
    return made


@cache
def token(who: str, role: str, municipality: str) -> str:
    return make_token(the_key(), "kommunkontakt", who, [role], [municipality], timedelta(hours=8), SystemClock())


class AtDoors:
    """A service of its own on an empty fake database, and a client: `async with AtDoors() as doors`."""

    def __init__(self, municipality: str = "1460", **others: Any) -> None:
        self.database, self.clock = MemoryDatabase(), FixedClock(AT)
        self._municipality = municipality
        platform = PlatformSettings(environment="development", jwt_key_file=the_key(), publishers=PUBLISHERS)
        app = create_app(Settings(platform=platform, **others), self.database, self.clock, self.clock)
        base = f"http://intake/intake/v1/{municipality}"
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=base)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def get(self, path: str, role: str | None = "receptionist", **params: str | int) -> httpx.Response:
        """Ask a door, as somebody with the role; with None as somebody without a token."""
        return await self._client.get(path, params=params, headers=self._headers(role, None))

    async def post(
        self, path: str, asked: object, key: str | None = None, role: str = "receptionist"
    ) -> httpx.Response:
        """Ask a door to do something, as somebody with the role."""
        return await self._client.post(path, json=asked, headers=self._headers(role, key))

    async def put(self, path: str, asked: object, role: str = "receptionist") -> httpx.Response:
        """Ask a door to set something, as somebody with the role."""
        return await self._client.put(path, json=asked, headers=self._headers(role, None))

    async def kept(self, collection: str) -> list[Document]:
        return await self.database.find(collection, {}, sort=(("_id", 1),))

    async def said(self, short: str) -> list[dict[str, Any]]:
        """What was said of one type, in its order."""
        outbox = await self.kept("outbox")
        return [json.loads(bytes(one["b"])) for one in outbox if f".{short}.".encode() in bytes(one["h"]["ce_type"])]

    def _headers(self, role: str | None, key: str | None) -> dict[str, str]:
        headers = {"Idempotency-Key": key} if key else {}
        if role is not None:
            headers["Authorization"] = f"Bearer {token(f'the-{role}', role, self._municipality)}"
        return headers
