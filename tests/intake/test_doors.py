"""intake's doors, without a server."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from services.intake.app import create_app
from services.intake.attachments import take
from services.intake.model.attachment import Attachment
from services.intake.settings import Settings
from shared.platform.clock import FixedClock, SystemClock
from shared.platform.files import Files
from shared.platform.memory import MemoryDatabase
from shared.platform.settings import PlatformSettings
from shared.platform.token import make_key, make_token
from tests.intake.settled import AT, PUBLISHERS, Intake
from tests.intake.test_attachments import arriving, registered

CALL = {"channel": "phone", "wish": "Får vi ha uteservering?", "person": {"phone": "0531-1"}}


@pytest.fixture
def key(tmp_path: Path) -> Path:
    made = tmp_path / "jwt.pem"
    make_key(made)
    return made


@pytest.fixture
def database() -> MemoryDatabase:
    return MemoryDatabase()


@pytest.fixture
async def reception(key: Path, database: MemoryDatabase) -> AsyncIterator[httpx.AsyncClient]:
    platform = PlatformSettings(environment="development", jwt_key_file=key, publishers=PUBLISHERS)
    clock = FixedClock(AT)
    app = create_app(Settings(platform=platform), database, clock, clock)
    headers = bearer(key, "anna", "receptionist")
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://intake/intake/v1", headers=headers) as client:
        yield client


def bearer(key: Path, who: str, role: str) -> dict[str, str]:
    token = make_token(key, "kommunkontakt", who, [role], ["1460"], timedelta(hours=1), SystemClock())
    return {"Authorization": f"Bearer {token}"}


async def test_a_call_is_registered_and_can_be_seen(reception: httpx.AsyncClient) -> None:
    registered = await reception.post("/1460/contacts", json=CALL)
    assert registered.status_code == 201
    contact = registered.json()
    assert contact["registered_by"] == "anna"
    seen = await reception.get(f"/1460/contacts/{contact['contact_id']}")
    assert seen.json() == contact


async def test_the_same_call_sent_twice_is_one_contact(reception: httpx.AsyncClient) -> None:
    twice = [await reception.post("/1460/contacts", json=CALL, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert twice[0].json() == twice[1].json()
    assert len((await reception.get("/1460/contacts")).json()["items"]) == 1


async def test_another_call_under_the_same_key_is_refused(reception: httpx.AsyncClient) -> None:
    await reception.post("/1460/contacts", json=CALL, headers={"Idempotency-Key": "k"})
    other = await reception.post("/1460/contacts", json={**CALL, "wish": "?"}, headers={"Idempotency-Key": "k"})
    assert other.status_code == 422
    assert other.json()["errors"][0]["pointer"] == "/header/Idempotency-Key"


async def test_calls_without_a_key_are_contacts_of_their_own(reception: httpx.AsyncClient) -> None:
    for _ in range(3):
        await reception.post("/1460/contacts", json=CALL)
    listed = (await reception.get("/1460/contacts", params={"limit": 2})).json()
    assert len(listed["items"]) == 2
    rest = (await reception.get("/1460/contacts", params={"limit": 2, "cursor": listed["next"]})).json()
    assert len(rest["items"]) == 1
    assert rest["next"] is None


async def test_a_wrong_organisation_number_says_where_in_swedish(reception: httpx.AsyncClient) -> None:
    refused = await reception.post("/1460/contacts", json={**CALL, "company": {"organisation_number": "1"}})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/company/organisation_number"
    assert "stämmer inte" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("member", "wrong"), [("opening_on", 0), ("survey_consent", "yes"), ("place", {"latitude": "58.9"})]
)
async def test_a_member_of_another_kind_than_the_document_says_is_refused(
    reception: httpx.AsyncClient, member: str, wrong: object
) -> None:
    refused = await reception.post("/1460/contacts", json={**CALL, member: wrong})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"].startswith(f"/{member}")


async def test_what_is_not_there_is_404_and_another_town_is_403(reception: httpx.AsyncClient) -> None:
    assert (await reception.get("/1460/contacts/1460-c-nobody")).status_code == 404
    assert (await reception.get("/1438/contacts")).status_code == 403


async def test_an_attachment_is_given_out_as_a_file_to_save(
    reception: httpx.AsyncClient, database: MemoryDatabase
) -> None:
    contact_id, attachment = await with_attachment(database, b"<script>alert(1)</script>", "Planlösning.html")
    shown = (await reception.get(f"/1460/contacts/{contact_id}")).json()["attachments"]
    assert [(one["name"], one["size"], "key" in one) for one in shown] == [("Planlösning.html", 25, False)]
    fetched = await reception.get(f"/1460/contacts/{contact_id}/attachments/{attachment.attachment_id}")
    assert (fetched.status_code, fetched.content) == (200, b"<script>alert(1)</script>")
    told = {name: fetched.headers[name] for name in ("x-content-type-options", "content-disposition", "content-length")}
    assert told == {
        "x-content-type-options": "nosniff",
        "content-disposition": "attachment; filename*=UTF-8''Planl%C3%B6sning.html",
        "content-length": "25",
    }


async def test_an_attachment_of_another_contact_or_town_or_that_is_gone_is_not_there(
    reception: httpx.AsyncClient, key: Path, database: MemoryDatabase
) -> None:
    contact_id, attachment = await with_attachment(database, b"Hej", "hej.txt")
    other = (await reception.post("/1460/contacts", json=CALL)).json()["contact_id"]
    door = f"/1460/contacts/{contact_id}/attachments/{attachment.attachment_id}"
    assert (await reception.get(door.replace(contact_id, other))).status_code == 404
    assert (await reception.get(door.replace(attachment.attachment_id, "1460-a-x"))).status_code == 404
    assert (await reception.get(door.replace("/1460/", "/1438/", 1))).status_code == 403
    assert (await reception.get(door, headers=bearer(key, "bo", "manager"))).status_code == 403
    await Files(database, FixedClock(AT)).delete(attachment.attachment_id)
    assert (await reception.get(door)).status_code == 404


async def with_attachment(database: MemoryDatabase, content: bytes, name: str) -> tuple[str, Attachment]:
    """A contact that came with one file."""
    intake = Intake(database)
    attachment = await take(arriving(content, name), intake.desk)
    return await registered(intake, attachment), attachment
