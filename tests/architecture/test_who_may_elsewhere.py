"""Who may what at routing, procurement and notify: every door, every role, two municipalities, as at intake."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from services.notify.model import ChannelName, Message
from services.notify.store import Messages
from services.routing.model import Matter, Officer, Tie
from services.routing.rules import tie_id_of
from services.routing.store import Matters, Officers, Ties
from shared.platform.clock import FixedClock, SystemClock
from shared.platform.desk import Desk
from shared.platform.memory import MemoryDatabase
from shared.platform.settings import PlatformSettings, Publisher
from shared.platform.token import make_key, make_token
from shared.platform.web.who import ROLES
from tests.intake.asking import doors_of

A, B = "1438", "1439"
WORDS = {A: "Alfahemlighet", B: "Betahemlighet"}
AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
STAFF = frozenset({"receptionist", "coordinator", "officer", "manager"})
LEADING = frozenset({"coordinator", "manager"})
BUYING = frozenset({"buyer", "coordinator", "officer", "manager"})
OPERATOR = frozenset({"operator"})
Door = tuple[str, str]
PLATFORM: Mapping[Door, frozenset[str]] = {
    ("GET", "/parked"): OPERATOR,
    ("GET", "/parked/{parking_id}"): OPERATOR,
    ("POST", "/parked/{parking_id}/replay"): OPERATOR,
    ("POST", "/parked/{parking_id}/discard"): OPERATOR,
}
INBOUND: Mapping[Door, frozenset[str]] = {("GET", "/inbound"): OPERATOR | {"publisher"}}
DOORS: Mapping[str, Mapping[Door, frozenset[str]]] = {
    "routing": {
        **PLATFORM,
        **INBOUND,
        ("GET", "/matters"): STAFF,
        ("GET", "/matters/{matter_id}"): STAFF,
        ("GET", "/officers"): STAFF,
        ("POST", "/matters/{matter_id}/grants"): frozenset({"officer"}),
        # Whoever is tied says so, and whoever leads them; a lifting is not one's own to decide.
        ("POST", "/officers/{officer_id}/ties"): LEADING | {"officer"},
        ("GET", "/officers/{officer_id}/ties"): LEADING | {"officer"},
        ("POST", "/officers/{officer_id}/ties/lifting"): LEADING,
    },
    "procurement": {
        **PLATFORM,
        **INBOUND,
        ("POST", "/contracts"): frozenset({"buyer"}),
        ("GET", "/contracts"): BUYING,
        ("GET", "/contracts/{contract_id}"): BUYING,
    },
    "notify": {
        **PLATFORM,
        ("GET", "/messages"): OPERATOR | {"coordinator"},
        ("GET", "/messages/{message_id}"): OPERATOR | {"coordinator"},
    },
}
"""The service -> the method and the address below `/<service>/v1/{municipality}` -> who may come in."""

OF_NO_MUNICIPALITY = ("/alive", "/ready", "/metrics", "/openapi.json", "/docs", "/{service}/v1/api-info")
CONTRACT = {"reference": "A-1", "owner_id": "lind", "ends_on": "2027-12-31"}
REASON = {"reason": "Rättat."}
ALL = [(service, *door) for service, doors in DOORS.items() for door in doors]
TELLS = [one for one in ALL if one[1] == "GET" and "parked" not in one[2] and "inbound" not in one[2]]


class Done(BaseModel):
    """That something was kept."""


@dataclass
class Filled:
    """A service with two municipalities in it, and what names the things of each."""

    service: str
    app: FastAPI
    client: httpx.AsyncClient
    ids: dict[str, dict[str, str]] = field(default_factory=dict)

    async def knock(self, door: Door, at: str, about: str, role: str, of: tuple[str, ...]) -> httpx.Response:
        method, path = door
        address = f"/{self.service}/v1/{at}{path.format(**self.ids[about])}"
        headers = {"Authorization": f"Bearer {token(role, of)}"} if role else {}
        params = {"source": f"/{WORDS[about]}", "id": "1"} if path == "/inbound" else {}
        body = self._body(path, about) if method == "POST" else None
        return await self.client.request(method, address, headers=headers, params=params, json=body)

    def _body(self, path: str, about: str) -> Any:
        if path.endswith(("/ties", "/lifting")):
            return {"party_id": self.ids[about]["party_id"], "ground": 1}
        return {"/contracts": {**CONTRACT, "title": "Snö"}, "/matters/{matter_id}/grants": {}}.get(path, REASON)

    def tells(self, answer: httpx.Response, town: str) -> bool:
        told = answer.content + repr(answer.headers.raw).encode()
        return any(mark.encode() in told for mark in (WORDS[town], f"{town}-"))


async def fill_routing(filled: Filled, town: str, desk: Desk) -> None:
    named = {"matter_id": f"{town}-m-1", "officer_id": f"{town}-o-lind", "party_id": f"{town}-p-1"}

    async def keep(matters: Matters, officers: Officers, ties: Ties) -> Done:
        about = (town, named["matter_id"], f"{town}-c-1", named["party_id"], WORDS[town])
        matters.save(Matter(*about, AT, AT, "assigned", f"{town}-o-sand"))
        for one in ("lind", "sand"):
            officers.save(Officer(town, f"{town}-o-{one}", WORDS[town], None, None, (), active=True))
        tie_id = tie_id_of(town, named["officer_id"], named["party_id"])
        ties.save(Tie(town, tie_id, named["officer_id"], named["party_id"], 1, AT, WORDS[town]))
        return Done()

    await desk.do(keep)
    filled.ids[town] |= named


async def fill_procurement(filled: Filled, town: str, _: Desk) -> None:
    headers = {"Authorization": f"Bearer {token('buyer', (town,))}"}
    asked = {**CONTRACT, "title": WORDS[town]}
    answer = await filled.client.post(f"/procurement/v1/{town}/contracts", headers=headers, json=asked)
    assert answer.status_code == 201, answer.text
    filled.ids[town] |= {"contract_id": answer.json()["contract_id"]}


async def fill_notify(filled: Filled, town: str, desk: Desk) -> None:
    async def keep(messages: Messages) -> Done:
        about = (f"{town}-g-1", f"{town}-o-lind", ChannelName.E_MAIL, "matter-assigned", f"{town}-m-1")
        messages.save(Message(town, *about, WORDS[town], WORDS[town], AT, "1", "story", None))
        return Done()

    await desk.do(keep)
    filled.ids[town] |= {"message_id": f"{town}-g-1"}


FILL: Mapping[str, Callable[[Filled, str, Desk], Awaitable[None]]] = {
    "routing": fill_routing,
    "procurement": fill_procurement,
    "notify": fill_notify,
}


@cache
def key() -> Path:
    made = Path(mkdtemp()) / "jwt.pem"
    make_key(made)
    return made


@cache
def token(role: str, of: tuple[str, ...]) -> str:
    return make_token(key(), "kommunkontakt", "lind", [role], of, timedelta(hours=8), SystemClock())


async def filled(service: str) -> Filled:
    types = {"routing": "officer-changed", "procurement": "contract-signed"}.get(service, "contact-received")
    publishers = tuple(Publisher(name=f"system-{town}", municipality=town, types=(types,)) for town in WORDS)
    platform = PlatformSettings(environment="development", jwt_key_file=key(), publishers=publishers)
    settings = import_module(f"services.{service}.settings").Settings(platform=platform)
    clock = FixedClock(AT)
    app = import_module(f"services.{service}.app").create_app(settings, MemoryDatabase(), clock, clock)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=f"http://{service}")
    made = Filled(service, app, client, {town: {"parking_id": f"{town}-x"} for town in WORDS})
    for town in WORDS:
        await FILL[service](made, town, app.state.desk)
    return made


@pytest.mark.parametrize("service", DOORS)
def test_every_door_is_in_the_table_and_no_other(service: str) -> None:
    below = f"/{service}/v1/{{municipality}}"
    open_to_all = {("GET", path.format(service=service)) for path in OF_NO_MUNICIPALITY}
    told = {(method, below + path) for method, path in DOORS[service]} | open_to_all
    found = set(doors_of(asyncio.run(filled(service)).app))
    assert not found - told, "new: say in tests/architecture/test_who_may_elsewhere.py who may come in, and why"
    assert not told - found, "in the table, and not in the app"


@pytest.mark.parametrize(("service", "method", "path"), ALL)
async def test_a_door_lets_in_whom_it_should_and_tells_nothing_of_another_town(
    service: str, method: str, path: str
) -> None:
    house, door = await filled(service), (method, path)
    for role in ("", *ROLES):
        expected = None if role in DOORS[service][door] else 403 if role else 401
        own = await house.knock(door, A, A, role, (A,))
        assert refusal(own) == expected or own.json()["type"] in ("/problems/not-your-matter", "/problems/not-you")
        assert expected is None or not house.tells(own, A)
        foreign = await house.knock(door, A, A, role, (B,))
        assert foreign.status_code == (403 if role else 401)
        for of in ((A,), (A, B)):
            answer = await house.knock(door, A, B, role, of)
            assert not house.tells(answer, B)
            assert not answer.is_success or path in ("/matters", "/officers", "/contracts", "/messages", "/parked")


@pytest.mark.parametrize(("service", "method", "path"), TELLS)
async def test_whoever_may_come_in_is_told_something_of_their_own(service: str, method: str, path: str) -> None:
    house = await filled(service)
    role = max(DOORS[service][method, path])
    answer = await house.knock((method, path), A, A, role, (A,))
    assert answer.is_success, answer.text
    assert house.tells(answer, A)


def refusal(answer: httpx.Response) -> int | None:
    return answer.status_code if answer.status_code in (401, 403) else None
