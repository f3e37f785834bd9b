"""A command at a door: all of it in one write, once under its key, and run again whole when a race was lost."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol

import pytest
from pydantic import BaseModel

from shared.contracts.refusal import Invalid, Refused
from shared.platform.database import Collection, Document, Index, Query, Sort, statement
from shared.platform.desk import Desk
from shared.platform.errors import TryAgain
from shared.platform.logs import correlation_id
from shared.platform.memory import MemoryDatabase, MemorySession
from shared.platform.once import Once
from shared.platform.secrets import Seal
from tests.platform.counting_service import Counted, Counting, KeptWalks, Walk, Walks, stepped

A, B = "1460-a", "1460-b"


class Asked(BaseModel):
    """What is asked."""

    steps: int = 1


class Answered(BaseModel):
    """How far the walker has come."""

    total: int


def walking(steps: int = 1, walker: str = A) -> Any:
    async def walk_on(walks: Walks) -> Answered:
        walk = await walks.get(walker) or Walk("1460", walker)
        after = replace(walk, total=walk.total + steps)
        walks.save(after, says=(Counted(municipality="1460", walker=walker, total=min(after.total, 2**53)),))
        return Answered(total=after.total)

    return walk_on


def under(key: str | None, asked: Asked | None = None, caller: str = "anna", door: str = "walks") -> Once | None:
    return Once.under(key, "1460", caller, door, asked or Asked())


class Maps(Protocol):
    """The walks, as somebody else calls them."""

    async def get(self, walker: str, /) -> Walk | None: ...


class KeptMaps(KeptWalks):
    """Another store."""

    collection = "maps"


class Observed(MemoryDatabase):
    """Tells in which order it was read and written, and how many read at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []
        self.reading = self.most_at_once = 0

    async def find(self, collection: str, query: Query, *, sort: Sort = (), limit: int = 0) -> list[Document]:
        self.told.append("read")
        self.reading += 1
        self.most_at_once = max(self.most_at_once, self.reading)
        await asyncio.sleep(0)
        self.reading -= 1
        return await super().find(collection, query, sort=sort, limit=limit)

    async def session(self) -> MemorySession:
        self.told.append("transaction")
        return await super().session()


def with_maps(service: Counting) -> Desk:
    return Desk(replace(service.hearing, shelf={Walks: KeptWalks, Maps: KeptMaps}))


async def looking_around(walks: Walks, maps: Maps) -> Answered:
    walk, other = await walks.get(A) or Walk("1460", A), await maps.get(B)
    walks.save(replace(walk, total=walk.total + 1))
    return Answered(total=walk.total + (other.total if other else 0))


async def sequences(service: Counting) -> list[int]:
    return [row["_id"]["s"] for row in await service.rows("outbox")]


async def test_state_outbox_journal_and_key_are_one_write() -> None:
    service = Counting()
    assert await Desk(service.hearing).do(walking(3), under("k")) == Answered(total=3)
    counts = [len(await service.rows(name)) for name in ("walks", "outbox", "journal", "requests")]
    assert counts == [1, 1, 1, 1]
    assert service.hearing.news.is_set()


async def test_the_same_request_again_gets_the_same_answer_and_changes_nothing() -> None:
    service = Counting()
    desk = Desk(service.hearing)
    answers = [await desk.do(walking(), under("k")) for _ in range(3)]
    assert answers == [Answered(total=1)] * 3
    assert await sequences(service) == [1]


async def test_another_request_under_the_same_key_is_invalid() -> None:
    service = Counting()
    desk = Desk(service.hearing)
    await desk.do(walking(), under("k"))
    with pytest.raises(Invalid) as refused:
        await desk.do(walking(2), under("k", Asked(steps=2)))
    assert refused.value.pointer == "/header/Idempotency-Key"
    assert await service.total(A) == 1


async def test_an_answer_is_kept_sealed_and_with_another_secret_it_is_refused_not_done_again() -> None:
    service = Counting()
    await Desk(service.hearing).do(walking(), under("k"))
    assert "total" not in str(await service.rows("requests"))
    service.hearing.seal = Seal("t" * 32, "parked", lambda n: b"n" * n)
    with pytest.raises(Refused) as refused:
        await Desk(service.hearing).do(walking(), under("k"))
    assert refused.value.code == "answer-unreadable"
    assert await service.total(A) == 1


async def test_a_key_belongs_to_its_caller_and_its_door() -> None:
    service = Counting()
    desk = Desk(service.hearing)
    keys = [under("k"), under("k", caller="bo"), under("k", door="other"), under(None), under(None)]
    keys += [under("c", caller="a|b", door="d"), under("b|c", caller="a", door="d"), under("c", caller="a", door="b|d")]
    for key in keys:
        await desk.do(walking(), key)
    assert await service.total(A) == len(keys)


