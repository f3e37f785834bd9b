"""Files that come with the public form: kept with the contact, or nothing of them."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.intake.app import create_app
from services.intake.pages import received
from services.intake.settings import Settings
from shared.platform.clock import FixedClock
from shared.platform.errors import TryAgain
from shared.platform.files import FILES
from shared.platform.memory import MemoryDatabase
from tests.fake_clamd import fake_clamd
from tests.intake.page import Page
from tests.intake.settled import AT, opened
from tests.intake.visitor import BROWSER, FORM, Visitor

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 2_000
PNG = b"\x89PNG\r\n\x1a\n" + bytes(300)
DRAWING = ("ritning.pdf", PDF, "application/pdf")
PICTURE = ("../på torget.exe", PNG, "application/octet-stream")


async def lies_there(visitor: Visitor) -> tuple[int, int]:
    """Files that are whole, and uploads that may still become a contact's."""
    uploads = [one for one in await visitor.database.find("uploads", {}) if not one["going"]]
    going = {one["_id"] for one in await visitor.database.find("uploads", {}) if one["going"]}
    whole = [one for one in await visitor.database.find(FILES.name, {}) if one["_id"] not in going]
    return len(whole), len(uploads)


async def test_files_come_with_the_contact_and_their_kind_is_seen(visitor: Visitor) -> None:
    await visitor.receipt(await visitor.attach((DRAWING, PICTURE), await visitor.open(), wish="Se filerna"))
    [contact] = await opened(visitor.database, "contacts")
    told = [(one["name"], one["media_type"], one["size"]) for one in contact["attachments"]]
    assert told == [("ritning.pdf", "application/pdf", len(PDF)), ("på torget.exe", "image/png", len(PNG))]
    assert await lies_there(visitor) == (2, 0)


async def test_the_same_form_with_the_same_files_twice_keeps_them_once(visitor: Visitor) -> None:
    page = await visitor.open()
    once, twice = [await visitor.attach((DRAWING,), page, wish="Se filen") for _ in range(2)]
    assert once.headers["location"] == twice.headers["location"]
    assert len(await visitor.database.find("contacts", {})) == 1
    assert await lies_there(visitor) == (1, 0)


async def test_another_file_under_the_same_form_is_asked_about(visitor: Visitor) -> None:
    page = await visitor.open()
    await visitor.attach((DRAWING,), page, wish="Se filen")
    asked = await visitor.attach((PICTURE,), page, wish="Se filen")
    assert asked.status_code == 422
    assert "redan skickat" in asked.text
    assert "Välj filerna en gång till" in Page.of(asked.text).faults["attachments"]
    assert await lies_there(visitor) == (1, 0)


async def test_no_file_is_taken_in_of_a_form_that_is_wrong(visitor: Visitor) -> None:
    answer = await visitor.attach((DRAWING,), await visitor.open(), wish=" ")
    page = Page.of(answer.text)
    assert answer.status_code == 422
    assert list(page.faults) == ["wish", "attachments"]
    assert "Välj filerna en gång till" in page.faults["attachments"]
    assert await visitor.database.find("uploads", {}) == []


@pytest.fixture
async def strict(form_settings: Settings) -> AsyncIterator[Visitor]:
    """Somebody where a file may have 300 kB, and is looked at."""
    async with fake_clamd(b"the evil bytes") as clamd:
        changed = {"attachment_bytes": 300_000, "clamd_url": clamd.url}
        database, clock = MemoryDatabase(), FixedClock(AT)
        app = create_app(form_settings.model_copy(update=changed), database, clock, clock)
        transport = httpx.ASGITransport(app=app)
        base = "http://intake/intake/v1"
        async with httpx.AsyncClient(transport=transport, base_url=base, headers=BROWSER) as client:
            yield Visitor(database, clock, client)


@pytest.mark.parametrize(
    ("content", "status", "told"),
    [(PDF, 413, "för stor: högst 1 MB"), (b"here are the evil bytes", 422, "skadlig kod")],
)
async def test_a_file_that_is_kept_out_is_told_and_nothing_is_sent(
    strict: Visitor, content: bytes, status: int, told: str
) -> None:
    files = (PICTURE, ("a.pdf", content, "application/pdf"), DRAWING)
    answer = await strict.attach(files, await strict.open(), wish="Se filerna", name="Anna")
    page = Page.of(answer.text)
    assert answer.status_code == status
    assert told in page.faults["attachments"]
    assert (page.values["wish"], page.values["name"]) == ("Se filerna", "Anna")
    assert await strict.database.find("contacts", {}) == []
    assert await lies_there(strict) == (0, 0)


async def test_files_have_a_limit_together_and_the_text_stands_there_still(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(received, "MOST_IN_ALL", len(PDF) + 100)
    answer = await visitor.attach((DRAWING, PICTURE), await visitor.open(), wish="Se filerna")
    page = Page.of(answer.text)
    assert answer.status_code == 413
    assert "för stora tillsammans" in page.faults["attachments"]
    assert page.values["wish"] == "Se filerna"
    assert await lies_there(visitor) == (0, 0)


async def test_files_have_a_limit_in_number(visitor: Visitor) -> None:
    answer = await visitor.attach([PICTURE] * 11, await visitor.open(), wish="Se filerna")
    assert "för många: högst 10" in Page.of(answer.text).faults["attachments"]
    assert await lies_there(visitor) == (0, 0)
    await visitor.receipt(await visitor.attach([PICTURE] * 10, await visitor.open(), wish="Se filerna"))


async def test_a_form_with_no_file_chosen_has_none(visitor: Visitor) -> None:
    nothing = ("", b"", "application/octet-stream")
    await visitor.receipt(await visitor.attach((nothing,), await visitor.open(), wish="Hej"))
    [contact] = await opened(visitor.database, "contacts")
    assert contact["attachments"] is None


async def test_when_a_file_cannot_be_kept_now_the_text_stands_there_still(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> None:
        raise TryAgain("away")

    monkeypatch.setattr(received, "take", away)
    answer = await visitor.attach((DRAWING,), await visitor.open(), wish="Se filen")
    page = Page.of(answer.text)
    assert answer.status_code == 503
    assert page.values["wish"] == "Se filen"
    assert "Välj filerna en gång till" in page.faults["attachments"]


async def test_a_form_that_breaks_off_in_a_file_leaves_nothing(visitor: Visitor) -> None:
    page = await visitor.open()
    request = visitor.client.build_request(
        "POST", FORM, files=[*((name, (None, text)) for name, text in page.values.items()), ("attachments", PICTURE)]
    )
    whole = await request.aread()
    headers = {"Content-Type": request.headers["content-type"]}
    wish = whole.replace(b'name="wish"\r\n\r\n', b'name="wish"\r\n\r\nHej')
    answer = await visitor.client.post(FORM, content=wish[:-100], headers=headers)
    assert answer.status_code == 400
    assert await lies_there(visitor) == (0, 0)
    assert await visitor.database.find("contacts", {}) == []
    await visitor.receipt(await visitor.client.post(FORM, content=wish, headers=headers))


async def test_nothing_larger_than_half_a_gigabyte_is_begun_with(visitor: Visitor) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b", "Content-Length": str(600 * 1024 * 1024)}
    answer = await visitor.client.post(FORM, content=b"--b", headers=headers)
    assert answer.status_code == 413
    assert "skicka mindre text eller färre filer" in Page.of(answer.text).words
    assert await visitor.database.find("uploads", {}) == []
