"""routing's doors, without a server."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from services.routing.app import create_app
from services.routing.settings import Settings
from shared.platform.clock import SystemClock
from shared.platform.settings import PlatformSettings
from shared.platform.token import make_key, make_token
from tests.routing.settled import OTHER_STAFF, PUBLISHERS, Routing, contact, officer

Knock = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
async def routing() -> Routing:
    routing = Routing()
    await routing.told(officer("lind", "bygglov", phone="0531-1"), officer("sand", "serv_stad", active=False))
    await routing.told(officer("lind", "bygglov"), topic=OTHER_STAFF)
    for number in range(3):
        await routing.registered(contact(number, "bygglov"))
        routing.clock.advance(timedelta(minutes=1))
    await routing.registered(contact(3, "serv_stad"), contact(1, "bygglov", municipality="1438"))
    return routing


@pytest.fixture
def knock(routing: Routing, tmp_path: Path) -> Knock:
    key = tmp_path / "jwt.pem"
    make_key(key)
    platform = PlatformSettings(environment="development", jwt_key_file=key, publishers=PUBLISHERS)
    app = create_app(Settings(platform=platform), routing.database, routing.clock, routing.clock)
    transport = httpx.ASGITransport(app=app)

    async def knocking(path: str, role: str = "officer", **query: str | int) -> httpx.Response:
        token = make_token(key, "kommunkontakt", "anna", [role], ["1460"], timedelta(hours=1), SystemClock())
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://routing", headers=headers) as client:
            return await client.get(f"/routing/v1{path}", params=query)

    return knocking


async def test_matters_are_listed_newest_first_and_in_pieces(knock: Knock) -> None:
    first = (await knock("/1460/matters", limit=3)).json()
    assert [one["contact_id"] for one in first["items"]] == ["1460-c-3", "1460-c-2", "1460-c-1"]
    rest = (await knock("/1460/matters", limit=3, cursor=first["next"])).json()
    assert [one["contact_id"] for one in rest["items"]] == ["1460-c-0"]
    assert rest["next"] is None


async def test_matters_that_were_opened_at_the_same_moment_are_all_listed_once(routing: Routing, knock: Knock) -> None:
    await routing.registered(*(contact(f"more-{number}", "bygglov") for number in range(5)))
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        piece = (await knock("/1460/matters", limit=2, **cursor)).json()
        seen += [one["matter_id"] for one in piece["items"]]
        if piece["next"] is None:
            break
        cursor = {"cursor": piece["next"]}
    assert len(seen) == len(set(seen)) == 9


async def test_matters_are_listed_by_officer_and_by_state(knock: Knock) -> None:
    hers = (await knock("/1460/matters", officer_id="1460-o-lind")).json()["items"]
    assert [one["contact_id"] for one in hers] == ["1460-c-2", "1460-c-1", "1460-c-0"]
    [waits] = (await knock("/1460/matters", state="waiting")).json()["items"]
    assert (waits["contact_id"], waits["officer_id"]) == ("1460-c-3", None)
    assert (await knock("/1460/matters", officer_id="1460-o-lind", state="waiting")).json()["items"] == []
    assert (await knock("/1460/matters", state="lost")).status_code == 422


async def test_a_matter_tells_who_has_it_since_when_and_why(knock: Knock) -> None:
    [*_, first] = (await knock("/1460/matters")).json()["items"]
    matter = (await knock(f"/1460/matters/{first['matter_id']}")).json()
    assert matter["state"] == "assigned"
    assert matter["since"] == "2026-11-24T09:30:00Z"
    assert matter["reason_sv"] == "Är den enda som kan ta bygglov."
    assert matter["officer"]["e_mail"] == "lind@kommun.example"
    assert matter["officer"]["open_matters"] == 3


async def test_a_matter_that_waits_tells_since_when_and_why(knock: Knock) -> None:
    [waits] = (await knock("/1460/matters", state="waiting")).json()["items"]
    matter = (await knock(f"/1460/matters/{waits['matter_id']}")).json()
    assert matter["since"] == "2026-11-24T09:33:00Z"
    assert "Ingen handläggare kan ta serv_stad" in matter["reason_sv"]
    assert matter["officer"] is None


async def test_officers_are_listed_with_what_they_have_in_hand(knock: Knock) -> None:
    first = (await knock("/1460/officers", limit=1)).json()
    assert first["items"] == [
        {
            "officer_id": "1460-o-lind",
            "name": "Lind",
            "e_mail": "lind@kommun.example",
            "phone": "0531-1",
            "case_types": ["bygglov"],
            "active": True,
            "open_matters": 3,
        }
    ]
    rest = (await knock("/1460/officers", limit=1, cursor=first["next"])).json()
    assert [(one["officer_id"], one["active"]) for one in rest["items"]] == [("1460-o-sand", False)]
    assert rest["next"] is None


async def test_another_towns_matters_and_officers_are_not_there(routing: Routing, knock: Knock) -> None:
    [theirs] = [one["_id"] for one in await routing.kept("matters") if one["municipality"] == "1438"]
    assert (await knock(f"/1460/matters/{theirs}")).status_code == 404
    assert (await knock("/1460/matters/1460-m-nobody")).status_code == 404
    assert (await knock("/1438/matters")).status_code == 403


@pytest.mark.parametrize("path", ["/1460/matters", "/1460/matters/1460-m-1", "/1460/officers"])
async def test_only_staff_may_look(knock: Knock, path: str) -> None:
    for role in ("officer", "coordinator", "receptionist", "manager"):
        assert (await knock(path, role)).status_code in (200, 404)
    for role in ("buyer", "publisher", "operator"):
        assert (await knock(path, role)).status_code == 403
