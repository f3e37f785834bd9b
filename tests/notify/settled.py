"""notify on the fake database, with a clock that stands still and a channel that does as it is told."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.notify.app import parts
from services.notify.model import ChannelName, Letter, Message, Outcome, Receipt
from services.notify.sender import Sender
from services.notify.settings import Settings
from services.notify.store import KeptMessages
from shared.contracts.event import Event
from shared.contracts.intake_alarms import ContactAlarmed
from shared.contracts.intake_parties import PartyDeclared, PartyErased
from shared.contracts.procurement_plan import TimeToProcureReached
from shared.contracts.routing_matters import MatterAssigned, MatterContactAdded
from shared.contracts.routing_officers import OfficerDeclared, OfficerErased
from shared.platform.batch import Batch
from shared.platform.clock import FixedClock
from shared.platform.cloudevents import encode
from shared.platform.database import Database, Document
from shared.platform.leases import Lease
from shared.platform.memory import MemoryDatabase
from shared.platform.parking import Parking
from shared.platform.positions import Positions
from shared.platform.service import hearing_for
from shared.platform.settings import PlatformSettings
from shared.platform.understand import Record
from shared.platform.vault import Keyring

AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
OFFICER, PARTY, MATTER = "1460-o-lind", "1460-p-1", "1460-m-1"
TAKEN = Receipt(Outcome.TAKEN, "250")


def settings() -> Settings:
    return Settings(platform=PlatformSettings(environment="development"))


def officer(officer_id: str = OFFICER, **members: Any) -> OfficerDeclared:
    usual = {"name": "Karin Lind", "e_mail": f"{officer_id[7:]}@kommun.example", "case_types": [], "active": True}
    return OfficerDeclared.model_validate({"municipality": "1460", "officer_id": officer_id, **usual, **members})


def party(party_id: str = PARTY, **members: Any) -> PartyDeclared:
    usual = {"name": "Glass AB", "e_mail": f"{party_id[7:]}@company.example", "language": "sv"}
    return PartyDeclared.model_validate({"municipality": "1460", "party_id": party_id, **usual, **members})


def party_erased(party_id: str = PARTY) -> PartyErased:
    return PartyErased(municipality="1460", party_id=party_id)


def officer_erased(officer_id: str = OFFICER) -> OfficerErased:
    return OfficerErased(municipality="1460", officer_id=officer_id)


def assigned(matter_id: str = MATTER, **members: Any) -> MatterAssigned:
    usual = {
        "municipality": "1460",
        "matter_id": matter_id,
        "contact_id": "1460-c-1",
        "party_id": PARTY,
        "case_type": "serv_stad",
        "officer_id": OFFICER,
        "reason_sv": "Minst belastad.",
        "reason_en": "Least burdened.",
        "assigned_at": AT,
    }
    return MatterAssigned.model_validate({**usual, **members})


def news(**members: Any) -> MatterContactAdded:
    usual = {
        "municipality": "1460",
        "matter_id": MATTER,
        "contact_id": "1460-c-2",
        "case_type": "serv_stad",
        "officer_id": OFFICER,
        "added_at": AT,
    }
    return MatterContactAdded.model_validate({**usual, **members})


def alarm(kind: str = "promise-at-risk", **members: Any) -> ContactAlarmed:
    usual = {
        "municipality": "1460",
        "contact_id": "1460-c-261124-1",
        "number": "K 2026/000123",
        "kind": kind,
        "case_types": ["serv_stad", "markuppl"],
        "answer_by": AT,
        "bounces": 0,
        "alarmed_at": AT,
    }
    return ContactAlarmed.model_validate({**usual, **members})


def reached(**members: Any) -> TimeToProcureReached:
    usual = {
        "municipality": "1460",
        "contract_id": "1460-a-1",
        "title": "Städning av förskolor",
        "owner_id": OFFICER,
        "ends_on": date(2027, 8, 31),
        "start_procuring_on": date(2026, 11, 24),
        "reached_at": AT,
        "rule": "lead-time-default",
        "rule_source": "Kommunens rutin",
        "rule_verified": False,
    }
    return TimeToProcureReached.model_validate({**usual, **members})


def record(event: Event, sequence: int = 1, offset: int = 0) -> Record:
    municipality, owner = "1460", event.stream.owner
    value, headers = encode(
        event,
        sequence=sequence,
        epoch=1,
        at=AT,
        source=f"/{municipality}/{owner}",
        municipality=municipality,
        key=event.subject,
        causation=None,
        correlation="1460-c-1/1/1",
        traceparent=None,
    )
    return Record(event.stream.topic, 0, offset, event.subject.encode(), value, list(headers))


async def until(so: Callable[[], bool]) -> None:
    """Let the others run until it is so; TimeoutError when it never is."""
    async with asyncio.timeout(30):
        while not so():  # noqa: ASYNC110 - what we wait for has no event of its own
            await asyncio.sleep(0.001)


@dataclass
class FakeChannel:
    """Takes every letter, unless `answers` says otherwise; `on_send` happens while a letter is on its way."""

    name: ChannelName = ChannelName.E_MAIL
    at_once: int = 2
    answers: Callable[[Letter], Receipt] = lambda letter: TAKEN
    sent: list[Letter] = field(default_factory=list)
    on_send: Callable[[Letter], None] = lambda letter: None
    gate: asyncio.Event | None = None
    closed: bool = False

    async def send(self, letter: Letter) -> Receipt:
        self.sent.append(letter)
        self.on_send(letter)
        if self.gate is not None:
            await self.gate.wait()
        await asyncio.sleep(0)
        return self.answers(letter)

    async def close(self) -> None:
        self.closed = True


class Notify:
    """The service without Kafka and without a mail server."""

    def __init__(self, database: Database | None = None) -> None:
        self.database = database or MemoryDatabase()
        self.clock = FixedClock(AT)
        self.hearing = hearing_for(parts(settings()), settings().platform, self.database, self.clock, self.clock)
        self.channel = FakeChannel()
        self.sender = self.another_sender("a")
        self._offsets: dict[str, int] = {}

    def another_sender(self, instance: str) -> Sender:
        lease = Lease(self.database, "sender", instance, self.clock, self.hearing.metrics)
        return Sender(self.hearing, self.channel, lease)

    async def hear(self, *events: Event, sequence: int = 1) -> None:
        await self.take(*(record(event, sequence, self._offset(event)) for event in events))

    async def take(self, *records: Record) -> None:
        session = await self.database.session()
        positions = Positions(self.database, "notify")
        await positions.take({(one.topic, one.partition) for one in records}, session.id)
        subjects = await Batch(self.hearing, positions, session).take(records)
        await session.close()
        await Parking(self.hearing).heard_of(subjects)

    async def look_at_parked(self) -> None:
        """What waits is tried again."""
        self.clock.advance(timedelta(minutes=1))
        await Parking(self.hearing).wake_due()

    async def planned(self, count: int = 1, **members: Any) -> None:
        """An officer, a party without e-mail and so many matters: one message each, to the officer."""
        await self.hear(officer(), party(e_mail=None))
        await self.hear(*(assigned(f"{MATTER}-{number:05d}", **members) for number in range(count)))

    async def look(self, after: timedelta = timedelta(0), sender: Sender | None = None) -> int:
        self.clock.advance(after)
        return await (sender or self.sender).look()

    async def kept(self, collection: str) -> list[Document]:
        """The documents of a collection, with what is sealed in them opened."""
        documents = await self.database.find(collection, {})
        for store in self.hearing.shelf.values():
            if store.collection == collection:
                await Keyring(self.hearing.vault, self.database).open(collection, store.sealed_by, documents)
        return documents

    async def messages(self) -> list[Message]:
        ring = Keyring(self.hearing.vault, self.database)
        return await KeptMessages(self.database, ring).page({}, sort=(("order", 1),), limit=0)

    async def message(self) -> Message:
        [only] = await self.messages()
        return only

    async def said(self, short: str) -> list[dict[str, Any]]:
        outbox = await self.kept("outbox")
        return [json.loads(bytes(one["b"])) for one in outbox if f".{short}.".encode() in bytes(one["h"]["ce_type"])]

    def _offset(self, event: Event) -> int:
        self._offsets[event.stream.topic] = self._offsets.get(event.stream.topic, -1) + 1
        return self._offsets[event.stream.topic]
