"""The retention plan on a real MongoDB, killed again and again: each thing goes once, and none goes unarchived."""

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.intake.app import parts
from services.intake.attachments import take
from services.intake.model.contact import Arrival, Speaker
from services.intake.model.disposal import LegalHold
from services.intake.registration import Registers, register
from services.intake.retention.package import checked
from services.intake.retention.taking import Came
from services.intake.store.contacts import Contacts
from shared.platform.clock import FixedClock
from shared.platform.desk import Desk
from shared.platform.mongo import MongoDatabase, connect
from shared.platform.service import hearing_for
from shared.platform.work import KEPT
from stack.mongo import Mongo
from tests.conftest import forget_unclosed, fresh_name
from tests.intake.by_plan import planned, row
from tests.intake.settled import settings
from tests.intake.test_attachments import arriving
from tests.waiting import until_sync

pytestmark = pytest.mark.servers

ROOT = Path(__file__).parents[2]
THEN = datetime(2025, 5, 6, 9, tzinfo=UTC)
CONTACTS, HELD = 130, 7
ROWS = (
    row("contacts.trivial", fate="archive", counted_from="registered", valid_from="2020-01-01", notice_days=0),
    row("parties", valid_from="2020-01-01", notice_days=0),
)


def arrivals(attachment: Any) -> list[Arrival]:
    usual: dict[str, Any] = {"municipality": "1460", "by": "bo", "channel": "phone", "received_at": THEN}
    return [
        Arrival(
            **usual,
            key=f"call {number}",
            wish=f"Fråga nummer {number}",
            trivial="wrong-number",
            speaker=Speaker(name=f"Anna {number}"),
            attachments=(attachment,) if number == 0 else (),
        )
        for number in range(CONTACTS)
    ]


async def called_long_ago(database: MongoDatabase) -> set[str]:
    """Calls of a year ago, some of which are held; returns those that are not."""
    clock = FixedClock(THEN)
    told = settings()
    desk = Desk(hearing_for(parts(told), told.platform, database, clock, clock))
    attachment = await take(arriving(b"%PDF-1.7 Ritning" * 30_000), desk)

    async def register_all(registers: Registers, at: datetime) -> Came:
        for arrival in arrivals(attachment):
            await register(arrival, registers, at)
        return Came(group=None)

    await desk.do(register_all)
    found = await database.find("contacts", {}, sort=(("_id", 1),))
    for one in found[:HELD]:
        await _hold(desk, one["_id"])
    return {one["_id"] for one in found[HELD:]}


async def _hold(desk: Desk, contact_id: str) -> None:
    async def hold(contacts: Contacts, at: datetime) -> Came:
        contact = await contacts.get(contact_id)
        assert contact is not None
        contacts.save(replace(contact, holds=(LegalHold(at, "bo", "Tvist."),)))
        return Came(group=None)

    await desk.do(hold)


def command(mongo: Mongo, database: str, folder: Path, *words: str) -> "subprocess.Popen[bytes]":
    told = {
        "KOMMUNKONTAKT_ENVIRONMENT": "development",
        "KOMMUNKONTAKT_MONGO_URL": mongo.url,
        "INTAKE_DATABASE": database,
        "INTAKE_DATA_DIR": str(folder / "plans"),
        "INTAKE_ARCHIVE_DIR": str(folder / "archive"),
        "COLUMNS": "200",
    }
    run = [sys.executable, "-m", "services.intake.commands.retention", *words]
    return subprocess.Popen(run, cwd=ROOT, env={**os.environ, **told}, stdout=subprocess.PIPE)


def packages(folder: Path) -> list[Path]:
    return [path for path in (folder / "archive").rglob("*.zip") if not path.name.startswith(".")]


def killed_when(mongo: Mongo, database: str, folder: Path, many: int) -> None:
    """A run that is killed when so many packages lie in the archive."""
    with command(mongo, database, folder, "run") as process:
        until_sync(f"{many} packages are there", lambda: len(packages(folder)) >= many)
        process.kill()


async def test_killed_again_and_again_each_goes_once_and_only_what_lies_in_the_archive(
    mongo_server: Mongo, tmp_path: Path
) -> None:
    (tmp_path / "archive").mkdir()
    planned(tmp_path / "plans", ROWS)
    name = fresh_name()
    database = connect(mongo_server.url, name)
    stores = parts(settings()).shelf.values()
    await database.prepare([*KEPT, *(store.layout() for store in stores)])
    try:
        due = await called_long_ago(database)
        for many in (5, 105):
            killed_when(mongo_server, name, tmp_path, many)
            gone = {one["_id"] for one in await database.find("contacts", {}) if one["disposal"] is not None}
            assert gone <= {path.stem for path in packages(tmp_path)}, "erased here before it lay there"
        with command(mongo_server, name, tmp_path, "run") as process:
            said = process.stdout.read().decode() if process.stdout else ""
        assert process.returncode == 0, said
        assert f"{len(due)} contacts.trivial (archive, 1460 contacts.trivial 2020-01-01, KS 2026/77)" in said
        await _all_went_once(database, due, tmp_path)
        with command(mongo_server, name, tmp_path, "preview", "--municipality", "1460") as process:
            shown = process.stdout.read().decode() if process.stdout else ""
        assert f"{HELD} hold {HELD}" in shown
    finally:
        await database.drop()
        await database.close()
        forget_unclosed()


async def _all_went_once(database: MongoDatabase, due: set[str], folder: Path) -> None:
    kept = await database.find("contacts", {})
    assert {one["_id"] for one in kept if one["wish"] is None} == due
    assert len(kept) == CONTACTS
    assert not {row["_id"] for row in await database.find("keys", {})} & due
    [run] = await database.find("retention_runs", {})
    assert {one["kind"]: one["count"] for one in run["taken"]} == {"contacts.trivial": len(due)}
    taken = await database.find("retention_announcements", {"run_id": run["_id"]})
    assert Counter(one["subject_id"] for one in taken) == Counter(due)
    lies = packages(folder)
    assert {path.stem for path in lies} == due
    assert {checked(path).contact_id for path in lies} == due
    assert len([path for path in (folder / "archive").rglob("*") if path.is_file()]) == len(due)
