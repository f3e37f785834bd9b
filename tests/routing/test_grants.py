"""Grants: whoever has a matter may read its contacts for some minutes; not the tied, and not for others' matters."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.routing.app import create_app
from shared.contracts.grant import Grant
from shared.platform.clock import SystemClock
from shared.platform.settings import PlatformSettings
from shared.platform.signed import NotSigned, grant_signer
from shared.platform.token import make_key, make_token
from tests.routing.settled import AT, PUBLISHERS, Routing, contact, officer, settings

COMPANY = "1460-p-glass"
TIE = {"party_id": COMPANY, "ground": 1}
LIND = "1460-o-lind"


class Town:
    """routing with one matter, which Lind has, and her colleague Sand."""

    def __init__(self, key: Path) -> None:
        self.routing, self._key = Routing(), key
        platform = PlatformSettings(environment="development", jwt_key_file=key, publishers=PUBLISHERS)
        told = settings().model_copy(update={"platform": platform})
        app = create_app(told, self.routing.database, self.routing.clock, self.routing.clock)
        transport = httpx.ASGITransport(app=app)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://routing/routing/v1/1460")
        self.signer, self.matter_id = grant_signer(platform), ""

    async def settle(self) -> None:
        await self.routing.told(officer("lind", "bygglov"), officer("sand", "serv_stad"))
        await self.routing.registered(contact(1, "bygglov", party_id=COMPANY))
        await self.routing.linked(2, 1, "bygglov")
        [matter] = await self.routing.kept("matters")
        self.matter_id = matter["matter_id"]

    async def ask(
        self, method: str, path: str, who: str = "lind", role: str = "officer", body: Any = None
    ) -> httpx.Response:
        token = make_token(self._key, "kommunkontakt", who, [role], ["1460"], timedelta(hours=1), SystemClock())
        headers = {"Authorization": f"Bearer {token}"}
        return await self.client.request(method, path, headers=headers, json=body)

    async def grant(self, who: str = "lind", **asked: Any) -> httpx.Response:
        return await self.ask("POST", f"/matters/{self.matter_id}/grants", who, body=asked)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    make_key(tmp_path / "jwt.pem")
    town = Town(tmp_path / "jwt.pem")
    await town.settle()
    yield town
    await town.client.aclose()


async def test_whoever_has_the_matter_may_read_its_contact_for_ten_minutes(town: Town) -> None:
    answer = await town.grant()
    told = answer.json()
    assert (answer.status_code, told["contact_id"], told["matter_id"]) == (201, "1460-c-1", town.matter_id)
    until = datetime.fromisoformat(told["until"])
    assert until == AT + timedelta(minutes=10)
    expected = Grant(officer="lind", municipality="1460", contact_id="1460-c-1", matter_id=town.matter_id)
    assert town.signer.read(told["grant"], Grant, until - timedelta(seconds=1)) == expected
    with pytest.raises(NotSigned):
        town.signer.read(told["grant"], Grant, until)


async def test_an_officer_goes_by_the_staff_systems_id_or_by_ours(town: Town) -> None:
    assert (await town.grant(LIND)).status_code == 201


async def test_a_contact_that_was_linked_to_the_matter_may_be_read_and_no_other(town: Town) -> None:
    assert (await town.grant(contact_id="1460-c-2")).json()["contact_id"] == "1460-c-2"
    assert (await town.grant(contact_id="1460-c-3")).status_code == 404


async def test_nobody_gets_a_grant_for_others_matters(town: Town) -> None:
    assert (await town.grant("sand")).json()["type"] == "/problems/not-your-matter"
    assert (await town.grant("nobody")).status_code == 403
    assert (await town.ask("POST", "/matters/1460-m-x/grants", body={})).status_code == 404
    for role in ("receptionist", "coordinator", "manager", "registrar", "publisher", "public", "buyer", "operator"):
        assert (await town.ask("POST", f"/matters/{town.matter_id}/grants", role=role, body={})).status_code == 403


async def test_who_has_left_gets_none(town: Town) -> None:
    await town.routing.told(officer("lind", "bygglov", active=False))
    assert (await town.grant()).status_code == 403


async def test_who_is_tied_to_the_party_gets_none_until_that_is_lifted(town: Town) -> None:
    declared = await town.ask("POST", f"/officers/{LIND}/ties", body=TIE)
    assert (declared.status_code, declared.json()["declared_by"]) == (201, "lind")
    refused = await town.grant()
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/tied")
    listed = (await town.ask("GET", f"/officers/{LIND}/ties")).json()["items"]
    assert [(one["party_id"], one["ground"], one["lifted_at"]) for one in listed] == [(COMPANY, 1, None)]
    lifting = f"/officers/{LIND}/ties/lifting"
    assert (await town.ask("POST", lifting, body={"party_id": COMPANY})).status_code == 403
    lifted = await town.ask("POST", lifting, "berg", "manager", body={"party_id": COMPANY})
    assert (lifted.status_code, lifted.json()["lifted_by"]) == (200, "berg")
    assert (await town.grant()).status_code == 201
    assert (await town.ask("POST", lifting, "berg", "manager", body={"party_id": COMPANY})).status_code == 409


async def test_who_is_tied_to_the_party_is_given_none_of_its_matters_until_that_is_lifted(town: Town) -> None:
    await town.routing.told(officer("sand", "bygglov"))
    await town.ask("POST", f"/officers/{LIND}/ties", body=TIE)
    await town.routing.registered(contact(11, "bygglov", party_id=COMPANY), contact(12, "bygglov", party_id="1460-p-2"))
    await town.ask("POST", f"/officers/{LIND}/ties/lifting", "berg", "manager", body={"party_id": COMPANY})
    await town.routing.told(officer("sand", "bygglov", active=False))
    await town.routing.registered(contact(13, "bygglov", party_id=COMPANY))
    has = {one["contact_id"]: one["officer_id"] for one in await town.routing.kept("matters")}
    assert has == {"1460-c-1": LIND, "1460-c-11": "1460-o-sand", "1460-c-12": LIND, "1460-c-13": LIND}


async def test_when_all_who_can_take_it_are_tied_a_matter_waits(town: Town) -> None:
    await town.ask("POST", f"/officers/{LIND}/ties", body=TIE)
    await town.routing.registered(contact(11, "bygglov", party_id=COMPANY))
    [waiting] = [one for one in await town.routing.kept("matters") if one["officer_id"] is None]
    assert (waiting["contact_id"], waiting["state"]) == ("1460-c-11", "waiting")


async def test_a_tie_is_declared_once_of_oneself_or_by_who_leads_and_nobody_hears_of_it(town: Town) -> None:
    path = f"/officers/{LIND}/ties"
    first = await town.ask("POST", path, "berg", "coordinator", body=TIE)
    assert (await town.ask("POST", path, body={**TIE, "ground": 4})).json() == first.json()
    assert (await town.ask("POST", path, "sand", body=TIE)).status_code == 403
    assert (await town.ask("GET", path, "sand")).status_code == 403
    assert (await town.ask("POST", "/officers/1460-o-x/ties", "berg", "manager", body=TIE)).status_code == 404
    assert (
        await town.ask("POST", f"{path}/lifting", "berg", "manager", body={"party_id": "1460-p-x"})
    ).status_code == 404
    outbox = await town.routing.kept("outbox")
    assert not [one for one in outbox if b"tie" in bytes(one["h"]["ce_type"])]


async def test_a_tie_to_another_party_is_no_hindrance(town: Town) -> None:
    await town.ask("POST", f"/officers/{LIND}/ties", body={**TIE, "party_id": "1460-p-other"})
    assert (await town.grant()).status_code == 201
