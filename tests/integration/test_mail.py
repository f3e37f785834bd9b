"""Mail on a real MongoDB: the same mail from eight at once, while it is paused, is one contact with its file whole."""

import asyncio
import hashlib

import pytest

from services.intake.app import parts
from services.intake.attachments import plain_pieces
from services.intake.model.contact import Contact
from services.intake.store.contacts import Contacts
from shared.platform.clock import SystemClock
from shared.platform.desk import Desk
from shared.platform.files import Files
from shared.platform.service import hearing_for
from shared.platform.work import KEPT
from stack.mongo import Mongo
from tests.conftest import connected
from tests.intake.settled import settings
from tests.intake.test_mail_server import PDF, listening_on, send, with_file

pytestmark = pytest.mark.servers
PAUSED_FOR = 2.0


async def test_the_same_mail_from_eight_while_mongodb_is_paused_is_one_contact(mongo: Mongo) -> None:
    database, clock = connected(mongo), SystemClock()
    brought = parts(settings())
    hearing = hearing_for(brought, settings().platform, database, clock, clock)
    await database.prepare([*KEPT, *(store.layout() for store in brought.shelf.values())])
    try:
        async with listening_on(hearing) as listener:
            mongo.pause()
            asyncio.get_running_loop().call_later(PAUSED_FOR, mongo.resume)
            replies = await asyncio.gather(*[send(listener, with_file()) for _ in range(8)])
            again = [await send(listener, with_file()) for _ in range(2)]
        assert all(code in (250, 451) for code, _ in replies)
        taken = {said for code, said in [*replies, *again] if code == 250}

        async def all_of_them(kept: Contacts) -> list[Contact]:
            return await kept.newest("1460", None, 10)

        [contact] = await Desk(hearing).ask(all_of_them)
        assert taken == {f"2.0.0 Taken as {contact.contact_id}"}
        assert (contact.number or "").endswith("/000001")
        [attachment] = contact.attachments or ()
        whole = b"".join([piece async for piece in plain_pieces(attachment, Files(database, clock))])
        assert hashlib.sha256(whole).hexdigest() == hashlib.sha256(PDF).hexdigest() == attachment.sha256
        assert {row["_id"] for row in await database.find("uploads", {"going": False})} == set()
    finally:
        await database.drop()
        await database.close()
