"""intake with a municipality that has decided on a retention plan, and time that passes when it is told to."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from shared.platform.clock import FixedClock
from tests.intake.at_doors import AtDoors

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
    """intake's doors, with a plan."""

    clock: FixedClock

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
