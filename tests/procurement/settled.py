"""procurement on the fake database, with a clock that goes on when it is told to."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from services.procurement.app import parts
from services.procurement.model import Signed
from services.procurement.settings import Settings
from shared.contracts.inbox import ContractSigned
from shared.platform.batch import Batch
from shared.platform.clock import FixedClock
from shared.platform.database import Document
from shared.platform.hearing import Hearing
from shared.platform.leases import Lease
from shared.platform.memory import MemoryDatabase
from shared.platform.positions import Positions
from shared.platform.service import hearing_for
from shared.platform.settings import PlatformSettings, Publisher
from shared.platform.timers import Timers
from shared.platform.understand import Record

AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
TOPIC, OTHER_TOPIC = "inbox.finance.v1", "inbox.other-town.v1"
PUBLISHERS = (
    Publisher(name="finance", municipality="1460", types=("contract-signed",)),
    Publisher(name="other-town", municipality="1438", types=("contract-signed",)),
)


def settings() -> Settings:
    return Settings(platform=PlatformSettings(environment="development", publishers=PUBLISHERS))


def contract(**members: Any) -> dict[str, Any]:
    return {"reference": "A-1", "title": "Skyltar", "owner_id": "lind", "ends_on": "2027-12-31", **members}


def signed(**members: Any) -> Signed:
    usual: dict[str, Any] = {
        "municipality": "1460",
        "publisher": "finance",
        "by": "finance",
        "reference": "A-1",
        "title": "Skyltar",
        "owner_id": "lind",
        "ends_on": date(2027, 12, 31),
    }
    return Signed(**{**usual, **members})


def record(data: Mapping[str, Any], event_id: str = "1", offset: int = 0, topic: str = TOPIC) -> Record:
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", event_id.encode()),
        ("ce_source", b"/finance"),
        ("ce_type", ContractSigned.type.encode()),
    ]
    return Record(topic, 0, offset, b"key", json.dumps(data).encode(), headers)


class Procurement:
    """The service without Kafka: records in, days pass, documents out."""

    def __init__(self) -> None:
        self.database = MemoryDatabase()
        self.clock = FixedClock(AT)
        brought = parts(settings())
        self.hearing: Hearing = hearing_for(brought, settings().platform, self.database, self.clock, self.clock)
        lease = Lease(self.database, "timers", "here", self.clock, self.hearing.metrics)
        self.timers = Timers(self.hearing, tuple(brought.bus.promises), lease)

    async def hear(self, *records: Record) -> None:
        session = await self.database.session()
        positions = Positions(self.database, "procurement")
        await positions.take({(one.topic, one.partition) for one in records}, session.id)
        await Batch(self.hearing, positions, session).take(records)

    async def wait_until(self, at: datetime) -> None:
        """Nothing runs until then; then the timers look, as often as it takes."""
        self.clock.advance(at - self.clock.now())
        while await self.timers.keep_due():
            pass

    async def kept(self, collection: str) -> list[Document]:
        return await self.database.find(collection, {})

    async def said(self, short: str) -> list[dict[str, Any]]:
        outbox = await self.kept("outbox")
        return [json.loads(bytes(one["b"])) for one in outbox if f".{short}.".encode() in bytes(one["h"]["ce_type"])]
