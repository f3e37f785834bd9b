"""The reception at work without servers: doors, what routing says, and a clock that moves only when it is told to."""

from collections import Counter
from datetime import timedelta
from typing import Any

from services.intake.app import parts
from services.intake.handlers import bus
from shared.contracts.event import Event
from shared.contracts.routing_matters import MatterAssigned, MatterContactAdded, MatterOpened, MatterWaiting
from shared.contracts.routing_officers import OfficerDeclared, OfficerErased
from shared.platform.batch import Batch
from shared.platform.cloudevents import encode
from shared.platform.leases import Lease
from shared.platform.positions import Positions
from shared.platform.service import hearing_for
from shared.platform.timers import Timers
from shared.platform.understand import Record
from tests.intake.at_doors import AtDoors
from tests.intake.settled import AT, record, settings

LIND = "1460-o-lind"
CALL = {"channel": "phone", "wish": "Får vi ha uteservering?"}
SOON = "2026-11-24T14:00:00+01:00"
"""Two and a half hours after the clock's time."""


class AtReception(AtDoors):
    """intake with its doors and its ears."""

    def __init__(self) -> None:
        super().__init__()
        self.hearing = hearing_for(parts(settings()), settings().platform, self.database, self.clock, self.clock)
        self._sequences: Counter[str] = Counter()
        self._offset = 0

    async def registered(self, **members: Any) -> dict[str, Any]:
        """A call is taken down."""
        answer = await self.post("/contacts", {**CALL, **members})
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def handed_over(self, contact_id: str, **members: Any) -> dict[str, Any]:
        """A contact is handed over to those who have serving licences."""
        asked = {"function": "Alkoholhandläggare", "promised_at": SOON, "case_types": ["serv_stad"], **members}
        answer = await self.post(f"/contacts/{contact_id}/hand-over", asked)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def seen(self, contact_id: str) -> dict[str, Any]:
        told: dict[str, Any] = (await self.get(f"/contacts/{contact_id}")).json()
        return told

    async def listed(self, which: str) -> list[str]:
        return [one["contact_id"] for one in (await self.get("/reception", list=which)).json()["items"]]

    async def publish(self, data: dict[str, Any]) -> None:
        """Another system tells of a contact."""
        self._offset += 1
        await self._take([record(data, f"event-{self._offset}", self._offset)])

    async def hear(self, *events: Event) -> None:
        """Others say something, in one batch."""
        await self._take([self._record(event) for event in events])

    async def _take(self, records: list[Record]) -> None:
        session = await self.database.session()
        positions = Positions(self.database, "intake")
        await positions.take({(one.topic, one.partition) for one in records}, session.id)
        await Batch(self.hearing, positions, session).take(records)
        await session.close()
        assert not [row["reason"] for row in await self.kept("parked") if row["kind"] != "awaiting"]

    async def waits_for(self) -> list[str]:
        """What events that could not be acted on yet wait for."""
        return [row["awaits"] for row in await self.kept("parked")]

    async def later(self, by: timedelta) -> None:
        """Time passes, and what is due is looked at."""
        self.clock.advance(by)
        lease = Lease(self.database, "timers", "here", self.clock, self.hearing.metrics)
        await Timers(self.hearing, tuple(bus.promises), lease).keep_due()

    async def alarms(self) -> list[str]:
        """The kinds of alarm that were said, in their order."""
        return [one["kind"] for one in await self.said("contact-alarmed")]

    def _record(self, event: Event) -> Record:
        self._offset += 1
        self._sequences[event.subject] += 1
        value, headers = encode(
            event,
            sequence=self._sequences[event.subject],
            epoch=1,
            at=self.clock.now(),
            source=f"/1460/{event.stream.owner}",
            municipality="1460",
            key=event.subject,
            causation=None,
            correlation="story",
            traceparent=None,
        )
        return Record(event.stream.topic, 0, self._offset, event.subject.encode(), value, list(headers))


def opened(contact_id: str, case_type: str = "serv_stad") -> MatterOpened:
    return MatterOpened.model_validate({**_matter(contact_id, case_type), "opened_at": AT})


def waiting(contact_id: str, case_type: str = "serv_stad") -> MatterWaiting:
    return MatterWaiting.model_validate({**_matter(contact_id, case_type), **WHY, "since": AT})


def assigned(contact_id: str, case_type: str = "serv_stad", officer: str = LIND, *more: str) -> MatterAssigned:
    given = {
        **WHY,
        "officer_id": officer,
        "assigned_at": AT + timedelta(minutes=1),
        "more_contacts": list(more) or None,
    }
    return MatterAssigned.model_validate({**_matter(contact_id, case_type), **given})


def joined(contact_id: str, to: str, officer: str | None, case_type: str = "serv_stad") -> MatterContactAdded:
    about = {**_matter(to, case_type), "contact_id": contact_id}
    return MatterContactAdded.model_validate({**about, "officer_id": officer, "added_at": AT})


def officer(officer_id: str = LIND, name: str = "Karin Lind") -> OfficerDeclared:
    known = {"name": name, "e_mail": "lind@kommun.example", "phone": "0531-526000", "case_types": [], "active": True}
    return OfficerDeclared.model_validate({"municipality": "1460", "officer_id": officer_id, **known})


def gone(officer_id: str = LIND) -> OfficerErased:
    return OfficerErased(municipality="1460", officer_id=officer_id)


WHY = {"reason_sv": "Minst belastad.", "reason_en": "Least burdened."}


def _matter(contact_id: str, case_type: str) -> dict[str, Any]:
    matter_id = f"1460-m-{contact_id[-20:]}-{case_type}"
    return {"municipality": "1460", "matter_id": matter_id, "contact_id": contact_id, "case_type": case_type}