async def test_the_same_request_many_times_at_once_is_carried_out_once() -> None:
    service = Counting()
    desk = Desk(service.hearing)
    answers = await asyncio.gather(*(desk.do(walking(), under("k")) for _ in range(8)))
    assert answers == [Answered(total=1)] * 8
    assert await sequences(service) == [1]


async def test_many_at_once_on_one_aggregate_all_count() -> None:
    service = Counting()
    desk = Desk(service.hearing)
    answers = await asyncio.gather(*(desk.do(walking()) for _ in range(5)))
    assert sorted(answer.total for answer in answers) == [1, 2, 3, 4, 5]
    assert await sequences(service) == [1, 2, 3, 4, 5]


async def test_a_lost_race_is_run_again_whole_with_what_the_winner_wrote() -> None:
    service = Counting()
    tries = 0

    async def interrupted(walks: Walks) -> Answered:
        nonlocal tries
        tries += 1
        walk = await walks.get(A) or Walk("1460", A)
        if tries == 1:
            await service.hear(stepped(A, 1, 40))
        walks.save(replace(walk, total=walk.total + 2))
        return Answered(total=walk.total + 2)

    assert await Desk(service.hearing).do(interrupted) == Answered(total=42)
    assert tries == 2
    assert await service.total(A) == 42


async def test_what_a_command_is_about_is_read_at_the_same_time_and_before_the_transaction() -> None:
    database = Observed()
    service = Counting(database)
    await with_maps(service).do(looking_around, about=lambda: {Walks: [A], Maps: [B]})
    assert database.most_at_once == 2
    assert database.told.index("read") < database.told.index("transaction")
    assert "read" not in database.told[database.told.index("transaction") :]


async def test_a_session_is_used_again_and_after_an_error_it_is_given_up() -> None:
    database = Observed()
    service = Counting(database)
    desk = Desk(service.hearing)
    for _ in range(3):
        await desk.do(walking())
    assert database.told.count("transaction") == 1
    with pytest.raises(Invalid):
        await desk.do(walking(2**70))
    await desk.do(walking())
    assert database.told.count("transaction") == 2


async def test_after_a_lost_race_it_reads_within_the_transaction_one_after_the_other() -> None:
    database = Observed()
    service, tries = Counting(database), 0

    async def interrupted(walks: Walks, maps: Maps) -> Answered:
        nonlocal tries
        tries += 1
        if tries == 1:
            await service.hear(stepped(A, 1, 40))
            database.told.clear()
        return await looking_around(walks, maps)

    await with_maps(service).do(interrupted, about=lambda: {Walks: [A], Maps: [B]})
    assert tries == 2
    assert database.told == ["transaction", "transaction"]  # the one that lost, and the one that reads for itself


async def test_a_batch_that_meets_a_door_runs_again_and_loses_nothing() -> None:
    service = Counting()
    desk = Desk(service.hearing)
    await asyncio.gather(
        service.hear(*(stepped(A, n) for n in range(1, 31))), *(desk.do(walking(100)) for _ in range(4))
    )
    assert await service.total(A) == 430
    assert await sequences(service) == list(range(1, 35))


async def test_somebody_who_holds_a_lock_for_long_is_no_fault_of_the_caller() -> None:
    service = Counting()
    await service.hear(stepped(A, 1))
    session = await service.database.session()
    async with session.transaction() as held:
        await held.update("walks", [statement({"_id": A}, {"$inc": {"_l": 1}})])
        with pytest.raises(TryAgain):
            await Desk(service.hearing).do(walking())
        with pytest.raises(TryAgain):
            await service.hear(stepped(A, 2))
    assert await service.rows("parked") == []


async def test_content_that_cannot_be_kept_is_422_and_nothing_is_kept() -> None:
    service = Counting()
    with pytest.raises(Invalid) as refused:
        await Desk(service.hearing).do(walking(2**70), under("k"))
    assert refused.value.status == 422
    assert [len(await service.rows(name)) for name in ("walks", "outbox", "requests")] == [0, 0, 0]


async def test_a_value_that_must_be_unique_and_is_taken_is_409() -> None:
    service = Counting()
    await service.database.prepare([Collection("walks", (Index((("total", 1),), unique=True),))])
    desk = Desk(service.hearing)
    await desk.do(walking(7))
    with pytest.raises(Refused) as refused:
        await desk.do(walking(7, B))
    assert refused.value.status == 409


async def test_a_refusal_passes_through_and_leaves_nothing_under_the_key() -> None:
    service = Counting()

    async def no(walks: Walks) -> Answered:
        walks.save(Walk("1460", A, 5))
        raise Refused("no", "Nej.", "No.")

    desk = Desk(service.hearing)
    with pytest.raises(Refused, match="No"):
        await desk.do(no, under("k"))
    assert await service.total(A) is None
    assert await desk.do(walking(), under("k")) == Answered(total=1)


