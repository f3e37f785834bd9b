"""What is to be preserved lies in the archive, whole and read back, before it is erased here; else it stays."""

import hashlib
import json
import os
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.intake.attachments import take
from services.intake.model.attachment import Attachment
from services.intake.registration import Registers, register
from services.intake.retention import job, package
from services.intake.retention.looking import Look
from services.intake.retention.package import NotPacked, checked
from services.intake.retention.taking import Came, take_batch
from shared.platform.files import Files
from tests.intake.by_plan import CALL, DECISION, ByPlan, planned, row
from tests.intake.test_attachments import arrival, arriving

DUE = date(2027, 11, 25)
CONTENT = b"%PDF-1.7 Glasets ritning" * 50_000


class Killed(BaseException):
    """What nobody catches, like the end of a process."""


class Preserving(ByPlan):
    """A municipality that preserves its contacts, and what lies in its archive."""

    def __init__(self, folder: Path) -> None:
        rows = (row("contacts", fate="archive", notice_days=0),)
        self.folder = folder / "archive"
        self.folder.mkdir()
        super().__init__(data_dir=planned(folder / "plans", rows), archive_dir=self.folder)

    async def with_file(self, **otherwise: str) -> tuple[str, Attachment]:
        """A contact that came with a file, of which something may be noted otherwise."""
        desk = self.job().desk
        attachment = replace(await take(arriving(CONTENT), desk), **otherwise)  # type: ignore[arg-type]

        async def register_it(registers: Registers) -> Came:
            await register(arrival(attachment), registers, self.clock.now())
            return Came(group=None)

        await desk.do(register_it)
        [contact_id] = [one["_id"] for one in await self.kept("contacts") if one["channel"] == "e-mail"]
        return contact_id, attachment

    def packages(self) -> list[Path]:
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    async def wish(self, contact_id: str) -> str | None:
        wish: str | None = (await self.get(f"/contacts/{contact_id}")).json()["wish"]
        return wish


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Preserving]:
    async with Preserving(tmp_path) as doors:
        yield doors


