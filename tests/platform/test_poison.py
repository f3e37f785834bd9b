"""What is bad in a batch harms one event: a hole, a fault in what we declared, a document that cannot be read."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import pytest

from shared.platform.database import statement
from shared.platform.handlers import Handler
from shared.platform.store import Upcaster
from shared.platform.understand import Record
from tests.platform.counting_service import Counted, Counting, KeptWalks, Stepped, Walk, Walks, bus, own, stepped

A, B = "1460-a", "1460-b"


def unreadable(walker: str, sequence: int) -> Record:
    return stepped(walker, sequence, ce_source=None)


async def kinds(service: Counting) -> list[tuple[int, str, bool]]:
    rows = await service.database.find("parked", {}, sort=(("order", 1),))
    return [(row["order"], row["kind"], "missing" in row["reason"]) for row in rows]


async def test_a_hole_in_a_blocked_lane_is_told_too() -> None:
    service = Counting()
    await service.hear(stepped(A, 1), stepped(A, 2, trouble="bug"), stepped(A, 3), stepped(A, 5), stepped(A, 6))
    assert await kinds(service) == [
        (1, "parked", False),
        (2, "behind", False),
        (3, "parked", True),
        (4, "behind", False),
    ]


async def test_a_record_whose_sequence_could_not_be_read_explains_one_hole_and_no_more() -> None:
    service = Counting()
    await service.hear(stepped(A, 1), unreadable(A, 2), unreadable(A, 3), stepped(A, 4), stepped(A, 6))
    assert await kinds(service) == [
        (1, "parked", False),
        (2, "behind", False),
        (3, "behind", False),
        (4, "parked", True),
    ]


async def test_an_unreadable_record_explains_its_hole_also_in_a_later_batch() -> None:
    service = Counting()
    await service.hear(stepped(A, 1), unreadable(A, 2))
    await service.hear(stepped(A, 3))
    await service.hear(stepped(A, 5))
    assert await kinds(service) == [(1, "parked", False), (2, "behind", False), (3, "parked", True)]


@pytest.fixture
def about() -> Iterator[Callable[[Any], None]]:
    handlers = bus.heard["walking.steps.v1"]
    before = handlers[Stepped.type]

    def declare(wrong: Any) -> None:
        handlers[Stepped.type] = Handler(Stepped, before.wants, {Walks: wrong})

    yield declare
    handlers[Stepped.type] = before


@pytest.mark.parametrize("wrong", [lambda event: event.nothing, lambda event: None, lambda event: [None, 1]])
async def test_a_fault_in_about_costs_round_trips_and_nothing_else(
    about: Callable[[Any], None], wrong: Callable[[Any], Any]
) -> None:
    about(wrong)
    service = Counting()
    await service.hear(stepped(A, 1), stepped(A, 2))
    assert await service.total(A) == 2


async def test_a_document_that_cannot_be_read_parks_its_own_event_only() -> None:
    service = Counting()
    await service.hear(stepped(A, 1), stepped(B, 1))
    await service.database.change("walks", {"_id": A}, {"$set": {"total": "many"}})
    await service.hear(stepped(A, 2), stepped(B, 2), stepped("1460-c", 1))
    assert (await service.total(B), await service.total("1460-c")) == (2, 1)
    [row] = await service.rows("parked")
    assert (row["subject"], row["kind"]) == (A, "parked")
    assert "many" not in row["reason"]


async def test_what_cannot_be_said_is_found_by_splitting() -> None:
    service = Counting()
    bad = "1460-\ud800"

    async def say_it(event: Stepped, walks: Walks) -> None:
        walker = bad if event.steps == 13 else event.walker
        walks.save(Walk("1460", walker), says=(Counted(municipality="1460", walker=walker, total=1),))

    topic = service.hearing.topics["walking.steps.v1"]
    spoilt = {Stepped.type: Handler.of(say_it, None)}
    service.hearing.topics = {**service.hearing.topics, "walking.steps.v1": type(topic)(topic.stream, None, spoilt)}
    await service.hear(stepped(A, 1), stepped(B, 1, 13), stepped("1460-c", 1))
    assert [row["subject"] for row in await service.rows("parked")] == [B]
    assert [row["_id"] for row in await service.rows("walks")] == [A, "1460-c"]


class NewerWalks(KeptWalks):
    """Walks that were kept otherwise in schemas 1 and 2."""

    schema = 3
    upcasters: ClassVar[Mapping[int, Upcaster]] = {
        1: lambda old: {**old, "total": int(old.pop("steps"))},
        2: lambda old: {**old, "mapped": True},
    }


async def test_documents_of_older_schemas_are_read_and_kept_anew() -> None:
    service = Counting()
    service.hearing.shelf = {Walks: NewerWalks}
    platform = {"_v": 1, "_said": {"counting.sums.v1": 4}, "_chain": b"x"}
    session = await service.database.session()
    async with session.transaction() as work:
        old = [
            {"_id": A, "_schema": 1, "municipality": "1460", "walker": A, "steps": "40", **platform},
            {"_id": B, "_schema": 2, "municipality": "1460", "walker": B, "total": 7, **platform},
        ]
        await work.update("walks", [statement({"_id": one["_id"]}, one, upsert=True) for one in old])
    await service.hear(stepped(A, 1, 2), stepped(B, 1, 3))
    rows = await service.rows("walks")
    assert [(row["total"], row["mapped"], row["_schema"], row["_v"]) for row in rows] == [
        (42, True, 3, 2),
        (10, True, 3, 2),
    ]
    assert [row["_id"]["s"] for row in await service.rows("outbox")] == [5, 5]


async def test_an_unknown_type_with_a_hole_before_it_is_a_gap() -> None:
    service = Counting()
    strange = own("walking.steps.v1", "se.kommunkontakt.walking.danced.v1", A, 3, {}, {})
    await service.hear(stepped(A, 1), strange)
    assert await kinds(service) == [(1, "parked", True)]
