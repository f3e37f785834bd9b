"""routing on the fake database, with a clock that moves only when it is told to."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from services.routing.app import parts
from services.routing.handlers import bus
from services.routing.settings import Settings
from shared.contracts.event import Event
from shared.contracts.inbox import OfficerChanged
from shared.contracts.intake_contacts import ContactLinked, ContactReferred, ContactRegistered, ContactUnlinked
from shared.contracts.streams import INTAKE_CONTACTS
from shared.platform.batch import Batch
from shared.platform.clock import FixedClock
from shared.platform.database import Document, Query, Sort
from shared.platform.hearing import Hearing
from shared.platform.leases import Lease
from shared.platform.memory import MemoryDatabase
from shared.platform.positions import Positions
from shared.platform.service import hearing_for
from shared.platform.settings import PlatformSettings, Publisher
from shared.platform.timers import Timers
from shared.platform.understand import Record

AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
STAFF, OTHER_STAFF = "inbox.staff.v1", "inbox.other-staff.v1"
PUBLISHERS = (
    Publisher(name="staff", municipality="1460", types=("officer-changed",)),
    Publisher(name="other-staff", municipality="1438", types=("officer-changed",)),
)


def settings(**members: Any) -> Settings:
    return Settings(platform=PlatformSettings(environment="development", publishers=PUBLISHERS, **members))


def officer(officer_id: str = "lind", *case_types: str, **members: Any) -> dict[str, Any]:
    usual = {"name": officer_id.title(), "e_mail": f"{officer_id}@kommun.example"}
    return {"reference": officer_id, "officer_id": officer_id, **usual, "case_types": list(case_types), **members}


def contact(number: int | str, *case_types: str, municipality: str = "1460", **members: Any) -> dict[str, Any]:
    return {
        "municipality": municipality,
        "contact_id": f"{municipality}-c-{number}",
        "channel": "web",
        "case_types": list(case_types),
        "language": "sv",
        "received_at": "2026-11-24T09:00:00Z",
        "registered_at": "2026-11-24T09:00:01Z",
        **members,
    }


def inbound(data: Mapping[str, Any], event_id: str, offset: int, topic: str) -> Record:
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", event_id.encode()),
        ("ce_source", b"/staff"),
        ("ce_type", OfficerChanged.type.encode()),
    ]
    return Record(topic, 0, offset, b"key", json.dumps(data).encode(), headers)


def own(data: Mapping[str, Any], offset: int, kind: type[Event] = ContactRegistered, sequence: int = 1) -> Record:
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", f"{data['contact_id']}/1/{sequence}".encode()),
        ("ce_source", f"/{data['municipality']}/intake".encode()),
        ("ce_type", kind.type.encode()),
        ("ce_subject", str(data["contact_id"]).encode()),
        ("ce_municipality", str(data["municipality"]).encode()),
        ("ce_sequence", str(sequence).encode()),
        ("ce_epoch", b"1"),
    ]
    return Record(INTAKE_CONTACTS.topic, 0, offset, b"key", json.dumps(data).encode(), headers)


class CountedDatabase(MemoryDatabase):
    """The fake database, counting the questions put to each collection."""

    def __init__(self) -> None:
        super().__init__()
        self.finds: Counter[str] = Counter()

    async def find(self, collection: str, query: Query, *, sort: Sort = (), limit: int = 0) -> list[Document]:
        self.finds[collection] += 1
        return await super().find(collection, query, sort=sort, limit=limit)


class Routing:
    """The service without Kafka: records in, documents out."""

    def __init__(self) -> None:
        self.database = CountedDatabase()
        self.clock = FixedClock(AT)
        platform = settings().platform
        self.hearing: Hearing = hearing_for(parts(settings()), platform, self.database, self.clock, self.clock)
        self._offsets = count()

    async def hear(self, *records: Record) -> None:
        session = await self.database.session()
        positions = Positions(self.database, "routing")
        await positions.take({(one.topic, one.partition) for one in records}, session.id)
        await Batch(self.hearing, positions, session).take(records)

    async def told(self, *officers: Mapping[str, Any], topic: str = STAFF) -> None:
        """The staff system tells of officers, each time in an event of its own."""
        offsets = [next(self._offsets) for _ in officers]
        told = zip(officers, offsets, strict=True)
        await self.hear(*(inbound(one, f"event-{offset}", offset, topic) for one, offset in told))

    async def registered(self, *contacts: Mapping[str, Any]) -> None:
        """Contacts, in one batch."""
        await self.hear(*(own(one, next(self._offsets)) for one in contacts))

    async def linked(self, number: int, to: int, case_type: str, again: bool = False) -> None:
        """A contact is about the same as another, and has nothing of its own to open."""
        told = {
            "municipality": "1460",
            "contact_id": f"1460-c-{number}",
            "linked_to": f"1460-c-{to}",
            "case_type": case_type,
            "begun_at": "2026-11-24T09:00:01Z",
            "within_days": 180,
            "linked_at": "2026-11-24T09:00:02Z",
        }
        if not again:
            await self.registered(contact(number, case_type, linked_types=[case_type]))
        await self.hear(own(told, next(self._offsets), ContactLinked, 3 if again else 2))

    async def referred(self, number: int, *case_types: str, sequence: int = 2, **members: Any) -> None:
        """The reception hands a contact over."""
        told = {
            "municipality": "1460",
            "contact_id": f"1460-c-{number}",
            "channel": "phone",
            "case_types": list(case_types),
            "language": "sv",
            "promised_at": "2026-11-24T15:00:00Z",
            "referred_at": "2026-11-24T09:10:00Z",
            "times": sequence - 1,
            **members,
        }
        await self.hear(own(told, next(self._offsets), ContactReferred, sequence))

    async def parted(self, number: int, from_: int, case_type: str) -> None:
        """A contact was about something of its own after all."""
        told = {
            "municipality": "1460",
            "contact_id": f"1460-c-{number}",
            "linked_to": f"1460-c-{from_}",
            "case_type": case_type,
            "unlinked_at": "2026-11-24T09:00:03Z",
        }
        await self.hear(own(told, next(self._offsets), ContactUnlinked, 3))

    async def later(self, by: timedelta) -> None:
        """Time passes, and what is due is looked at."""
        self.clock.advance(by)
        lease = Lease(self.database, "timers", "here", self.clock, self.hearing.metrics)
        await Timers(self.hearing, tuple(bus.promises), lease).keep_due()

    async def kept(self, collection: str) -> list[Document]:
        return await self.database.find(collection, {})

    async def loads(self) -> dict[str, int]:
        """Officer -> open matters."""
        return {one["officer_id"]: one["open_matters"] for one in await self.kept("officers")}

    async def said(self, short: str) -> list[dict[str, Any]]:
        outbox = await self.kept("outbox")
        return [json.loads(bytes(one["b"])) for one in outbox if f".{short}.".encode() in bytes(one["h"]["ce_type"])]
