"""Publishing over HTTP, without a server: what the door keeps, whom it refuses, and how what it kept fares."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.app import create_app, parts
from services.intake.settings import Settings
from shared.contracts.inbox import ContactReceived
from shared.platform.batch import Batch
from shared.platform.clock import FixedClock, SystemClock
from shared.platform.memory import MemoryDatabase
from shared.platform.positions import Positions
from shared.platform.service import hearing_for
from shared.platform.settings import PlatformSettings, Publisher, Rate
from shared.platform.token import make_key, make_token
from shared.platform.understand import Record
from tests.intake.settled import AT, contact

BINARY, BATCH = "application/json", "application/cloudevents-batch+json"
STRUCTURED = "application/cloudevents+json"
TYPE = ContactReceived.type
RATES = (Rate(from_on=date(2026, 1, 1), per_minute=60), Rate(from_on=date(2027, 1, 1), per_minute=1))
PUBLISHERS = (
    Publisher(name="e-services", municipality="1460", types=("contact-received", "purchase-made"), http_rates=RATES),
    Publisher(
        name="switchboard",
        municipality="1460",
        types=("contact-received",),
        sources=("/switchboard",),
        http_rates=(Rate(from_on=date(2026, 1, 1), per_minute=600),),
    ),
    Publisher(name="on-kafka", municipality="1460", types=("contact-received",)),
    Publisher(name="next-year", municipality="1460", types=("contact-received",), http_rates=RATES[1:]),
    Publisher(name="other-town", municipality="1438", types=("contact-received",), http_rates=RATES[:1]),
)


@dataclass
class Town:
    """intake's doors and its ear on one database, with a topic between them that is only a list."""

    key: Path
    database: MemoryDatabase = field(default_factory=MemoryDatabase)
    clock: FixedClock = field(default_factory=lambda: FixedClock(AT))
    offsets: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        platform = PlatformSettings(environment="development", jwt_key_file=self.key, publishers=PUBLISHERS)
        chosen = Settings(platform=platform)
        self.hearing = hearing_for(parts(chosen), platform, self.database, self.clock, self.clock)
        app = create_app(chosen, self.database, self.clock, self.clock)
        self.doors = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://intake")

    def token(self, who: str, role: str = "publisher", town: str = "1460") -> dict[str, str]:
        made = make_token(self.key, "kommunkontakt", who, [role], [town], timedelta(hours=1), SystemClock())
        return {"Authorization": f"Bearer {made}"}

    async def post(
        self, body: Any, mode: str = BINARY, who: str = "e-services", town: str = "1460", **headers: str
    ) -> httpx.Response:
        """Post it; a body that is not bytes goes as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        usual = {"content-type": mode, "accept-language": "en", **self.token(who, town=town), **headers}
        return await self.doors.post(f"/intake/v1/{town}/events", content=content, headers=usual)

    async def said(self) -> list[Record]:
        """What the relay would write to inboxes, in its order; it is then no longer in the outbox."""
        rows = await self.database.find("outbox", {}, sort=(("_id", 1),))
        inboxes = [row for row in rows if row["t"].startswith("inbox.")]
        await self.database.delete("outbox", {"_id": {"$in": [row["_id"] for row in inboxes]}})
        return [self._placed(row) for row in inboxes]

    def _placed(self, row: dict[str, Any]) -> Record:
        offset = self.offsets.get(row["t"], 0)
        self.offsets[row["t"]] = offset + 1
        return Record(row["t"], 0, offset, row["p"].encode(), row["b"], list(row["h"].items()))

    async def carry(self) -> list[Record]:
        """Carry what was posted to the topic, and let intake hear it."""
        records = await self.said()
        session = await self.database.session()
        positions = Positions(self.database, "intake")
        await positions.take({(one.topic, one.partition) for one in records}, session.id)
        await Batch(self.hearing, positions, session).take(records)
        return records

    async def fares(self, address: str, who: str = "e-services", role: str = "publisher") -> Any:
        answer = await self.doors.get(address, headers=self.token(who, role))
        return answer.json() if answer.status_code == 200 else answer.status_code

    async def contacts(self) -> list[str]:
        rows = await self.database.find("contacts", {}, sort=(("number", 1),))
        return [row["reference"] for row in rows]


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    key = tmp_path / "jwt.pem"
    make_key(key)
    made = Town(key)
    async with made.doors:
        yield made


def event(event_id: str, **data: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": event_id, "source": "/e", "type": TYPE, "data": contact(**data)}


def headers(event_id: str = "1", source: str = "/e", type_: str = TYPE, **more: str) -> dict[str, str]:
    return {"ce-specversion": "1.0", "ce-id": event_id, "ce-source": source, "ce-type": type_, **more}


def wrong(answer: httpx.Response) -> list[str]:
    return [one["pointer"] for one in answer.json()["errors"]]


async def test_each_mode_is_kept_and_becomes_a_contact(town: Town) -> None:
    answers = [
        await town.post(contact(reference="binary"), **headers("1")),
        await town.post(event("2", reference="structured"), STRUCTURED),
        await town.post([event("3", reference="batch-1"), event("4", reference="batch-2")], BATCH),
    ]
    assert [answer.status_code for answer in answers] == [202, 202, 202]
    assert answers[0].headers["Location"] == "/intake/v1/1460/inbound?source=%2Fe&id=1"
    assert "Location" not in answers[2].headers
    assert [one["id"] for one in answers[2].json()["events"]] == ["3", "4"]
    await town.carry()
    assert await town.contacts() == ["binary", "structured", "batch-1", "batch-2"]
    for answer in answers:
        for kept in answer.json()["events"]:
            assert (await town.fares(kept["inbound"]))["state"] == "accepted"


async def test_the_place_to_ask_knows_the_event_before_it_is_heard(town: Town) -> None:
    answer = await town.post(contact(), **headers())
    assert await town.fares(answer.headers["Location"]) == {"state": "waiting", "rejection": None}
    assert await town.fares("/intake/v1/1460/inbound?source=%2Fe&id=2") == 404


async def test_the_same_event_posted_and_batched_again_is_registered_once(town: Town) -> None:
    for _ in range(2):
        await town.post(contact(), **headers())
        await town.carry()
    await town.post([event("1"), event("1")], BATCH)
    await town.carry()
    assert await town.contacts() == ["E-1"]


async def test_events_come_to_the_topic_in_the_order_they_were_answered_for(town: Town) -> None:
    for number in range(12):
        await town.post(contact(reference=f"E-{number:02d}"), **headers(str(number)))
    records = await town.carry()
    assert [json.loads(one.value or b"")["reference"] for one in records] == [f"E-{n:02d}" for n in range(12)]
    assert {one.key for one in records} == {b"e-services"}


async def test_a_partition_key_is_the_key_on_the_topic(town: Town) -> None:
    await town.post(contact(), **headers("1", **{"ce-partitionkey": "f%C3%B6retag%201"}))
    await town.post({**event("2"), "partitionkey": "b"}, STRUCTURED)
    assert [one.key for one in await town.said()] == ["företag 1".encode(), b"b"]


async def test_a_wrong_body_is_told_back_with_its_place_and_can_be_put_right(town: Town) -> None:
    answer = await town.post({"reference": "E-1"}, **headers())
    assert answer.status_code == 202
    await town.carry()
    fared = await town.fares(answer.headers["Location"])
    assert (fared["state"], fared["rejection"]["pointer"]) == ("rejected", "/data/received_at")
    assert fared["rejection"]["reason_sv"] == "Saknas men måste anges."
    [told] = [row for row in await town.database.find("outbox", {}) if row["t"] == "intake.rejections.v1"]
    assert json.loads(told["b"])["pointer"] == "/data/received_at"
    assert told["p"] == "e-services"
    await town.post(contact(), **headers())
    await town.carry()
    assert (await town.fares(answer.headers["Location"]))["state"] == "accepted"
    assert await town.contacts() == ["E-1"]


async def test_a_person_discards_what_is_wrong_and_its_publisher_is_told(town: Town) -> None:
    answer = await town.post({"reference": "E-1"}, **headers())
    await town.carry()
    operator = town.token("olga", "operator")
    [parked] = (await town.doors.get("/intake/v1/1460/parked", headers=operator)).json()["items"]
    door = f"/intake/v1/1460/parked/{parked['id']}/discard"
    assert (await town.doors.post(door, json={"reason": "sent by mistake"}, headers=operator)).status_code == 204
    fared = await town.fares(answer.headers["Location"])
    assert (fared["state"], fared["rejection"]["outcome"]) == ("discarded", "discarded")


async def test_a_publisher_asks_about_its_own_events_only(town: Town) -> None:
    answer = await town.post({**event("1"), "source": "/switchboard"}, STRUCTURED, "switchboard")
    await town.carry()
    asked = answer.headers["Location"]
    assert (await town.fares(asked, "switchboard"))["state"] == "accepted"
    assert await town.fares(asked, "e-services") == 404
    assert await town.fares(asked, "nobody") == 404
    assert (await town.fares(asked, "olga", "operator"))["state"] == "accepted"


@pytest.mark.parametrize(
    ("who", "town_asked"), [("nobody", "1460"), ("on-kafka", "1460"), ("next-year", "1460"), ("e-services", "1438")]
)
async def test_who_is_not_registered_here_is_refused(town: Town, who: str, town_asked: str) -> None:
    answer = await town.post(contact(), who=who, town=town_asked, **headers())
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/unknown-publisher")
    assert await town.said() == []


async def test_a_token_of_another_town_or_role_is_refused(town: Town) -> None:
    door = "/intake/v1/1460/events"
    for token in (town.token("e-services", town="1438"), town.token("e-services", "receptionist")):
        answer = await town.doors.post(door, json=contact(), headers={**headers(), **token})
        assert answer.status_code == 403
    assert (await town.doors.post(door, json=contact(), headers=headers())).status_code == 401


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"ce-type": "se.kommunkontakt.inbox.contract-signed.v1"}, "/header/ce-type"),
        ({"ce-type": "se.kommunkontakt.inbox.purchase-made.v1"}, "/header/ce-type"),
        ({"ce-municipality": "1438"}, "/header/ce-municipality"),
        ({"ce-source": "a b"}, "/header/ce-source"),
        ({"ce-time": "noon"}, "/header/ce-time"),
    ],
)
async def test_what_may_not_be_said_is_refused_with_its_place(
    town: Town, changes: dict[str, str], pointer: str
) -> None:
    answer = await town.post(contact(), **(headers() | changes))
    assert (answer.status_code, wrong(answer)) == (422, [pointer])
    assert await town.said() == []


async def test_a_source_that_is_not_registered_is_refused_at_the_door_and_told_back_from_the_topic(town: Town) -> None:
    answer = await town.post(event("1"), STRUCTURED, "switchboard")
    assert (answer.status_code, wrong(answer)) == (422, ["/source"])
    own = [("content-type", STRUCTURED.encode())]
    session, topic = await town.database.session(), "inbox.switchboard.v1"
    positions = Positions(town.database, "intake")
    await positions.take({(topic, 0)}, session.id)
    await Batch(town.hearing, positions, session).take(
        [Record(topic, 0, 0, None, json.dumps(event("1")).encode(), own)]
    )
    fared = await town.fares("/intake/v1/1460/inbound?source=%2Fe&id=1", "switchboard")
    assert (fared["state"], fared["rejection"]["pointer"]) == ("rejected", "/source")


async def test_of_a_batch_all_is_kept_or_nothing_and_all_that_is_wrong_is_told(town: Town) -> None:
    batch = [event("1"), event("2"), {**event("3"), "type": "x"}, {**event("4"), "municipality": "1438"}]
    answer = await town.post(batch, BATCH)
    assert (answer.status_code, wrong(answer)) == (422, ["/2/type", "/3/municipality"])
    assert answer.json()["detail"] == "See what is wrong, and where, in errors."
    broken = await town.post([event("1"), {"specversion": "1.0", "id": "2", "type": TYPE}], BATCH)
    assert wrong(broken) == ["/1/source"]
    assert await town.said() == []
    assert await town.fares("/intake/v1/1460/inbound?source=%2Fe&id=1") == 404


async def test_an_empty_batch_is_kept_and_says_nothing(town: Town) -> None:
    answer = await town.post([], BATCH)
    assert (answer.status_code, answer.json()) == (202, {"events": []})


async def test_another_kind_of_content_is_told_what_is_accepted(town: Town) -> None:
    answer = await town.post(b"<a/>", "application/xml", **headers())
    assert (answer.status_code, answer.json()["type"]) == (415, "/problems/wrong-media-type")
    assert BATCH in answer.headers["Accept"]
    assert STRUCTURED in answer.json()["detail"]


async def test_what_is_too_large_is_refused(town: Town) -> None:
    over = await town.post(b" " * 1_000_001, **headers())
    just_within = await town.post(b'"' + b"a" * 999_990 + b'"', **headers())
    assert (over.status_code, just_within.status_code) == (413, 413)
    assert await town.said() == []


async def test_a_body_that_is_no_json_is_refused(town: Town) -> None:
    assert (await town.post(b"{", **headers())).status_code == 400
    assert (await town.post(b"[{", BATCH)).status_code == 400
    nul = await town.post(event("1", wish="a\0b"), STRUCTURED)
    assert (nul.status_code, wrong(nul)) == (422, ["/data/wish"])


async def test_beyond_its_rate_a_publisher_is_told_how_long_to_wait(town: Town) -> None:
    many = [event(str(number)) for number in range(60)]
    assert (await town.post(many[:59], BATCH)).status_code == 202
    refused = await town.post(many[:5], BATCH)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "4")
    assert (await town.post(many[0], STRUCTURED)).status_code == 202
    assert (await town.post(many[0], STRUCTURED)).headers["Retry-After"] == "1"
    other = await town.post({**event("1"), "source": "/switchboard"}, STRUCTURED, "switchboard")
    assert other.status_code == 202
    town.clock.advance(timedelta(seconds=2))
    assert (await town.post(many[:2], BATCH)).status_code == 202
    assert (await town.post(many[:1], BATCH)).status_code == 429
    assert len(await town.said()) == 63


async def test_more_than_a_minutes_worth_at_once_is_refused_for_good(town: Town) -> None:
    answer = await town.post([event(str(number)) for number in range(61)], BATCH)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/too-many")
    assert (await town.post([event(str(number)) for number in range(60)], BATCH)).status_code == 202


async def test_another_instance_counts_on_the_same_rate_and_keeps_the_order(town: Town) -> None:
    other = Town(town.key, town.database, town.clock)
    async with other.doors:
        for number in range(60):
            answer = await (town, other)[number % 2].post(event(str(number)), STRUCTURED)
            assert answer.status_code == 202
        assert (await other.post(event("60"), STRUCTURED)).status_code == 429
    assert [json.loads(one.value or b"")["id"] for one in await town.said()] == [str(n) for n in range(60)]


async def test_a_rate_holds_from_its_day(town: Town) -> None:
    town.clock.advance(timedelta(days=60))
    assert (await town.post([event("1"), event("2")], BATCH)).status_code == 422
    assert (await town.post(contact(), who="next-year", **headers())).status_code == 202


NAMES = st.sampled_from(["ce-id", "ce-source", "ce-type", "ce-specversion", "ce-time", "ce-x", "content-type", "x"])
TEXTS = st.sampled_from(["1.0", "1", "/e", TYPE, BINARY, STRUCTURED, BATCH, "%ff", '"']) | st.text(
    st.characters(min_codepoint=32, max_codepoint=126), max_size=20
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10)
MEMBERS = st.sampled_from(["specversion", "id", "source", "type", "data", "time", "subject"]) | st.text(max_size=5)
TREES = st.recursive(LEAVES, lambda t: st.lists(t, max_size=3) | st.dictionaries(MEMBERS, t, max_size=5), max_leaves=9)
EVENTS = st.dictionaries(MEMBERS, TREES, max_size=5).map(lambda changes: event("1") | changes)
BODIES = st.binary(max_size=60) | (TREES | EVENTS | st.lists(EVENTS, max_size=3)).map(lambda t: json.dumps(t).encode())


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("key") / "jwt.pem"
    make_key(made)
    return made


@settings(max_examples=60, deadline=None)
@given(mode=st.sampled_from([BINARY, STRUCTURED, BATCH]), extra=st.dictionaries(NAMES, TEXTS, max_size=4), body=BODIES)
async def test_whatever_is_posted_is_kept_whole_or_refused(
    key: Path, mode: str, extra: dict[str, str], body: bytes
) -> None:
    town = Town(key)
    async with town.doors:
        answer = await town.post(body, **{"content-type": mode, **headers(), **extra})
        assert answer.status_code in (202, 400, 413, 415, 422)
        records = await town.carry()
        kept = answer.json()["events"] if answer.status_code == 202 else []
        assert len(records) == len(kept)
        for one in kept:
            assert (await town.fares(one["inbound"]))["state"] in ("accepted", "rejected")