def inside(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as zipped:
        told: dict[str, Any] = json.loads(zipped.read("contact.json"))
    return told


async def test_a_package_holds_the_contact_its_notes_who_asked_and_by_which_decision(town: Preserving) -> None:
    contact = await town.answered(place={"address": "Glasvägen 1"})
    path = f"/contacts/{contact['contact_id']}"
    await town.post(f"{path}/notes", {"text": "Glaset är blått."})
    run = await town.run_on(DUE)
    assert run["taken"][0]["fate"] == "archive"
    [lies] = town.packages()
    assert lies.relative_to(town.folder) == Path("1460", "2026", f"{contact['contact_id']}.zip")
    told = inside(lies)
    assert (told["contact"]["wish"], told["contact"]["place"]["address"]) == (CALL["wish"], "Glasvägen 1")
    assert (told["contact"]["number"], told["notes"][0]["text"]) == (contact["number"], "Glaset är blått.")
    assert [(one["name"], one["phone"]) for one in told["parties"]] == [("Anna Glas", "0531-1")]
    manifest = checked(lies)
    about = (manifest.contact_id, manifest.number, manifest.rule, manifest.decision)
    assert about == (contact["contact_id"], contact["number"], "1460 contacts 2026-01-01", DECISION)
    with zipfile.ZipFile(lies) as zipped:
        assert hashlib.sha256(zipped.read("contact.json")).hexdigest() == manifest.files[0].sha256
    assert oct(lies.stat().st_mode & 0o777) == "0o600"
    assert await town.wish(contact["contact_id"]) is None
    assert (await town.get(f"{path}/notes")).json()["items"][0]["text"] is None


async def test_its_files_are_in_it_as_they_came_and_their_keys_are_not(town: Preserving) -> None:
    contact_id, attachment = await town.with_file()
    await _close(town, contact_id)
    await town.run_on(DUE)
    [lies] = town.packages()
    with zipfile.ZipFile(lies) as zipped:
        assert zipped.read(f"attachments/{attachment.attachment_id}") == CONTENT
        assert not [name for name in zipped.namelist() if attachment.key.encode() in zipped.read(name)]
    assert inside(lies)["contact"]["attachments"][0]["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    await town.look_at_promises()
    assert await town.kept("files.files") == []


async def test_without_an_archive_it_stays_and_the_preview_says_so(tmp_path: Path) -> None:
    folder = planned(tmp_path, (row("contacts", fate="archive", notice_days=0),))
    async with ByPlan(data_dir=folder) as town:
        await town.answered()
        run = await town.run_on(DUE)
        assert (run["taken"], run["stopped"]) == ([], 1)
        assert [one["why"] for one in await town.due("contacts")] == [["no-archive"]]


async def test_killed_after_the_package_both_are_there_and_the_next_run_goes_on(
    town: Preserving, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = await town.answered()
    town.until(DUE)

    async def killed(look: Look, *others: Any) -> Any:
        if look.group == "contacts":
            raise Killed
        return await take_batch(look, *others)

    monkeypatch.setattr(job, "take_batch", killed)
    for _ in range(2):
        with pytest.raises(Killed):
            await town.job().finish()
    monkeypatch.undo()
    [lies] = town.packages()
    before = lies.stat().st_ino
    assert await town.wish(contact["contact_id"]) == CALL["wish"]
    await town.run_on(DUE)
    assert [lies.stat().st_ino] == [before]
    assert await town.wish(contact["contact_id"]) is None


async def test_killed_in_the_package_nothing_half_stays_for_long(
    town: Preserving, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = await town.answered()
    town.until(DUE)
    left = town.folder / "1460" / "2026" / f".{contact['contact_id']}.zip.dead.part"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    await town.run_on(DUE)
    assert [path.name for path in town.packages()] == [f"{contact['contact_id']}.zip"]


async def test_what_is_written_after_the_package_is_not_erased_but_packed_again(
    town: Preserving, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = await town.answered()
    whole = package.hand_over

    async def slow(*told: Any) -> str:
        packed = await whole(*told)
        await town.post(f"/contacts/{contact['contact_id']}/notes", {"text": "Glaset är rött."})
        return packed

    monkeypatch.setattr(job, "hand_over", slow)
    run = await town.run_on(DUE)
    assert (run["taken"], run["failed"]) == ([], 1)
    assert await town.wish(contact["contact_id"]) == CALL["wish"]
    monkeypatch.undo()
    run = await town.run_on(DUE + timedelta(days=1))
    assert run["taken"][0]["count"] == 1
    assert inside(town.packages()[0])["notes"][0]["text"] == "Glaset är rött."


async def test_a_file_whose_bytes_are_gone_or_changed_keeps_its_contact_here(town: Preserving) -> None:
    contact_id, attachment = await town.with_file()
    await _close(town, contact_id)
    other = await town.answered()
    await Files(town.database, town.clock).delete(attachment.attachment_id)
    run = await town.run_on(DUE)
    assert (run["taken"][0]["count"], run["failed"]) == (1, 1)
    assert await town.wish(contact_id) == "Se bilagan"
    assert [path.name for path in town.packages()] == [f"{other['contact_id']}.zip"]


async def test_a_folder_that_cannot_be_written_keeps_all_and_the_next_day_is_another(town: Preserving) -> None:
    contact = await town.answered()
    (town.folder / "1460").write_text("in the way")
    run = await town.run_on(DUE)
    assert (run["taken"], run["failed"]) == ([], 1)
    assert await town.wish(contact["contact_id"]) == CALL["wish"]
    (town.folder / "1460").unlink()
    assert (await town.run_on(DUE + timedelta(days=1)))["taken"][0]["count"] == 1


async def test_a_file_that_is_not_what_came_keeps_its_contact_here(town: Preserving) -> None:
    contact_id, _ = await town.with_file(sha256="0" * 64)
    await _close(town, contact_id)
    run = await town.run_on(DUE)
    assert (run["taken"], run["failed"], town.packages()) == ([], 1, [])


async def test_what_the_disk_gives_back_otherwise_than_it_was_written_keeps_its_contact_here(
    town: Preserving, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = await town.answered()

    def broken(path: Path) -> None:
        if path.is_file():
            os.truncate(path, 100)

    monkeypatch.setattr(package, "settle", broken)
    run = await town.run_on(DUE)
    assert (run["taken"], run["failed"], town.packages()) == ([], 1, [])
    assert await town.wish(contact["contact_id"]) == CALL["wish"]


@pytest.mark.parametrize("harm", ["cut", "other", "extra", "gone"])
async def test_a_package_that_is_not_whole_is_known(town: Preserving, harm: str) -> None:
    await town.answered()
    await town.run_on(DUE)
    [lies] = town.packages()
    if harm == "cut":
        os.truncate(lies, lies.stat().st_size - 10)
    elif harm == "gone":
        lies.unlink()
    elif harm == "extra":
        with zipfile.ZipFile(lies, "a") as zipped:
            zipped.writestr("more.txt", "more")
    else:
        lies.write_bytes(_rewritten(lies))
    with pytest.raises(NotPacked):
        checked(lies)


def _rewritten(path: Path) -> bytes:
    """The same package with another word in its contact."""
    other = path.with_suffix(".other")
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(other, "w") as after:
        for name in before.namelist():
            after.writestr(name, before.read(name).replace("öppnar".encode(), "stänger".encode()))
    return other.read_bytes()


async def _close(town: Preserving, contact_id: str) -> None:
    """What came by mail was handed over: for the plan it is as if it had been answered."""
    session = await town.database.session()
    async with session.transaction() as transaction:
        change = {"$set": {"state": "answered", "waits": False}}
        await transaction.update("contacts", [{"q": {"_id": contact_id}, "u": change, "upsert": False, "multi": False}])
