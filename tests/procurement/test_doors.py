"""procurement's doors, without a server."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from services.procurement.app import create_app
from services.procurement.settings import Settings
from shared.platform.clock import FixedClock, SystemClock
from shared.platform.memory import MemoryDatabase
from shared.platform.settings import PlatformSettings
from shared.platform.token import make_key, make_token
from tests.procurement.settled import AT, PUBLISHERS, signed


@pytest.fixture
async def buyer(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    key = tmp_path / "jwt.pem"
    make_key(key)
    platform = PlatformSettings(environment="development", jwt_key_file=key, publishers=PUBLISHERS)
    clock = FixedClock(AT)
    app = create_app(Settings(platform=platform), MemoryDatabase(), clock, clock)
    token = make_token(key, "kommunkontakt", "bo", ["buyer"], ["1460"], timedelta(hours=1), SystemClock())
    transport = httpx.ASGITransport(app=app)
    url = "http://procurement/procurement/v1/1460"
    async with httpx.AsyncClient(
        transport=transport, base_url=url, headers={"Authorization": f"Bearer {token}"}
    ) as client:
        yield client


async def test_a_contract_is_registered_with_the_reasons_for_its_day(buyer: httpx.AsyncClient) -> None:
    registered = await buyer.post("/contracts", json=signed())
    assert registered.status_code == 201
    contract = registered.json()
    assert contract["start_procuring_on"] == "2027-06-04"
    assert "minus 210 dagar" in contract["because_sv"]
    assert "inte verifierad" in contract["because_sv"]
    assert (await buyer.get(f"/contracts/{contract['contract_id']}")).json() == contract


async def test_contracts_are_listed_soonest_first(buyer: httpx.AsyncClient) -> None:
    for reference, ends_on in (("late", "2029-06-30"), ("soon", "2027-06-30"), ("next", "2028-06-30")):
        await buyer.post("/contracts", json=signed(reference=reference, ends_on=ends_on))
    first = (await buyer.get("/contracts", params={"limit": 2})).json()
    assert [one["reference"] for one in first["items"]] == ["soon", "next"]
    rest = (await buyer.get("/contracts", params={"limit": 2, "cursor": first["next"]})).json()
    assert [one["reference"] for one in rest["items"]] == ["late"]


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"ends_on": "2027-02-30"}, "/ends_on"),
        ({"notice_months": 2**70}, "/notice_months"),
        ({"supplier": {"organisation_number": "1"}}, "/supplier/organisation_number"),
        ({"starts_on": "2030-01-01"}, "/ends_on"),
    ],
)
async def test_what_is_wrong_is_told_with_its_place(
    buyer: httpx.AsyncClient, wrong: dict[str, object], pointer: str
) -> None:
    refused = await buyer.post("/contracts", json=signed(**wrong))
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == pointer


async def test_a_contract_of_another_town_is_not_there(buyer: httpx.AsyncClient) -> None:
    assert (await buyer.get("/contracts/1438-k-1")).status_code == 404
