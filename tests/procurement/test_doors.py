"""procurement's doors, without a server."""

from collections.abc import AsyncIterator, Callable
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
from tests.procurement.settled import AT, PUBLISHERS, contract

Token = Callable[[str, str], dict[str, str]]


@pytest.fixture
def token(tmp_path: Path) -> Token:
    key = tmp_path / "jwt.pem"
    make_key(key)

    def made(role: str, municipality: str) -> dict[str, str]:
        bearer = make_token(key, "kommunkontakt", "berit", [role], [municipality], timedelta(hours=1), SystemClock())
        return {"Authorization": f"Bearer {bearer}"}

    return made


@pytest.fixture
async def buyer(tmp_path: Path, token: Token) -> AsyncIterator[httpx.AsyncClient]:
    platform = PlatformSettings(environment="development", jwt_key_file=tmp_path / "jwt.pem", publishers=PUBLISHERS)
    clock = FixedClock(AT)
    app = create_app(Settings(platform=platform), MemoryDatabase(), clock, clock)
    url, headers = "http://procurement/procurement/v1", token("buyer", "1460")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=url, headers=headers) as client:
        yield client


async def test_a_contract_is_registered_and_explains_its_day(buyer: httpx.AsyncClient) -> None:
    asked = contract(
        value={"amount": "50000.00", "currency": "SEK"},
        ends_on="2027-07-16",
        options=[{"until": "2028-07-16", "notice_by": "2027-01-31"}],
        supplier={"organisation_number": "556016-0680", "name": "Bolaget AB"},
    )
    registered = await buyer.post("/1460/contracts", json=asked)
    assert registered.status_code == 201
    kept = registered.json()
    assert (kept["owner_id"], kept["registered_by"]) == ("1460-o-lind", "berit")
    assert (kept["rule"], kept["start_procuring_on"]) == ("lead-direct-small", "2027-06-24")
    assert [why["verified"] for why in kept["because"]] == [True, False, None]
    assert kept["because"][-1]["sv"] == "2027-06-25 är midsommarafton: arbetsdagen före är 2027-06-24."
    assert (await buyer.get(f"/1460/contracts/{kept['contract_id']}")).json() == kept
    assert "5560160680" not in registered.text.replace("-", "")


async def test_the_same_contract_sent_twice_is_one(buyer: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "k"}
    twice = [await buyer.post("/1460/contracts", json=contract(), headers=key) for _ in range(2)]
    assert twice[0].json() == twice[1].json()
    other = await buyer.post("/1460/contracts", json=contract(title="Annat"), headers=key)
    assert other.status_code == 422
    assert other.json()["errors"][0]["pointer"] == "/header/Idempotency-Key"


async def test_the_same_reference_again_is_the_same_contract_as_it_is_now(buyer: httpx.AsyncClient) -> None:
    first = (await buyer.post("/1460/contracts", json=contract())).json()
    assert (await buyer.post("/1460/contracts", json=contract())).json() == first
    changed = (await buyer.post("/1460/contracts", json=contract(ends_on="2029-12-31"))).json()
    assert changed["contract_id"] == first["contract_id"]
    assert [one["ends_on"] for one in (await buyer.get("/1460/contracts")).json()["items"]] == ["2029-12-31"]


async def test_a_reference_may_be_written_as_people_do(buyer: httpx.AsyncClient) -> None:
    for reference in ("KS 2023/42", "§ 12–13", "Č-1: «städ»", "x" * 200):
        kept = await buyer.post("/1460/contracts", json=contract(reference=reference))
        assert (kept.status_code, kept.json()["reference"]) == (201, reference)


async def test_the_list_begins_with_what_is_soonest_to_procure(buyer: httpx.AsyncClient) -> None:
    for number, ends_on in enumerate(["2029-01-31", "2027-06-30", "2029-01-31", "2028-03-31"]):
        await buyer.post("/1460/contracts", json=contract(reference=f"A-{number}", ends_on=ends_on))
    first = (await buyer.get("/1460/contracts", params={"limit": 3})).json()
    rest = (await buyer.get("/1460/contracts", params={"limit": 3, "cursor": first["next"]})).json()
    assert [one["ends_on"] for one in first["items"]] == ["2027-06-30", "2028-03-31", "2029-01-31"]
    assert [one["ends_on"] for one in rest["items"]] == ["2029-01-31"]
    assert rest["next"] is None
    assert len({one["contract_id"] for one in first["items"] + rest["items"]}) == 4


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"supplier": {"organisation_number": "1"}}, "/supplier/organisation_number"),
        ({"starts_on": "2028-01-01"}, "/starts_on"),
        ({"notice_months": 2**70}, "/notice_months"),
        ({"notice_months": -1}, "/notice_months"),
        ({"notice_months": True}, "/notice_months"),
        ({"ends_on": "2027-02-29"}, "/ends_on"),
        ({"value": {"amount": 5.5, "currency": "SEK"}}, "/value/amount"),
        ({"cpv": "städning"}, "/cpv"),
        ({"reference": "A\n1"}, "/reference"),
        ({"owner_id": "en lind"}, "/owner_id"),
    ],
)
async def test_a_wrong_contract_says_where(buyer: httpx.AsyncClient, members: dict[str, object], pointer: str) -> None:
    refused = await buyer.post("/1460/contracts", json=contract(**members))
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == pointer
    assert (await buyer.get("/1460/contracts")).json()["items"] == []


async def test_another_town_is_closed_and_sees_nothing_of_ours(buyer: httpx.AsyncClient, token: Token) -> None:
    kept = (await buyer.post("/1460/contracts", json=contract())).json()
    assert (await buyer.get("/1438/contracts")).status_code == 403
    theirs = token("buyer", "1438")
    assert (await buyer.get("/1438/contracts", headers=theirs)).json()["items"] == []
    assert (await buyer.get(f"/1438/contracts/{kept['contract_id']}", headers=theirs)).status_code == 404
    assert (await buyer.get("/1460/contracts/1460-k-nothing")).status_code == 404


async def test_an_officer_may_look_but_not_register(buyer: httpx.AsyncClient, token: Token) -> None:
    officer = token("officer", "1460")
    assert (await buyer.get("/1460/contracts", headers=officer)).status_code == 200
    assert (await buyer.post("/1460/contracts", json=contract(), headers=officer)).status_code == 403
