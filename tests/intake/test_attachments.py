"""Attachments: taken in, kept sealed, given out as they came; and what no contact has goes again."""

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from services.intake.attachments import PLAIN, Arriving, Begun, discard, plain_pieces, take
from services.intake.model.attachment import Attachment
from services.intake.model.contact import Arrival
from services.intake.registration import Registers, register
from services.intake.rules.file_names import LONGEST, plain_name, plain_type
from services.intake.rules.media_type import sniffed
from shared.platform.errors import TryAgain
from shared.platform.files import CHUNKS, FILES, Files, MissingFile
from shared.platform.leases import Lease
from shared.platform.secrets import BrokenSeal
from shared.platform.timers import Timers
from tests.fake_clamd import fake_clamd
from tests.intake.settled import AT, Intake

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 4_000
PIECES = -(-len(PDF) // PLAIN)
EVIL = b"X5O!-the-evil-bytes"
DAY = timedelta(days=1)


async def coming(content: bytes, breaks: bool = False) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 100_000):
        yield content[start : start + 100_000]
    if breaks:
        raise ConnectionError("the sender is gone")


def arriving(content: bytes, name: str = "ritning.pdf", breaks: bool = False) -> Arriving:
    return Arriving("1460", name, "application/pdf", coming(content, breaks))


def arrival(*attachments: Attachment) -> Arrival:
    usual: dict[str, Any] = {"municipality": "1460", "key": "k", "by": "mail", "channel": "e-mail"}
    return Arrival(**usual, wish="Se bilagan", received_at=AT, attachments=attachments)


async def registered(intake: Intake, *attachments: Attachment) -> str:
    async def take_down(registers: Registers) -> Begun:
        contact = await register(arrival(*attachments), registers, AT)
        return Begun(upload_id=contact.contact_id)

    return (await intake.desk.do(take_down)).upload_id


async def bytes_of(intake: Intake, attachment: Attachment) -> bytes:
    files = Files(intake.database, intake.hearing.clock)
    return b"".join([piece async for piece in plain_pieces(attachment, files)])


async def time_passes(intake: Intake, by: timedelta) -> None:
    intake.clock.advance(by)
    lease = Lease(intake.database, "timers", "one", intake.clock, intake.hearing.metrics)
    await Timers(intake.hearing, tuple(intake.promises), lease).keep_due()


async def what_lies_there(intake: Intake) -> list[int]:
    return [len(await intake.kept(name)) for name in (FILES.name, CHUNKS.name, "uploads")]


async def test_a_file_comes_back_as_it_came_and_lies_sealed(intake: Intake) -> None:
    attachment = await take(arriving(PDF), intake.desk)
    told = (attachment.name, attachment.media_type, attachment.size, attachment.sha256, attachment.kept_out)
    assert told == ("ritning.pdf", "application/pdf", len(PDF), hashlib.sha256(PDF).hexdigest(), None)
    assert await bytes_of(intake, attachment) == PDF
    assert not any(PDF[:300] in bytes(chunk["data"]) for chunk in await intake.kept(CHUNKS.name))


@pytest.mark.parametrize("size", [0, 1, PLAIN - 1, PLAIN, PLAIN + 1])
async def test_any_length_comes_back(intake: Intake, size: int) -> None:
    attachment = await take(arriving(b"x" * size), intake.desk)
    assert await bytes_of(intake, attachment) == b"x" * size


async def test_a_piece_moved_elsewhere_is_noticed(intake: Intake) -> None:
    attachment = await take(arriving(PDF), intake.desk)
    await intake.database.change(CHUNKS.name, {"n": 0}, {"$set": {"n": 9}})
    await intake.database.change(CHUNKS.name, {"n": 1}, {"$set": {"n": 0}})
    with pytest.raises(BrokenSeal):
        await bytes_of(intake, attachment)


async def test_what_a_contact_has_stays(intake: Intake) -> None:
    attachment = await take(arriving(PDF), intake.desk)
    await registered(intake, attachment)
    await time_passes(intake, 2 * DAY)
    await time_passes(intake, DAY)
    assert await what_lies_there(intake) == [1, PIECES, 0]
    [contact] = await intake.kept("contacts")
    assert contact["attachments"][0]["attachment_id"] == attachment.attachment_id


