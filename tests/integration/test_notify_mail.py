"""notify's sender with a real MongoDB and a real mail server, which is stopped and started again meanwhile."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.notify.app import parts
from services.notify.channels.email import EmailChannel
from services.notify.model import Message, State
from services.notify.sender import Sender
from services.notify.store import KeptMessages
from shared.platform.batch import Batch
from shared.platform.clock import SystemClock
from shared.platform.hearing import Hearing
from shared.platform.leases import Lease
from shared.platform.mongo import MongoDatabase
from shared.platform.positions import Positions
from shared.platform.service import hearing_for
from shared.platform.vault import Keyring
from shared.platform.work import KEPT
from stack.mail import Mail
from stack.mongo import Mongo
from stack.testing import start_servers
from tests.conftest import connected
from tests.notify.settled import assigned, officer, party, record, settings
from tests.waiting import until

pytestmark = pytest.mark.servers

SENDER = "kommunkontakt@kommun.example"
PARTIES = 20


class Office:
    """notify's handlers and sender on a real MongoDB and a real mail server."""

    def __init__(self, database: MongoDatabase, mail: Mail) -> None:
        self.database, self.mail = database, mail
        self.clock = SystemClock()
        self.hearing: Hearing = hearing_for(parts(settings()), settings().platform, database, self.clock, self.clock)

    async def prepare(self) -> None:
        stores = [store.layout() for store in self.hearing.shelf.values()]
        await self.database.prepare([*KEPT, *stores])

    async def plan(self, matters: int) -> int:
        """Officers, parties and matters are heard of; returns how many messages that must give."""
        people = [officer(), *(party(f"1460-p-{number}") for number in range(PARTIES))]
        given = [assigned(f"1460-m-{number:05d}", party_id=f"1460-p-{number % PARTIES}") for number in range(matters)]
        await self._hear(people)
        await self._hear(given)
        return 2 * matters

    async def _hear(self, events: Sequence[Any]) -> None:
        session = await self.database.session()
        positions = Positions(self.database, "notify")
        records = [record(event, offset=offset) for offset, event in enumerate(events)]
        await positions.take({(one.topic, one.partition) for one in records}, session.id)
        for first in range(0, len(records), 500):
            await Batch(self.hearing, positions, session).take(records[first : first + 500])
        await session.close()

    def sender(self, instance: str = "a") -> Sender:
        channel = EmailChannel(self.mail.smtp_url, SENDER, self.clock)
        lease = Lease(self.database, "sender", instance, self.clock, self.hearing.metrics)
        return Sender(self.hearing, channel, lease)

    @asynccontextmanager
    async def sending(self, instance: str = "a") -> AsyncIterator["asyncio.Task[None]"]:
        running = asyncio.create_task(self.sender(instance).run())
        try:
            yield running
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def messages(self) -> list[Message]:
        ring = Keyring(self.hearing.vault, self.database)
        return await KeptMessages(self.database, ring).page({}, sort=(("order", 1),), limit=0)

    async def handed_over(self) -> int:
        return await self.database.count("messages", {"state": State.HANDED_OVER.value})

    async def mails(self) -> list[dict[str, Any]]:
        """All mails in the tray, oldest first."""
        found: list[dict[str, Any]] = []
        async with httpx.AsyncClient(base_url=self.mail.url) as client:
            while True:
                page = {"start": len(found), "limit": 200}
                answer = (await client.get("/api/v1/messages", params=page)).json()
                if not answer["messages"]:
                    return found[::-1]
                found += answer["messages"]


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[Mail]:
    with start_servers(tmp_path, kafka=False, mongo=False) as servers:
        yield servers.mail


@pytest.fixture
async def office(mongo_server: Mongo, mail: Mail) -> AsyncIterator[Office]:
    database = connected(mongo_server)
    whole = Office(database, mail)
    await whole.prepare()
    yield whole
    await database.drop()
    await database.close()


async def test_each_message_is_one_mail_in_order_per_recipient(office: Office) -> None:
    expected = await office.plan(60)
    async with office.sending():
        await until("all are handed over", lambda: _so(office, expected))
    mails = await office.mails()
    messages = await office.messages()
    assert len(mails) == expected
    for address in {mail["To"][0]["Address"] for mail in mails}:
        came = [mail["MessageID"].partition("@")[0] for mail in mails if mail["To"][0]["Address"] == address]
        recipient = next(one.recipient_id for one in messages if one.message_id == came[0])
        assert came == [one.message_id for one in messages if one.recipient_id == recipient]
    assert {mail["Subject"] for mail in mails} == {
        "Nytt ärende: stadigvarande serveringstillstånd",
        "Karin Lind är handläggare för ditt ärende",
    }


async def test_a_mail_server_that_is_killed_and_started_again_loses_and_doubles_nothing_untold(office: Office) -> None:
    expected = await office.plan(200)
    async with office.sending():
        await until("some are handed over", lambda: _so(office, 50))
        office.mail.kill()
        await until("it is noticed", lambda: _away(office))
        office.mail.start()
        await until("all are handed over", lambda: _so(office, expected))
    seen = Counter(mail["MessageID"].partition("@")[0] for mail in await office.mails())
    unsure = {one.message_id for one in await office.messages() if one.unknown_outcomes}
    assert len(seen) == expected
    assert {message_id for message_id, count in seen.items() if count > 1} <= unsure
    assert len(unsure) <= 2


async def test_a_mail_server_that_is_silent_for_a_while_is_waited_for(office: Office) -> None:
    expected = await office.plan(5)
    office.mail.pause()
    async with office.sending():
        await until("a claim is kept", lambda: _claimed(office))
        office.mail.resume()
        await until("all are handed over", lambda: _so(office, expected))
    assert len(await office.mails()) == expected


async def _so(office: Office, count: int) -> bool:
    return await office.handed_over() >= count


async def _away(office: Office) -> bool:
    return await office.database.count("messages", {"times_away": {"$gt": 0}}) > 0


async def _claimed(office: Office) -> bool:
    return await office.database.count("messages", {"state": State.HANDING_OVER.value}) > 0
