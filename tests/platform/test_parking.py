"""Replay, discard, waking: in order, once, and nothing in it stops the rest."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from shared.contracts.refusal import Refused, Unknown
from shared.platform.errors import NotYet, TryAgain
from shared.platform.handlers import Handler
from shared.platform.hearing import Topic
from shared.platform.parking import Decision, Parking
from shared.platform.secrets import Seal
from tests.platform.counting_service import Counted, Counting, Stepped, Walk, Walks, stepped
from tests.platform.test_pipeline_promises import inbound, mapped

A, B = "1460-a", "1460-b"
AGAIN = Decision("replayed", "anna", "it is mended")
NEVER = Decision("discarded", "anna", "it was a mistake")
STEPS = "walking.steps.v1"


def heal(service: Counting, function: Any = None) -> None:
    """A new release, in which the handler does as told: by itself, whatever the trouble."""

    async def healthy(event: Stepped, walks: Walks) -> None:
        walk = await walks.get(event.walker) or Walk(event.municipality, event.walker)
        total = walk.total * 10 + event.steps
        walks.save(replace(walk, total=total), says=(Counted(municipality="1460", walker=event.walker, total=total),))

    handler = {
        kind: Handler.of(function or healthy, None) for kind in (Stepped.type, "se.kommunkontakt.inbox.stepped.v1")
    }
    service.hearing.topics = {
        name: Topic(
            topic.stream, topic.publisher, {kind: handler.get(kind, one) for kind, one in topic.handlers.items()}
        )
        for name, topic in service.hearing.topics.items()
    }


async def kinds(service: Counting, **query: Any) -> list[str]:
    rows = await service.database.find("parked", {"open": True, **query}, sort=(("order", 1),))
    return [row["kind"] for row in rows]


async def blocked(service: Counting) -> list[int]:
    return [row["b"] for row in await service.rows("lanes")]


def place(offset: int, topic: str = STEPS) -> str:
    return f"{topic}.0.{offset}"


async def told(service: Counting, topic: str) -> list[str]:
    return [row["_id"]["k"] for row in await service.rows("outbox") if row["t"] == f"counting.{topic}.v1"]


async def test_a_replay_runs_the_lane_in_its_order_and_frees_it() -> None:
    service = Counting()
    await service.hear(stepped(A, 1, 1, "bug"), *(stepped(A, n, n) for n in range(2, 6)), stepped(B, 1))
    heal(service)
    await service.parking.decide("1460", place(0), AGAIN)
    assert await service.total(A) == 12345
    assert await kinds(service) == []
    assert await blocked(service) == [0, 0]
    await service.hear(stepped(A, 6, 6), stepped(A, 5, 5))
    assert await service.total(A) == 123456
    row = (await service.rows("parked"))[0]
    assert (row["outcome"], row["decided_by"], row["decided_because"]) == ("replayed", "anna", "it is mended")


async def test_a_discard_lets_the_rest_of_the_lane_through() -> None:
    service = Counting()
    await service.hear(stepped(A, 1, 1, "bug"), stepped(A, 2, 2), stepped(A, 3, 3))
    heal(service)
    await service.parking.decide("1460", place(0), NEVER)
    assert await service.total(A) == 23


async def test_a_replay_stops_at_the_next_that_cannot_be_acted_on() -> None:
    service = Counting()
    troubles = [None, "bug", None, "bug", None]
    await service.hear(*(stepped(A, n, n, trouble) for n, trouble in enumerate(troubles, 1)))
    await service.parking.decide("1460", place(1), NEVER)
    assert await service.total(A) == 4
    assert await kinds(service) == ["parked", "behind"]
    assert len(await told(service, "parked")) == 2
    with pytest.raises(Refused, match="decided before"):
        await service.parking.decide("1460", place(1), AGAIN)
    with pytest.raises(Refused, match="another"):
        await service.parking.decide("1460", place(4), AGAIN)
    with pytest.raises(Unknown):
        await service.parking.decide("1438", place(3), AGAIN)


async def test_an_unreadable_record_can_be_discarded_but_not_replayed() -> None:
    service = Counting()
    await service.hear(stepped(A, 1, ce_source=None), stepped(A, 2))
    with pytest.raises(Refused, match="Still not"):
        await service.parking.decide("0000", place(0), AGAIN)
    await service.parking.decide("0000", place(0), NEVER)
    assert await service.total(A) == 1


async def test_a_gap_is_replayed_when_a_person_says_that_nothing_more_will_come() -> None:
    service = Counting()
    await service.hear(stepped(A, 1), stepped(A, 3), stepped(A, 4))
    await service.parking.decide("1460", place(1), AGAIN)
    assert await service.total(A) == 3


async def test_what_cannot_be_written_still_keeps_its_new_reason_and_stops_no_other() -> None:
    service = Counting()
    await service.hear(stepped(A, 1, 2**70, "map"), stepped(B, 1, 1, "map"))
    for subject in (A, B):
        await service.hear(mapped(subject))
    await service.wait(60)
    assert await service.parking.wake_due() == 0
    assert await service.total(B) == 1
    [row] = await service.rows("parked", open=True)
    assert (row["subject"], row["kind"]) == (A, "parked")
    assert len(await told(service, "parked")) == 1


@pytest.mark.parametrize("what", ["another key", "no longer heard"])
async def test_what_cannot_be_opened_any_more_is_parked_with_its_reason_and_stops_no_other(what: str) -> None:
    service = Counting()
    await service.hear(inbound("1", trouble="map"), stepped(B, 1, 1, "map"))
    if what == "another key":
        service.hearing.seal = Seal("t" * 32, "parked", lambda n: b"n" * n)
    else:
        service.hearing.topics = {name: topic for name, topic in service.hearing.topics.items() if name == STEPS}
    await service.wait(60)
    await service.parking.wake_due()
    reasons = {row["topic"]: (row["kind"], row["reason"]) for row in await service.rows("parked", open=True)}
    fault = "BrokenSeal" if what == "another key" else "KeyError"
    assert reasons["inbox.watch.v1"] == ("parked", f"a fault in the program: {fault}")
    assert reasons[STEPS][0] == ("parked" if what == "another key" else "awaiting")


async def test_something_outside_that_is_away_changes_nothing_of_what_waits() -> None:
    service = Counting()
    await service.hear(stepped(A, 1, 1, "map"), stepped(A, 2))
    before = await service.rows("parked")

    async def away(event: Stepped, walks: Walks) -> None:
        raise TryAgain("the register is away")

    heal(service, away)
    await service.wait(60)
    with pytest.raises(TryAgain):
        await service.parking.wake_due()
    assert await service.rows("parked") == before


async def test_an_inbound_event_that_waited_and_turns_out_to_be_wrong_is_told_back_and_stops_nobody() -> None:
    service = Counting()
    await service.hear(inbound("1", trouble="map"), inbound("2", trouble="no"), inbound("3", steps=5))
    assert await kinds(service) == ["awaiting", "behind", "behind"]
    await service.hear(mapped(A))
    await service.parking.wake([A])
    assert await service.total(A) == 6
    assert await kinds(service) == ["rejected"]
    assert await told(service, "parked") == []
    assert await told(service, "rejections") == [f"counting.rejections.v1|{place(1, 'inbox.watch.v1')}"]
    assert set(await blocked(service)) == {0}
    await service.hear(inbound("4"))
    assert await service.total(A) == 7


async def test_a_bad_inbound_event_that_was_replayed_leaves_its_lane_and_the_rest_goes_on() -> None:
    service = Counting()
    await service.hear(inbound("1", trouble="bug"), inbound("2"))

    async def lawful(event: Stepped, walks: Walks) -> None:
        if event.trouble:
            raise Refused("no", "Nej.", "No.", "/steps")
        walks.save(Walk("1460", event.walker, 1))

    heal(service, lawful)
    with pytest.raises(Refused, match="Still not: No"):
        await service.parking.decide("1460", place(0, "inbox.watch.v1"), AGAIN)
    assert await kinds(service) == ["rejected"]
    assert await service.total(A) == 1


class Killed(BaseException):
    """The plug was pulled."""


async def test_who_is_killed_between_two_of_a_lane_leaves_the_next_to_the_safety_net() -> None:
    service = Counting()
    await service.hear(stepped(A, 1, 1, "bug"), stepped(A, 2, 2), stepped(A, 3, 3))
    heal(service)

    class Dying(Parking):
        async def drain(self, lane_id: str) -> None:
            raise Killed

    with pytest.raises(Killed):
        await Dying(service.hearing).decide("1460", place(0), AGAIN)
    assert await service.total(A) == 1
    await service.hear(stepped(A, 4, 4))
    assert await Parking(service.hearing).wake_due() == 0
    assert await service.total(A) == 1234
    assert await blocked(service) == [0]


async def test_what_waits_is_not_lost_when_the_database_is_away_in_the_middle_of_a_lane() -> None:
    service = Counting()
    await service.hear(stepped(A, 1, 1, "map"), *(stepped(A, n) for n in range(2, 6)))
    await service.hear(mapped(A))
    calls = 0
    find = service.database.find

    async def failing(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise TryAgain("away")
        return await find(*arguments, **named)

    service.database.find = failing  # type: ignore[method-assign]
    with pytest.raises(TryAgain):
        await service.parking.wake([A])
    assert await service.total(A) in (1, 2)
    await service.wait(60)
    assert await service.parking.wake_due() == 0
    assert await service.total(A) == 5


async def test_a_lane_blocked_while_it_is_drained_is_drained_too() -> None:
    service = Counting()
    await service.hear(stepped(A, 1, 1, "map"), stepped(A, 2, 2))
    batch, _ = await service.consumer()
    await batch.take(service.put(stepped(B, 1)))
    await service.hear(mapped(A))
    later = service.put(stepped(A, 3, 3), stepped(A, 4, 4))
    other, _ = await service.consumer()
    await asyncio.gather(service.parking.wake([A]), other.take(later))
    await service.parking.wake([A])
    await service.wait(60)
    assert await service.parking.wake_due() == 0
    assert await service.total(A) == 10
    assert await blocked(service) == [0, 0, 0]


async def test_two_who_replay_at_once_act_once() -> None:
    service = Counting()
    await service.hear(stepped(A, 1, 1, "bug"), stepped(A, 2, 2))
    heal(service)
    answers = await asyncio.gather(
        *(Parking(service.hearing).decide("1460", place(0), AGAIN) for _ in range(3)), return_exceptions=True
    )
    assert await service.total(A) == 12
    assert None in answers
    assert all(answer is None or isinstance(answer, Refused) for answer in answers)


async def test_a_waker_with_an_old_view_never_opens_again_what_was_discarded() -> None:
    service = Counting()
    await service.hear(stepped(A, 1, 1, "map"), stepped(A, 2))
    find = service.database.find

    async def slow(*arguments: Any, **named: Any) -> Any:
        found = await find(*arguments, **named)
        if arguments[1].get("awaits"):
            service.database.find = find  # type: ignore[method-assign]
            await service.parking.decide("1460", place(0), NEVER)
        return found

    service.database.find = slow  # type: ignore[method-assign]
    await service.parking.wake([A])
    assert await kinds(service) == []
    assert await service.total(A) == 1


async def test_a_lane_of_an_inbox_waits_in_order_too() -> None:
    service = Counting()
    await service.hear(
        inbound("1", trouble="bug"), inbound("2", steps="?"), inbound("3", steps=3), inbound("4", steps=4)
    )
    assert await kinds(service) == ["parked", "rejected", "behind", "behind"]
    heal(service)
    await service.parking.decide("1460", place(0, "inbox.watch.v1"), AGAIN)
    assert await service.total(A) == 134


async def test_an_event_without_a_key_is_parked_alone() -> None:
    service = Counting()
    await service.hear(inbound("1", trouble="bug")._replace(key=None), inbound("2")._replace(key=None))
    assert await kinds(service) == ["parked"]
    assert await service.total(A) == 1
    heal(service)
    await service.parking.decide("1460", place(0, "inbox.watch.v1"), AGAIN)
    assert await service.total(A) == 11


async def test_what_awaits_without_a_lane_is_woken_alone() -> None:
    service = Counting()
    await service.hear(inbound("1", trouble="map")._replace(key=None))
    assert await kinds(service) == ["awaiting"]
    await service.hear(mapped(A))
    await service.parking.heard_of({A})
    assert await service.total(A) == 1


async def test_a_look_for_what_waits_is_not_made_when_nothing_does() -> None:
    service = Counting()
    assert await service.parking.wake_due() == 0
    service.database.away = True  # type: ignore[attr-defined]
    await service.parking.heard_of({A})
    service.database.away = False  # type: ignore[attr-defined]


async def test_an_event_that_fell_while_it_waited_is_told_once() -> None:
    service = Counting()
    await service.hear(stepped(A, 1, 1, "map"))

    async def broken(event: Stepped, walks: Walks) -> None:
        raise ZeroDivisionError

    async def waiting(event: Stepped, walks: Walks) -> None:
        raise NotYet(B)

    for function in (broken, waiting, broken):
        heal(service, function)
        await service.wait(60)
        await service.parking.wake_due()
        with pytest.raises(Refused):
            await service.parking.decide("1460", place(0), AGAIN)
        await service.database.delete("outbox", {"_id.k": "relayed"})
    assert len(await told(service, "parked")) == 1
