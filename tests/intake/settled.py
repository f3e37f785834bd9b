"""intake on the fake database, with a clock that stands still."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from services.intake.app import parts
from services.intake.settings import Settings
from shared.contracts.inbox import ContactReceived
from shared.platform.batch import Batch
from shared.platform.clock import FixedClock
from shared.platform.database import Document
from shared.platform.desk import Desk
from shared.platform.hearing import Hearing
from shared.platform.memory import MemoryDatabase
from shared.platform.positions import Positions
from shared.platform.service import hearing_for
from shared.platform.settings import DEVELOPMENT_SECRET, PlatformSettings, Publisher
from shared.platform.understand import Record
from shared.platform.vault import Keyring, Vault

AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
TOPIC = "inbox.e-services.v1"
VAULT = Vault((DEVELOPMENT_SECRET,), os.urandom)
PUBLISHERS = (
    Publisher(name="e-services", municipality="1460", types=("contact-received",)),
    Publisher(name="other-town", municipality="1438", types=("contact-received",)),
)


def settings(**others: Any) -> Settings:
    return Settings(platform=PlatformSettings(environment="development", publishers=PUBLISHERS), **others)


def contact(**members: Any) -> dict[str, Any]:
    usual = {"reference": "E-1", "channel": "web", "received_at": "2026-11-24T10:00:00+01:00", "wish": "Vi vill öppna."}
    return {**usual, **members}


def record(data: Mapping[str, Any], event_id: str = "1", offset: int = 0, topic: str = TOPIC) -> Record:
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", event_id.encode()),
        ("ce_source", b"/e-services"),
        ("ce_type", ContactReceived.type.encode()),
    ]
    return Record(topic, 0, offset, b"key", json.dumps(data).encode(), headers)


async def opened(database: MemoryDatabase, collection: str) -> list[Document]:
    """The documents of a collection, with what is sealed in them opened."""
    documents = await database.find(collection, {})
    for store in parts(settings()).shelf.values():
        if store.collection == collection:
            await Keyring(VAULT, database).open(collection, store.sealed_by, documents)
    return documents


class Intake:
    """The service without Kafka: records in, documents out."""

    def __init__(self, database: Any = None, **others: Any) -> None:
        told = settings(**others)
        brought = parts(told)
        self.database, self.clock = database or MemoryDatabase(), FixedClock(AT)
        self.hearing: Hearing = hearing_for(brought, told.platform, self.database, self.clock, self.clock)
        self.desk, self.promises = Desk(self.hearing), brought.bus.promises

    async def hear(self, *records: Record) -> None:
        session = await self.database.session()
        positions = Positions(self.database, "intake")
        await positions.take({(one.topic, one.partition) for one in records}, session.id)
        await Batch(self.hearing, positions, session).take(records)

    async def kept(self, collection: str) -> list[Document]:
        return await opened(self.database, collection)

    async def said(self, short: str) -> list[dict[str, Any]]:
        outbox = await self.kept("outbox")
        return [json.loads(bytes(one["b"])) for one in outbox if f".{short}.".encode() in bytes(one["h"]["ce_type"])]