async def test_a_database_that_is_away_is_said() -> None:
    service = Counting()
    assert isinstance(service.database, MemoryDatabase)
    service.database.away = True
    with pytest.raises(TryAgain):
        await Desk(service.hearing).do(walking())


async def test_a_question_writes_nothing() -> None:
    service = Counting()
    await service.hear(stepped(A, 1, 4))

    async def how_far(walks: Walks) -> int:
        walk = await walks.get(A)
        walks.save(Walk("1460", A, 99))
        return 0 if walk is None else walk.total

    assert await Desk(service.hearing).ask(how_far) == 4
    assert await service.total(A) == 4


async def test_a_door_and_a_batch_number_what_they_say_together() -> None:
    service = Counting()
    desk = Desk(service.hearing)
    for number in range(1, 4):
        await service.hear(stepped(A, number))
        await desk.do(walking())
        service.clock.advance(timedelta(seconds=1))
    assert await sequences(service) == [1, 2, 3, 4, 5, 6]


def in_units(units: list[Walks], steps: int = 1, walker: str = A) -> Any:
    async def walk_on(walks: Walks) -> Answered:
        units.append(walks)
        answer: Answered = await walking(steps, walker)(walks)
        return answer

    return walk_on


async def test_those_who_wait_for_their_turn_are_carried_out_together() -> None:
    service = Counting()
    desk, units = Desk(service.hearing), list[Walks]()
    answers = await asyncio.gather(*(desk.do(in_units(units), under(f"k{n}"), turn="1460") for n in range(120)))
    assert [answer.total for answer in answers] == list(range(1, 121))
    assert len({id(unit) for unit in units}) <= 4
    assert await sequences(service) == list(range(1, 121))
    assert len(await service.rows("requests")) == 120


async def test_turns_of_their_own_do_not_wait_for_each_other() -> None:
    service = Counting()
    desk, started = Desk(service.hearing), asyncio.Event()

    async def slow(walks: Walks) -> Answered:
        await started.wait()
        return Answered(total=0)

    async def quick(walks: Walks) -> Answered:
        started.set()
        return Answered(total=1)

    assert [one.total for one in await asyncio.gather(desk.do(slow, turn="a"), desk.do(quick, turn="b"))] == [0, 1]


async def test_one_who_is_refused_in_a_turn_spoils_it_for_nobody() -> None:
    service = Counting()
    desk = Desk(service.hearing)

    async def no(walks: Walks) -> Answered:
        await walking(50)(walks)
        raise Refused("no", "Nej.", "No.")

    actions = [walking(), no, walking(2**70, B), walking(), walking(3)]
    told = await asyncio.gather(*(desk.do(one, turn="1460") for one in actions), return_exceptions=True)
    assert [type(one) for one in told] == [Answered, Refused, Invalid, Answered, Answered]
    assert await service.total(A) == 5
    assert await service.total(B) is None


async def test_the_same_request_twice_in_a_turn_is_carried_out_once() -> None:
    service = Counting()
    desk = Desk(service.hearing)
    same = [desk.do(walking(), under("k"), turn="1460") for _ in range(3)]
    other = desk.do(walking(2), under("k", Asked(steps=2)), turn="1460")
    told = await asyncio.gather(*same, other, return_exceptions=True)
    assert told[:3] == [Answered(total=1)] * 3
    assert isinstance(told[3], Invalid)
    assert await service.total(A) == 1


async def test_a_value_that_is_taken_is_told_to_the_one_who_wants_it() -> None:
    service = Counting()
    await service.database.prepare([Collection("walks", (Index((("total", 1),), unique=True),))])
    desk = Desk(service.hearing)
    await desk.do(walking(7))
    actions = [walking(7, B), walking(3, "1460-c"), walking(4, "1460-d")]
    told = await asyncio.gather(*(desk.do(one, turn="1460") for one in actions), return_exceptions=True)
    assert [type(one) for one in told] == [Refused, Answered, Answered]


async def test_one_who_has_gone_away_holds_up_nobody() -> None:
    service = Counting()
    desk = Desk(service.hearing)
    gone = asyncio.create_task(desk.do(walking(), turn="1460"))
    await asyncio.sleep(0)
    gone.cancel()
    assert (await desk.do(walking(), turn="1460")).total == 2


async def test_what_is_said_in_a_turn_tells_each_callers_own_story() -> None:
    service = Counting()
    desk = Desk(service.hearing)

    async def called(story: str) -> None:
        correlation_id.set(story)
        await desk.do(walking(), turn="1460")

    await asyncio.gather(*(asyncio.create_task(called(story)) for story in ("a", "b", "c")))
    told = [bytes(row["h"]["ce_correlationid"]).decode() for row in await service.rows("outbox")]
    assert told == ["a", "b", "c"]
