"""What publishers post, on a real MongoDB: several instances at once, and corrections that meet a person's decision."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest

from shared.contracts.streams import inbox
from shared.platform.clock import FixedClock
from shared.platform.cloudevents_http import Posted, read
from shared.platform.hearing import Topic
from shared.platform.mongo import MongoDatabase
from shared.platform.outbox import OUTBOX
from shared.platform.parking import Decision
from shared.platform.posting import Posting
from shared.platform.settings import Publisher, Rate
from shared.platform.web.errors import TooManyRequests
from shared.platform.work import KEPT
from stack.mongo import Mongo
from tests.conftest import connected
from tests.platform.counting_service import Counting
from tests.platform.test_parking import heal
from tests.platform.test_pipeline_promises import A, inbound

pytestmark = pytest.mark.servers

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
RATE = 60
WATCH = Publisher(
    name="watch", municipality="1460", types=("stepped",), http_rates=(Rate(from_on=date(2026, 1, 1), per_minute=RATE),)
)
TOPIC = Topic(inbox("watch"), WATCH, {})


@pytest.fixture
async def database(mongo_server: Mongo) -> AsyncIterator[MongoDatabase]:
    made = connected(mongo_server)
    await made.prepare([*KEPT])
    yield made
    await made.drop()
    await made.close()


def event(event_id: str) -> Posted:
    told = {"specversion": "1.0", "id": event_id, "source": "/watch", "type": "t", "data": {}}
    [posted] = read([(b"content-type", b"application/cloudevents+json")], json.dumps(told).encode())
    return posted


async def numbers(database: MongoDatabase) -> list[tuple[int, str]]:
    rows = await database.find(OUTBOX.name, {}, sort=(("_id", 1),))
    return [(row["_id"]["s"], json.loads(row["b"])["id"]) for row in rows]


async def test_three_instances_number_their_events_without_a_gap_and_each_client_keeps_its_order(
    database: MongoDatabase,
) -> None:
    instances = [Posting(Counting(database).hearing) for _ in range(3)]

    async def client(name: int) -> None:
        for nth in range(6):
            await instances[nth % 3].keep(TOPIC, WATCH, RATE, [event(f"{name}-{nth}")])

    await asyncio.gather(*(client(name) for name in range(8)))
    said = await numbers(database)
    assert [number for number, _ in said] == list(range(1, 49))
    for name in range(8):
        assert [one for _, one in said if one.startswith(f"{name}-")] == [f"{name}-{nth}" for nth in range(6)]


async def test_all_instances_together_let_through_what_was_agreed_and_no_more(database: MongoDatabase) -> None:
    clock = FixedClock(AT)
    services = [Counting(database) for _ in range(3)]
    for service in services:
        service.hearing.wall = clock
    instances = [Posting(service.hearing) for service in services]

    async def post(number: int) -> str:
        try:
            await instances[number % 3].keep(TOPIC, WATCH, RATE, [event(str(number))])
        except TooManyRequests as refused:
            return refused.headers["Retry-After"]
        return "kept"

    first = Counter(await asyncio.gather(*(post(number) for number in range(90))))
    assert first == {"kept": RATE, "1": 90 - RATE}
    clock.advance(timedelta(seconds=10))
    second = Counter(await asyncio.gather(*(post(number) for number in range(100, 130))))
    assert second["kept"] == 10
    assert len(await numbers(database)) == RATE + 10


async def test_of_a_correction_and_a_replay_that_meet_one_is_acted_on(database: MongoDatabase) -> None:
    service = Counting(database)
    await database.prepare([store.layout() for store in service.hearing.shelf.values()])
    for number in range(10):
        await service.hear(inbound(str(number), steps=1, trouble="no"))
    heal(service)
    batch, _ = await service.consumer()
    corrections = service.put(*(inbound(str(number), steps=1) for number in range(10)))
    again = Decision("replayed", "anna", "it is mended")
    await asyncio.gather(
        batch.take(corrections),
        *(service.parking.decide("1460", f"inbox.watch.v1.0.{number}", again) for number in range(10)),
        return_exceptions=True,
    )
    rows = await service.rows("parked")
    assert len(rows) == 10
    assert {row["open"] for row in rows} == {False}
    assert {row["outcome"] for row in rows} <= {"corrected", "replayed"}
    acted_on = str(await service.total(A))
    assert acted_on == "1" * 10
