"""The public form on real MongoDB: the same form, sent at one moment at two instances, is one contact."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from services.intake.app import create_app, parts
from services.intake.settings import Settings
from shared.platform.clock import FixedClock
from shared.platform.files import FILES
from shared.platform.mongo import MongoDatabase, connect
from shared.platform.settings import PlatformSettings
from shared.platform.token import make_key
from shared.platform.work import KEPT
from stack.mongo import Mongo
from tests.conftest import fresh_name
from tests.intake.page import Page
from tests.intake.settled import AT
from tests.intake.visitor import BROWSER, FORM, TOWN

pytestmark = pytest.mark.servers

CLIENTS, INSTANCES = 8, 2
FILE = ("ritning.pdf", b"%PDF-1.7\n" + bytes(400_000), "application/pdf")
Servers = tuple[MongoDatabase, FixedClock, list[httpx.AsyncClient]]


@pytest.fixture
async def instances(mongo_server: Mongo, tmp_path: Path) -> AsyncIterator[Servers]:
    """Two instances of intake on one database."""
    key, clock, name = tmp_path / "jwt.pem", FixedClock(AT), fresh_name()
    make_key(key)
    platform = PlatformSettings(environment="development", jwt_key_file=key)
    settings = Settings(platform=platform, forms=(TOWN,))
    async with AsyncExitStack() as stack:
        clients = []
        for _ in range(INSTANCES):
            database = connect(mongo_server.url, name)
            stack.push_async_callback(database.close)
            transport = httpx.ASGITransport(app=create_app(settings, database, clock, clock))
            client = httpx.AsyncClient(transport=transport, base_url="http://intake/intake/v1", headers=BROWSER)
            clients.append(await stack.enter_async_context(client))
        await database.prepare([*KEPT, *(store.layout() for store in parts(settings).shelf.values())])
        yield database, clock, clients
        await database.drop()


async def test_eight_who_send_the_same_form_at_once_get_one_receipt_of_one_contact(instances: Servers) -> None:
    database, clock, clients = instances
    page = Page.of((await clients[0].get(FORM)).text)
    clock.advance(timedelta(minutes=1))
    fields = [(name, (None, text)) for name, text in {**page.values, "wish": "Vi vill öppna."}.items()]
    asked = [
        clients[number % INSTANCES].post(FORM, files=[*fields, ("attachments", FILE)]) for number in range(CLIENTS)
    ]
    answers = await asyncio.gather(*asked)
    assert [answer.status_code for answer in answers] == [303] * CLIENTS
    assert len({answer.headers["location"] for answer in answers}) == 1
    [contact] = await database.find("contacts", {})
    assert contact["number"] == "K 2026/000001"
    assert len(await database.find("follow_ups", {})) == 1
    going = [one["_id"] for one in await database.find("uploads", {"going": True})]
    assert len(going) == CLIENTS - 1
    assert len(await database.find("uploads", {"going": False})) == 0
    assert len(await database.find(FILES.name, {"_id": {"$nin": going}})) == 1
