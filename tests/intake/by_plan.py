"""intake with a municipality that has decided on a retention plan, and time that passes when it is told to."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from services.intake.app import parts, retention_job
from services.intake.handlers import bus
from services.intake.retention.job import RetentionJob
from shared.platform.clock import FixedClock
from shared.platform.leases import Lease
from shared.platform.service import hearing_for
from shared.platform.timers import Timers
from tests.intake.at_doors import AtDoors
from tests.intake.settled import settings

DECISION = {"decided_by": "KS", "decided_on": "2026-10-01", "reference": "KS 2026/77", "paragraph": "AL 10 §"}
CALL = {"channel": "phone", "wish": "När öppnar ni?", "person": {"name": "Anna Glas", "phone": "0531-1"}}
NOTICE = 30


def row(kind: str, fate: str = "erase", **members: Any) -> dict[str, Any]:
    """A row that the municipality has decided on: a year from then, announced for thirty days."""
    usual = {
        "sv": "Gallras enligt plan.",
        "en": "Erased by the plan.",
        "years": 1,
        "notice_days": NOTICE,
        "valid_from": "2026-01-01",
        "valid_to": None,
        "source": "Informationshanteringsplan 2026",
        "sureness": "A",
        "decision": DECISION,
        "counted_from": {"parties": "last-contact"}.get(kind, "closed" if kind.startswith("contacts") else "made"),
    }
    return {"kind": kind, "fate": fate, **usual, **members}


PLAN = (
    row("contacts"),
    row("contacts.with-matter", fate="archive"),
    row("contacts.trivial", counted_from="registered", years=0, months=3, notice_days=0),
    row("parties"),
    row("follow_ups"),
    row("disclosures"),
    row("company_changes"),
)


def planned(folder: Path, rows: tuple[Mapping[str, Any], ...] = PLAN, municipality: str = "1460") -> Path:
    """The folder of municipalities' own files, with this plan in it."""
    (folder / municipality).mkdir(parents=True, exist_ok=True)
    (folder / municipality / "retention.json").write_text(json.dumps(rows))
    return folder


class ByPlan(AtDoors):
    """intake's doors and its daily run, with a plan."""

    clock: FixedClock

    def __init__(self, municipality: str = "1460", **others: Any) -> None:
        super().__init__(municipality, **others)
        self.settings = settings(**others)
        self.hearing = hearing_for(parts(self.settings), self.settings.platform, self.database, self.clock, self.clock)

    def job(self, at_once: int = 100) -> RetentionJob:
        """One instance's, that has just started."""
        made = retention_job(self.settings, self.hearing, "here")
        made.at_once = at_once
        return made

    async def run_on(self, day: date, at_once: int = 100) -> dict[str, Any]:
        """Time passes until that day, and the day's run; returns it as it is shown."""
        self.until(day)
        await self.job(at_once).finish()
        shown: dict[str, Any] = (await self.get("/retention/runs", role="registrar")).json()["items"][0]
        return shown

    async def taken(self, run: dict[str, Any]) -> list[str]:
        """What a run took."""
        path = f"/retention/runs/{run['run_id']}/taken"
        return [one["subject_id"] for one in (await self.get(path, role="manager", limit=100)).json()["items"]]

    async def look_at_promises(self) -> None:
        """What is due is looked at, such as the bytes of attachments that are to go."""
        lease = Lease(self.database, "timers", "here", self.clock, self.hearing.metrics)
        await Timers(self.hearing, tuple(bus.promises), lease).keep_due()

    def until(self, day: date) -> None:
        """Time passes until noon of a later day."""
        self.clock.advance(datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=11) - self.clock.now())

    async def called(self, **members: Any) -> dict[str, Any]:
        """Somebody calls, and waits for an answer."""
        registered = await self.post("/contacts", {**CALL, **members})
        assert registered.status_code == 201, registered.text
        told: dict[str, Any] = registered.json()
        return told

    async def answered(self, **members: Any) -> dict[str, Any]:
        """Somebody calls, and is answered."""
        contact = await self.called(**members)
        answered = await self.post(f"/contacts/{contact['contact_id']}/answer", {"case_type": "serv_tillf"})
        assert answered.status_code == 200, answered.text
        told: dict[str, Any] = answered.json()
        return told

    async def preview(self, on: date | None = None) -> dict[str, dict[str, Any]]:
        """What the plan takes by a day, kind by kind."""
        shown = await self.get("/retention/preview", role="registrar", **({} if on is None else {"on": str(on)}))
        assert shown.status_code == 200, shown.text
        return {one["rule"]["kind"]: one for one in shown.json()["plan"]}

    async def due(self, group: str, on: date | None = None) -> list[dict[str, Any]]:
        """Each thing of a group whose time has come by a day, piece by piece."""
        params: dict[str, str | int] = {"limit": 2, **({} if on is None else {"on": str(on)})}
        found: list[dict[str, Any]] = []
        while True:
            shown = await self.get(f"/retention/preview/{group}", role="manager", **params)
            assert shown.status_code == 200, shown.text
            found += shown.json()["items"]
            if shown.json()["next"] is None:
                return found
            params["cursor"] = shown.json()["next"]
