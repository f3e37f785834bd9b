"""The package in which a contact is handed to the archive: one zip file, with a manifest of checksums in it.

`contact.json` is the contact, its notes in every version, and who it is from; `attachments/<id>` are its files as they
came; `manifest.json` is written last and names the others with their length and SHA-256. A package gets its name when
it is whole, on the disk and read back.
"""

import asyncio
import hashlib
import json
import os
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from pydantic import BaseModel, TypeAdapter, ValidationError

from services.intake.attachments import plain_pieces
from services.intake.model.attachment import Attachment
from services.intake.model.contact import Contact
from services.intake.model.disposal import DisposalDecision
from services.intake.model.note import Note
from services.intake.model.party import Party
from services.intake.rules.arrival_day import day_of
from shared.platform.archive import settle
from shared.platform.files import Files, MissingFile
from shared.platform.secrets import BrokenSeal

CONTACT, MANIFEST, ATTACHMENTS = "contact.json", "manifest.json", "attachments"
UNFINISHED = "part"
PIECE = 1 << 20
OURS_ALONE = ("due_at", "prints", "suggestion")
"""Members that serve this service only; so does an attachment's key."""

CONTACTS, NOTES, PARTIES = TypeAdapter(Contact), TypeAdapter(list[Note]), TypeAdapter(list[Party])


class NotPacked(Exception):
    """A contact could not be handed to the archive, and so it stays: why, in words that hold nothing personal."""


class File(BaseModel):
    """One file in a package."""

    name: str
    bytes: int
    sha256: str


class Manifest(BaseModel):
    """What is in a package (arkivpaket), of what, by which row of the plan and which decision."""

    format: Literal["kommunkontakt-archive-1"] = "kommunkontakt-archive-1"
    municipality: str
    contact_id: str
    number: str | None
    packed_at: datetime
    rule: str
    decision: dict[str, str]
    files: list[File]


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is handed over: a contact, all its notes, who it is from, and by which row and decision."""

    contact: Contact
    notes: Sequence[Note]
    parties: Sequence[Party]
    rule: str
    decision: DisposalDecision

    @property
    def document(self) -> bytes:
        """`contact.json`: the same bytes as long as nothing of it has changed."""
        told = {
            "contact": _bare(CONTACTS.dump_python(self.contact, mode="json")),
            "notes": NOTES.dump_python(list(self.notes), mode="json"),
            "parties": [_bare(one) for one in PARTIES.dump_python(list(self.parties), mode="json")],
        }
        return json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True).encode()

    @property
    def print(self) -> str:
        """By which it is known again: the SHA-256 of `contact.json`."""
        return hashlib.sha256(self.document).hexdigest()

    @property
    def attachments(self) -> list[Attachment]:
        """The files whose bytes are kept."""
        return [one for one in self.contact.attachments or () if one.kept_out is None]

    def manifest(self, files: list[File], at: datetime) -> Manifest:
        """The manifest of these files."""
        decision = self.decision
        return Manifest(
            municipality=self.contact.municipality,
            contact_id=self.contact.contact_id,
            number=self.contact.number,
            packed_at=at,
            rule=self.rule,
            decision={
                "decided_by": decision.decided_by,
                "decided_on": decision.decided_on.isoformat(),
                "reference": decision.reference,
                "paragraph": decision.paragraph,
            },
            files=files,
        )


async def hand_over(parcel: Parcel, folder: Path, files: Files, at: datetime) -> str:
    """Write a contact's package and read it back; returns its print. One that is there whole already is left as it is.

    NotPacked when a file of it is missing or broken, or the folder cannot be written.
    """
    target = path_of(parcel.contact, folder)
    if await asyncio.to_thread(_is_there, target, parcel.print):
        return parcel.print
    try:
        with _unfinished(target) as unfinished:
            with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as package:
                written = [await _add(package, CONTACT, parcel.document)]
                written += [await _attach(package, one, files) for one in parcel.attachments]
                await _add(package, MANIFEST, parcel.manifest(written, at).model_dump_json(indent=1).encode())
            await asyncio.to_thread(_settle, unfinished, target)
    except (OSError, MissingFile, BrokenSeal, zipfile.BadZipFile) as error:
        raise NotPacked(type(error).__name__) from error
    return parcel.print


def path_of(contact: Contact, folder: Path) -> Path:
    """Where its package lies: a folder for each municipality and year."""
    return folder / contact.municipality / str(day_of(contact.registered_at).year) / f"{contact.contact_id}.zip"


def checked(path: Path) -> Manifest:
    """Read all of a package and hold it against its manifest; NotPacked when anything is missing or different."""
    try:
        with zipfile.ZipFile(path) as package:
            manifest = Manifest.model_validate_json(package.read(MANIFEST))
            found = [_measured(package, name) for name in package.namelist() if name != MANIFEST]
    except (OSError, KeyError, zipfile.BadZipFile, ValidationError) as error:
        raise NotPacked(f"the package is not whole ({type(error).__name__})") from None
    if found != manifest.files:
        raise NotPacked("the package is not as its manifest says")
    return manifest


def _is_there(path: Path, wanted: str) -> bool:
    try:
        return checked(path).files[0].sha256 == wanted
    except NotPacked:
        return False


@contextmanager
def _unfinished(target: Path) -> Iterator[Path]:
    """A private file under another name; what somebody who was killed has left of the same contact goes first."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in target.parent.glob(f".{target.name}.*.{UNFINISHED}"):
        left.unlink(missing_ok=True)
    unfinished = target.with_name(f".{target.name}.{uuid4().hex}.{UNFINISHED}")
    try:
        os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield unfinished
    finally:
        unfinished.unlink(missing_ok=True)


async def _add(package: zipfile.ZipFile, name: str, content: bytes) -> File:
    await asyncio.to_thread(package.writestr, name, content)
    return File(name=name, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


async def _attach(package: zipfile.ZipFile, attachment: Attachment, files: Files) -> File:
    """One of its files, a piece at a time; NotPacked when it is not what came."""
    name, digest, size = f"{ATTACHMENTS}/{attachment.attachment_id}", hashlib.sha256(), 0
    with package.open(name, "w", force_zip64=True) as entry:
        async for piece in plain_pieces(attachment, files):
            await asyncio.to_thread(entry.write, piece)
            digest.update(piece)
            size += len(piece)
    if digest.hexdigest() != attachment.sha256:
        raise NotPacked("an attachment is not what came")
    return File(name=name, bytes=size, sha256=digest.hexdigest())


def _settle(unfinished: Path, target: Path) -> None:
    """On the disk, read back from there, and only then under its name."""
    settle(unfinished)
    checked(unfinished)
    os.replace(unfinished, target)
    settle(target.parent)


def _measured(package: zipfile.ZipFile, name: str) -> File:
    digest, size = hashlib.sha256(), 0
    with package.open(name) as entry:
        while piece := entry.read(PIECE):
            digest.update(piece)
            size += len(piece)
    return File(name=name, bytes=size, sha256=digest.hexdigest())


def _bare(document: dict[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in document.items() if name not in OURS_ALONE}
    if told.get("attachments"):
        told["attachments"] = [
            {name: value for name, value in one.items() if name != "key"} for one in told["attachments"]
        ]
    return told
