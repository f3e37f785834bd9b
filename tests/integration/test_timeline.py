"""The timeline on real servers: it follows what is said, and is rebuilt from the topics while more comes in."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from services.intake.app import create_app
from services.intake.commands.rebuild_timeline import rebuild
from services.intake.handlers import TOLD, bus
from services.intake.settings import Settings
from shared.contracts.catalogue import all_streams
from shared.platform.clock import SystemClock
from shared.platform.hearing import Hearing
from shared.platform.mongo import MongoDatabase
from shared.platform.settings import PlatformSettings
from shared.platform.setup import create_topics
from shared.platform.token import make_key, make_token
from stack.kafka import Kafka
from stack.mongo import Mongo
from stack.testing import start_servers
from tests.conftest import connected
from tests.waiting import until

pytestmark = pytest.mark.servers

BEFORE, MEANWHILE = 60, 60
CALLER = {"company": {"organisation_number": "556016-0680", "name": "Glasverkstaden AB"}}


@dataclass(slots=True)
class Running:
    """intake at work on real servers, and a receptionist."""

    hearing: Hearing
    database: MongoDatabase
    settings: Settings
    doors: httpx.AsyncClient

    async def ready(self) -> bool:
        return (await self.doors.get("http://intake/ready")).status_code == 200

    async def called(self, number: int) -> None:
        asked = {"channel": "phone", "wish": "Ring mig.", **CALLER}
        answer = await self.doors.post("/1460/contacts", json=asked, headers={"Idempotency-Key": f"call-{number}"})
        assert answer.status_code == 201, answer.text

    async def subjects(self) -> list[str]:
        found = await self.database.find("timeline", {"kind": "contact-registered"})
        return sorted(one["subject_id"] for one in found)

    async def contacts(self) -> list[str]:
        return sorted(one["_id"] for one in await self.database.find("contacts", {}))

    async def follows(self, count: int) -> bool:
        return len(await self.subjects()) == count


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[Kafka]:
    """A Kafka of its own: what other tests have said on the same topics would be on the timeline too."""
    with start_servers(tmp_path / "servers", mongo=False, mail=False) as servers:
        yield servers.kafka


@pytest.fixture
async def running(kafka: Kafka, mongo_server: Mongo, tmp_path: Path) -> AsyncIterator[Running]:
    key, wall = tmp_path / "jwt.pem", SystemClock()
    make_key(key)
    platform = PlatformSettings(environment="development", jwt_key_file=key, kafka_url=kafka.url)
    settings, database = Settings(platform=platform), connected(mongo_server)
    await create_topics(kafka.url, list(all_streams()))
    app = create_app(settings, database, wall, wall)
    token = make_token(key, "kommunkontakt", "bo", ["receptionist"], ["1460"], timedelta(hours=1), wall)
    transport, headers = httpx.ASGITransport(app=app), {"Authorization": f"Bearer {token}"}
    client = httpx.AsyncClient(transport=transport, base_url="http://intake/intake/v1", headers=headers)
    async with client as doors, app.router.lifespan_context(app):
        at_work = Running(app.state.work.hearing, database, settings, doors)
        await until("intake is ready", at_work.ready, 60)
        yield at_work
        await database.drop()


async def test_a_rebuild_while_contacts_come_in_loses_none_and_leaves_nothing_that_was_never_said(
    running: Running,
) -> None:
    for number in range(BEFORE):
        await running.called(number)
    await until("the timeline has followed", lambda: running.follows(BEFORE), 60)
    await spoilt(running.database)

    async def more() -> None:
        for number in range(BEFORE, BEFORE + MEANWHILE):
            await running.called(number)

    async with asyncio.timeout(45):
        rebuilt, _ = await asyncio.gather(rebuild(running.hearing, running.settings.platform.kafka), more())
    assert rebuilt.written >= BEFORE
    assert rebuilt.dropped == 1
    await until("the timeline has followed on", lambda: running.follows(BEFORE + MEANWHILE), 60)
    assert await running.subjects() == await running.contacts()
    assert await running.database.count("timeline", {"marked": True}) == 0
    assert await running.database.count("parked", {}) == 0


async def spoilt(database: MongoDatabase) -> None:
    """One entry is missing, one tells something wrong, and one stands for nothing that was said."""
    first, second, third = await database.find("timeline", {}, sort=(("_id", 1),), limit=3)
    await database.delete("timeline", {"_id": first["_id"]})
    await database.change("timeline", {"_id": second["_id"]}, {"$set": {"subject_id": "1460-c-wrong"}})
    made_up = {**third, "_id": "1460-x-t-1", "entry_id": "1460-x-t-1", "subject_id": "1460-x"}
    await database.change("timeline", {"_id": made_up.pop("_id")}, {"$set": made_up}, upsert=True)


def test_what_is_rebuilt_is_what_is_heard() -> None:
    for stream, kinds in TOLD.items():
        assert {kind.type for kind in kinds} <= set(bus.heard[stream.topic])