async def test_what_no_contact_has_in_a_day_goes(intake: Intake) -> None:
    await take(arriving(PDF), intake.desk)
    await time_passes(intake, DAY - timedelta(minutes=1))
    assert await what_lies_there(intake) == [1, PIECES, 1]
    await time_passes(intake, timedelta(minutes=1))
    assert await what_lies_there(intake) == [1, PIECES, 1]
    await time_passes(intake, timedelta(minutes=1))
    assert await what_lies_there(intake) == [0, 0, 0]


async def test_what_is_going_cannot_be_registered(intake: Intake) -> None:
    attachment = await take(arriving(PDF), intake.desk)
    await time_passes(intake, DAY)
    with pytest.raises(TryAgain):
        await registered(intake, attachment)
    assert await intake.kept("contacts") == []


@pytest.mark.parametrize("breaks_after", [0, 500_000, 2_000_000])
async def test_a_sender_that_breaks_off_leaves_nothing(intake: Intake, breaks_after: int) -> None:
    with pytest.raises(ConnectionError):
        await take(arriving(b"x" * breaks_after, breaks=True), intake.desk)
    await time_passes(intake, timedelta(0))
    assert await what_lies_there(intake) == [0, 0, 0]


async def test_what_is_discarded_goes_at_once_and_discarding_nothing_is_fine(intake: Intake) -> None:
    attachment = await take(arriving(PDF), intake.desk)
    await discard([attachment.attachment_id, "1460-a-nobody"], intake.desk)
    await discard([], intake.desk)
    await time_passes(intake, timedelta(0))
    assert await what_lies_there(intake) == [0, 0, 0]
    with pytest.raises(MissingFile):
        await bytes_of(intake, attachment)


async def test_too_large_is_kept_out_with_its_reason() -> None:
    intake = Intake(attachment_bytes=1_000)
    kept = await take(arriving(b"x" * 1_000), intake.desk)
    out = await take(arriving(b"x" * 1_001), intake.desk)
    assert (kept.kept_out, out.kept_out, out.key) == (None, "too-large", "")
    await registered(intake, kept, out)
    await time_passes(intake, timedelta(0))
    assert await what_lies_there(intake) == [1, 1, 0]


async def test_infected_is_kept_out_with_what_was_found() -> None:
    async with fake_clamd(EVIL) as clamd:
        intake = Intake(clamd_url=clamd.url)
        clean = await take(arriving(PDF), intake.desk)
        evil = await take(arriving(PDF + EVIL), intake.desk)
    assert (clean.scanned, clean.kept_out) == (True, None)
    assert (evil.kept_out, evil.threat, evil.key) == ("infected", "Eicar-Test-Signature", "")
    await time_passes(intake, timedelta(0))
    assert await what_lies_there(intake) == [1, PIECES, 1]


async def test_without_its_scanner_nothing_is_taken_in() -> None:
    async with fake_clamd(EVIL) as clamd:
        gone = clamd.url
    intake = Intake(clamd_url=gone)
    with pytest.raises(TryAgain):
        await take(arriving(PDF), intake.desk)
    await time_passes(intake, timedelta(0))
    assert await what_lies_there(intake) == [0, 0, 0]


@pytest.mark.parametrize(
    ("head", "wanted"),
    [
        (b"%PDF-1.4\n", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0\1", "image/jpeg"),
        ("BMW och Malmö, PK-banken och MZ".encode(), "text/plain"),
        ("Vi vill öppna i höst".encode()[:14], "text/plain"),
        ("Räksmörgås".encode("latin-1"), "application/octet-stream"),
        (b"a\0b", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_the_first_bytes_tell_what_a_file_is(head: bytes, wanted: str) -> None:
    assert sniffed(head) == wanted


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ("ritning.pdf", "ritning.pdf"),
        ("C:\\Users\\anna\\Planlösning ö.pdf", "Planlösning ö.pdf"),
        ("../../etc/passwd", "passwd"),
        ("faktura\u202egpj.exe", "fakturagpj.exe"),
        ("a\r\nSet-Cookie: x", "aSet-Cookie x"),
        ("\udce4.txt", "txt"),
        ("...", "bilaga"),
        ("", "bilaga"),
        ("x" * 300 + ".pdf", "x" * (LONGEST - 4) + ".pdf"),
        ("x" * 300, "x" * LONGEST),
    ],
)
def test_a_name_is_made_harmless(told: str, wanted: str) -> None:
    assert plain_name(told) == wanted


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ("Application/PDF; name=x", "application/pdf"),
        ("text", "application/octet-stream"),
        ("text/html\r\nX: y", "application/octet-stream"),
    ],
)
def test_a_type_is_a_type(told: str, wanted: str) -> None:
    assert plain_type(told) == wanted
