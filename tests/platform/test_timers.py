"""Promises are kept once, also after downtime; one that can't be kept waits for a person and stops no other."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.contracts.refusal import Refused
from shared.platform.database import statement
from shared.platform.errors import NotYet, TryAgain
from shared.platform.leases import Lease
from shared.platform.parking import Decision
from shared.platform.timers import Promise, Timers
from tests.platform.counting_service import AT, Counted, Counting, KeptWalks, Walk, Walks, stepped
from tests.platform.test_pipeline_promises import mapped
from tests.waiting import until

A, B, C = "1460-a", "1460-b", "1460-c"
AGAIN = Decision("replayed", "anna", "it is mended")
NEVER = Decision("discarded", "anna", "it was a mistake")
HOUR = timedelta(hours=1)
Rule = Callable[..., Awaitable[None]]


async def remind(walk: Walk, walks: Walks, at: datetime) -> None:
    """Say how far the walker has come, and again in an hour until ten."""
    total = walk.total + 1
    due_at = at + HOUR if total < 10 else None
    said = Counted(municipality="1460", walker=walk.walker, total=total)
    walks.save(replace(walk, total=total, due_at=due_at), says=(said,))


def timers(service: Counting, rule: Rule = remind, holder: str = "one") -> Timers:
    lease = Lease(service.database, "timers", holder, service.clock, service.hearing.metrics)
    return Timers(service.hearing, (Promise.of(Walks, rule),), lease)


async def keep(service: Counting, *walks: Walk) -> None:
    """Walks that are there already, with what they have promised."""
    unit = service.hearing.unit(service.database)
    store = unit.store(Walks)
    for walk in walks:
        await store.get(walk.walker)
        store.save(walk)
    store.merge()
    session = await service.database.session()
    async with session.transaction() as transaction:
        await unit.write(transaction)


def due(walker: str, at: datetime | None = AT, total: int = 0) -> Walk:
    return Walk("1460", walker, total, due_at=at)


async def totals(service: Counting) -> dict[str, int]:
    return {row["_id"]: row["total"] for row in await service.rows("walks")}


async def test_what_is_due_is_done_once_and_what_is_not_is_left() -> None:
    service = Counting()
    await keep(service, due(A), due(B, AT + HOUR), due(C, None))
    assert await timers(service).keep_due() == 1
    assert await timers(service).keep_due() == 0
    assert await totals(service) == {A: 1, B: 0, C: 0}
    assert [row["_id"]["k"] for row in await service.rows("outbox")] == [f"counting.sums.v1|{A}"]


async def test_after_a_week_of_downtime_each_is_done_once_and_not_once_an_hour() -> None:
    service = Counting()
    await keep(service, due(A), due(B, AT + HOUR))
    await service.wait(7 * 86_400)
    assert await timers(service).keep_due() == 2
    assert await timers(service).keep_due() == 0
    assert await totals(service) == {A: 1, B: 1}


async def test_an_aggregate_without_a_moment_is_not_in_the_index_and_can_be_read_again() -> None:
    service = Counting()
    await keep(service, due(A, AT, 9))
    assert await timers(service).keep_due() == 1
    [row] = await service.rows("walks")
    assert "due_at" not in row
    await service.hear(stepped(A, 1, 5))
    assert await service.total(A) == 15
    assert (await KeptWalks(service.database).get(A) or due(A)).due_at is None


async def test_more_than_fit_in_one_look_are_all_kept_the_oldest_first() -> None:
    service = Counting()
    await keep(service, *(due(f"1460-{n:03}", AT - timedelta(seconds=n)) for n in range(250)))
    assert await timers(service).keep_due() == 200
    late = [row["_id"] for row in await service.rows("walks", total=0)]
    assert late == [f"1460-{n:03}" for n in range(50)]
    assert await timers(service).keep_due() == 50


async def failing(walk: Walk, walks: Walks, at: datetime) -> None:
    """B's promise is broken in the way that its number of steps says; the others are fine."""
    if walk.walker == B and walk.total == 1:
        raise ZeroDivisionError
    if walk.walker == B and walk.total == 2:
        raise Refused("no", "Nej.", "No.")
    if walk.walker == B and walk.total == 3:
        return
    if walk.walker == B and walk.total == 4:
        walks.save(replace(walk, due_at=at))
        return
    if walk.walker == B and walk.total == 5:
        walks.save(replace(walk, total=2**70, due_at=None))
        return
    walks.save(replace(walk, total=walk.total + 100, due_at=None))


@pytest.mark.parametrize("trouble", [1, 2, 3, 4, 5])
async def test_a_promise_that_cannot_be_kept_is_parked_and_replayed_and_stops_no_other(trouble: int) -> None:
    service = Counting()
    await keep(service, due(A), due(B, AT, trouble), due(C))
    assert await timers(service, failing).keep_due() == 3
    assert await totals(service) == {A: 100, B: trouble, C: 100}
    assert await timers(service, failing).keep_due() == 0
    [row] = await service.rows("parked", open=True)
    assert (row["kind"], row["subject"], row["municipality"], row["place"]) == ("timer", B, "1460", "failing")
    await service.parking.decide("1460", row["_id"], AGAIN)
    assert await timers(service, remind).keep_due() == 1
    assert await service.total(B) == trouble + 1
    with pytest.raises(Refused):
        await service.parking.decide("1460", row["_id"], AGAIN)


async def test_a_promise_that_a_person_discards_is_never_kept() -> None:
    service = Counting()
    await keep(service, due(B, AT, 1))
    await timers(service, failing).keep_due()
    await service.parking.decide("1460", f"timer.walks.{B}", NEVER)
    assert await timers(service).keep_due() == 0
    [row] = await service.rows("parked")
    assert (row["open"], row["outcome"], row["decided_at"]) == (False, "discarded", AT)


