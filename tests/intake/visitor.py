"""Somebody with a browser at the public form, before a clock that stands still until they have read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from services.intake.settings import PublicForm
from shared.platform.clock import FixedClock
from shared.platform.memory import MemoryDatabase
from tests.intake.page import Page

TOWN = PublicForm(
    municipality="1460",
    name="Bengtsfors kommun",
    e_mail="kommun@kommun.example",
    phone="0531-52 60 00",
    data_protection="dataskydd@kommun.example",
)
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
READ = timedelta(seconds=30)
FORM = "/1460/form"
Files = Sequence[tuple[str, bytes, str]]


@dataclass
class Visitor:
    """Somebody with a browser, before a clock that stands still until they have read."""

    database: MemoryDatabase
    clock: FixedClock
    client: httpx.AsyncClient

    async def open(self, language: str = "sv") -> Page:
        answer = await self.client.get(FORM, params={"language": language})
        assert answer.status_code == 200
        self.clock.advance(READ)
        return Page.of(answer.text)

    async def send(self, page: Page, language: str = "sv", **typed: str) -> httpx.Response:
        return await self.attach((), page, language, **typed)

    async def attach(self, files: Files, page: Page, language: str = "sv", **typed: str) -> httpx.Response:
        fields: list[tuple[str, Any]] = [(name, (None, value)) for name, value in {**page.values, **typed}.items()]
        fields += [("attachments", file) for file in files]
        return await self.client.post(FORM, params={"language": language}, files=fields)

    async def receipt(self, sent: httpx.Response) -> Page:
        assert sent.status_code == 303, sent.text
        answer = await self.client.get(f"http://intake{sent.headers['location']}")
        assert answer.status_code == 200
        return Page.of(answer.text)

    async def follow(self, code: str) -> httpx.Response:
        return await self.client.post(f"{FORM}/follow-up", data={"code": code})


def code_on(receipt: Page) -> str:
    return receipt.one("dd", class_="code").text


def number_on(receipt: Page) -> str:
    return receipt.one("dd", class_="number").text