async def test_a_promise_that_fails_again_is_one_row() -> None:
    service = Counting()
    await keep(service, due(B, AT, 1))
    for _ in range(2):
        await timers(service, failing).keep_due()
        await service.parking.decide("1460", f"timer.walks.{B}", AGAIN)
    await timers(service, failing).keep_due()
    assert [row["open"] for row in await service.rows("parked")] == [True]


async def needing_a_map(walk: Walk, walks: Walks) -> None:
    if not walk.mapped:
        raise NotYet(walk.walker)
    walks.save(replace(walk, total=100, due_at=None))


async def test_a_promise_that_needs_another_event_is_woken_by_it() -> None:
    service = Counting()
    await keep(service, due(A))
    await timers(service, needing_a_map).keep_due()
    assert await service.parking.wake_due() == 1
    await service.hear(mapped(A))
    await service.parking.heard_of({A})
    assert await timers(service, needing_a_map).keep_due() == 1
    assert await service.total(A) == 100
    assert await service.parking.wake_due() == 0


async def test_a_promise_that_nobody_woke_is_tried_by_the_safety_net() -> None:
    service = Counting()
    await keep(service, due(A))
    await timers(service, needing_a_map).keep_due()
    await service.hear(mapped(A))
    await service.wait(31)
    await service.parking.wake_due()
    assert await timers(service, needing_a_map).keep_due() == 1
    assert await service.total(A) == 100


async def test_a_document_that_cannot_be_read_is_parked_and_stops_no_other() -> None:
    service = Counting()
    await keep(service, due(A), due(B))
    await service.database.change("walks", {"_id": A}, {"$set": {"total": "many"}})
    assert await timers(service).keep_due() == 2
    assert await service.total(B) == 1
    assert [row["subject"] for row in await service.rows("parked")] == [A]
    assert await timers(service).keep_due() == 0


async def test_what_was_put_off_while_it_was_looked_at_is_not_done() -> None:
    service = Counting()
    await keep(service, due(A), due(B))

    async def interrupted(walk: Walk, walks: Walks, at: datetime) -> None:
        if walk.walker == A and walk.total == 0:
            await keep(service, due(A, AT + HOUR, 50))
        await remind(walk, walks, at)

    await timers(service, interrupted).keep_due()
    await timers(service, remind).keep_due()
    assert await totals(service) == {A: 50, B: 1}
    await service.wait(3_600)
    await timers(service, remind).keep_due()
    assert await totals(service) == {A: 51, B: 2}


async def test_a_promise_that_fails_while_another_puts_it_off_is_not_parked() -> None:
    service = Counting()
    await keep(service, due(B, AT, 1))

    async def interrupted(walk: Walk, walks: Walks, at: datetime) -> None:
        await keep(service, due(B, AT + HOUR, 1))
        raise ZeroDivisionError

    with suppress(TryAgain):
        await timers(service, interrupted).keep_due()
    [row] = await service.rows("walks")
    assert row["due_at"] == AT + HOUR


async def test_two_instances_at_once_do_a_thing_once() -> None:
    service = Counting()
    await keep(service, *(due(f"1460-{n}") for n in range(20)))
    await asyncio.gather(*(timers(service, holder=name).keep_due() for name in "abc"), return_exceptions=True)
    await timers(service).keep_due()
    assert set((await totals(service)).values()) == {1}
    assert len(await service.rows("outbox")) == 20


async def test_what_is_away_is_waited_for() -> None:
    service = Counting()
    await keep(service, due(A))

    async def away(walk: Walk, walks: Walks) -> None:
        raise TryAgain("the register is away")

    with pytest.raises(TryAgain):
        await timers(service, away).keep_due()
    assert await service.rows("parked") == []
    assert await timers(service).keep_due() == 1


async def test_only_the_holder_of_the_lease_looks_and_the_next_takes_over() -> None:
    service = Counting()
    await keep(service, due(A))
    first, second = timers(service, holder="one"), timers(service, holder="two")
    running = asyncio.create_task(first.run())
    await until("the first has kept it", lambda: has_total(service, A, 1))
    other = asyncio.create_task(second.run())
    await service.wait(3_600)
    await until("somebody has kept the next", lambda: has_total(service, A, 2))
    running.cancel()
    await service.wait(3_600)
    await until("the other took over", lambda: has_total(service, A, 3))
    assert [row["holder"] for row in await service.rows("leases")] == ["two"]
    other.cancel()
    await asyncio.gather(running, other, return_exceptions=True)
    await second.let_go()
    assert await service.rows("leases") == []


async def has_total(service: Counting, walker: str, total: int) -> bool:
    return await service.total(walker) == total


async def test_a_database_that_is_away_is_said_and_waited_for() -> None:
    service = Counting()
    await keep(service, due(A))
    database: Any = service.database
    one = timers(service)
    database.away = True
    running = asyncio.create_task(one.run())
    await until("it is said", lambda: said(one))
    database.away = False
    await until("it is kept", lambda: has_total(service, A, 1))
    assert one.trouble is None
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def said(one: Timers) -> bool:
    return one.trouble is not None


async def test_a_statement_of_a_writer_that_saw_an_older_version_brings_no_promise_back_unseen() -> None:
    service = Counting()
    await keep(service, due(B, AT, 1))
    await timers(service, failing).keep_due()
    session = await service.database.session()
    async with session.transaction() as transaction:
        again = statement({"_id": B}, {"$set": {"due_at": AT}})
        assert await transaction.update("walks", [again]) == 1
    await timers(service, failing).keep_due()
    assert len(await service.rows("parked", open=True)) == 1
    assert "due_at" not in (await service.rows("walks"))[0]
