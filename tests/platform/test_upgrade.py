"""A release adds a handler for a type that was passed by: old events of it are heard once, before newer ones."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.refusal import Refused
from shared.platform.errors import LostPosition, Outdated
from shared.platform.memory import MemoryDatabase
from shared.platform.parking import Decision
from shared.platform.release import go_back, hindrances
from tests.platform.counting_service import Counting
from tests.platform.test_pipeline_promises import Dying, PlugPulled, inbound
from tests.platform.two_releases import NEW, OLD, PLACE, Consumer, Danced, Dancing, Log, Walked, danced, walked

A, B = "1460-a", "1460-b"
AGAIN = Decision("replayed", "anna", "it is mended")
NEVER = Decision("discarded", "anna", "it was a mistake")
KNOWN = (Walked.type, Danced.type)


class Two:
    """Both releases on one database and one topic."""

    def __init__(self, database: MemoryDatabase | None = None) -> None:
        self.database, self.log = database or MemoryDatabase(), Log()
        self.old, self.new = (Dancing(self.database, self.log, release) for release in (OLD, NEW))

    async def heard_by_old(self, *records: Any) -> Consumer:
        self.log.put(*records)
        consumer = await self.old.consumer()
        await consumer.to_the_end()
        return consumer

    async def heard_by_new(self, *records: Any) -> Consumer:
        self.log.put(*records)
        consumer = await self.new.consumer()
        await consumer.to_the_end()
        return consumer

    async def row(self) -> dict[str, Any]:
        return (await self.database.find("positions", {}))[0]

    async def parked(self) -> list[tuple[int, str]]:
        rows = await self.database.find("parked", {"open": True}, sort=(("order", 1),))
        return [(row["order"], row["kind"]) for row in rows]


async def test_what_was_passed_by_is_heard_once_and_before_what_is_newer() -> None:
    two = Two()
    await two.heard_by_old(walked(A, 1), danced(A, 2), danced(B, 1), danced(A, 3))
    two.log.put(danced(A, 4), walked(A, 5))
    newer = await two.new.consumer()
    await newer.poll(3)
    assert await two.new.diary(A) == ([1], [2])
    await newer.to_the_end()
    assert await two.new.diary(A) == ([1, 5], [2, 3, 4])
    assert await two.new.diary(B) == ([], [1])


async def test_an_event_that_was_published_twice_is_heard_once_also_across_the_upgrade() -> None:
    two = Two()
    await two.heard_by_old(danced(A, 1), danced(A, 2), danced(A, 1), danced(A, 2))
    await two.heard_by_new(danced(A, 2), danced(A, 3))
    assert await two.new.diary(A) == ([], [1, 2, 3])


async def test_the_older_release_has_nothing_to_do_where_the_newer_one_was() -> None:
    two = Two()
    in_flight = await two.heard_by_old(walked(A, 1))
    await two.heard_by_new()
    two.log.put(walked(A, 2))
    with pytest.raises(LostPosition):
        await in_flight.poll(1)
    with pytest.raises(Outdated, match=r"0\.10\.0"):
        await two.old.consumer()


async def test_the_same_list_in_a_newer_release_stops_nobody() -> None:
    two = Two()
    two.new.hearing.topics = two.old.hearing.topics
    await two.heard_by_new(walked(A, 1))
    await two.heard_by_old(walked(A, 2))
    assert await two.new.diary(A) == ([1, 2], [])
    assert (await two.row())["release"] == list(NEW)


async def test_a_row_of_a_time_before_lists_is_adopted_as_it_stands() -> None:
    two = Two()
    await two.heard_by_old(danced(A, 1))
    gone = {"$unset": {"types": "", "release": "", "behind": "", "past": ""}}
    await two.database.change("positions", {}, gone)
    await two.heard_by_new(danced(A, 2))
    assert await two.new.diary(A) == ([], [2])


async def test_where_nothing_was_heard_nothing_is_caught_up() -> None:
    two = Two()
    await two.old.consumer()
    consumer = await two.heard_by_new(danced(A, 1))
    assert consumer.positions.in_past() == set()
    assert await two.new.diary(A) == ([], [1])


async def test_poison_from_the_past_is_parked_and_holds_back_its_own_lane_only() -> None:
    two = Two()
    await two.heard_by_old(danced(A, 1, trouble=True), danced(A, 2), danced(B, 1), walked(A, 3))
    await two.heard_by_new(walked(A, 4))
    assert await two.parked() == [(0, "parked"), (2, "behind"), (8, "behind")]
    [first, *_] = await two.database.find("parked", {}, sort=(("order", 1),))
    await two.new.parking.decide("1460", first["_id"], NEVER)
    assert await two.new.diary(A) == ([3, 4], [2])
    assert await two.new.diary(B) == ([], [1])


async def test_in_a_blocked_lane_the_past_waits_behind_what_is_before_it_only() -> None:
    two = Two()
    await two.heard_by_old(danced(A, 1), walked(A, 2, trouble=True), danced(A, 3), walked(A, 4))
    await two.heard_by_new()
    assert await two.new.diary(A) == ([], [1])
    assert await two.parked() == [(2, "parked"), (4, "behind"), (6, "behind")]
    await two.new.parking.decide("1460", f"{PLACE[0]}.0.2", NEVER)
    assert await two.new.diary(A) == ([4], [1, 3])


async def test_what_the_older_one_kept_aside_is_acted_on_in_its_turn_and_not_twice() -> None:
    two = Two()
    await two.heard_by_old(danced(A, 2), danced(A, 3))  # the first one is missing: kept with that reason
    await two.heard_by_new()
    assert await two.parked() == [(0, "parked"), (2, "behind")]
    await two.new.parking.decide("1460", f"{PLACE[0]}.0.0", AGAIN)
    assert await two.new.diary(A) == ([], [2, 3])


async def test_what_a_person_passed_by_with_the_older_release_is_heard_by_the_newer_one() -> None:
    two = Two()
    await two.heard_by_old(danced(A, 2), danced(B, 2))
    await two.old.parking.decide("1460", f"{PLACE[0]}.0.0", AGAIN)
    await two.old.parking.decide("1460", f"{PLACE[0]}.0.2", NEVER)
    await two.heard_by_new()
    assert await two.new.diary(A) == ([], [2])
    assert await two.new.diary(B) == ([], [])


async def test_an_older_instance_leaves_alone_what_waits_for_the_newer_release() -> None:
    two = Two()
    await two.heard_by_new(danced(A, 1, trouble=True), danced(A, 2))
    with pytest.raises(Outdated):
        await two.old.parking.decide("1460", f"{PLACE[0]}.0.0", AGAIN)
    await two.old.parking.decide("1460", f"{PLACE[0]}.0.0", NEVER)
    assert await two.parked() == [(2, "awaiting")]
    assert await two.old.parking.wake_due() == 1


async def test_rolled_back_and_forth_everything_is_heard_once_wherever_a_repeat_lies() -> None:
    two = Two()
    await two.heard_by_new(danced(A, 1), walked(A, 2), danced(A, 3))
    assert await hindrances(two.old.hearing, KNOWN) == []
    assert await go_back(two.old.hearing) == 1
    await two.heard_by_old(danced(A, 3), danced(A, 4), walked(A, 5), danced(A, 1))
    await two.heard_by_new(danced(A, 6))
    assert await two.new.diary(A) == ([2, 5], [1, 3, 4, 6])


async def test_a_catching_up_that_was_rolled_back_goes_on_where_it_was() -> None:
    two = Two()
    await two.heard_by_old(*(danced(A, n) for n in range(1, 6)))
    half = await two.new.consumer()
    await half.poll(2)
    await go_back(two.old.hearing)
    with pytest.raises(LostPosition):
        await half.poll(1)
    await two.heard_by_old(danced(A, 6))
    await two.heard_by_new()
    assert await two.new.diary(A) == ([], [1, 2, 3, 4, 5, 6])


async def test_rolling_back_is_refused_while_something_waits_for_the_newer_release() -> None:
    two = Two()
    await two.heard_by_new(danced(A, 1, trouble=True))
    [why] = await hindrances(two.old.hearing, KNOWN)
    assert "Parked events wait" in why
    await two.new.parking.decide("1460", f"{PLACE[0]}.0.0", NEVER)
    assert await hindrances(two.old.hearing, KNOWN) == []


async def test_what_remembered_the_past_is_swept_when_it_is_caught_up() -> None:
    two = Two()
    await two.heard_by_old(danced(A, 1), danced(B, 1))
    newer = await two.heard_by_new(walked(A, 2))
    await newer.positions.sweep()
    assert [row["_id"] for row in await two.database.find("lanes", {"_id": {"$gte": "past|", "$lt": "past}"}})] == []
    assert len(await two.database.find("lanes", {})) == 2


MOVES = st.lists(
    st.tuples(st.sampled_from([A, A, B]), st.booleans(), st.sampled_from([0, 0, 0, 0, 1, 2])), min_size=6, max_size=16
)
TURNS = st.lists(
    st.tuples(
        st.sampled_from(["old", "new", "back"]),
        st.integers(0, 5),  # so many are published
        st.lists(st.integers(0, 15), max_size=2),  # these are published again
        st.lists(st.integers(1, 6), max_size=4),  # so many are polled at a time
        st.one_of(st.none(), st.integers(0, 25)),  # the call at which the last of these is killed
        st.sampled_from(["", "", "zombie", "wake", "answer", "answer"]),
        st.integers(0, 1),  # which release does that
    ),
    min_size=3,
    max_size=8,
)
Turn = tuple[str, int, list[int], list[int], int | None, str, int]


class Run:
    """One interleaving of two releases: whatever comes, all is acted on once in the end."""

    def __init__(self, moves: list[tuple[str, bool, int]]) -> None:
        self.two = Two(Dying())
        self.owners: list[Consumer] = []
        self.unsaid = _records(moves)
        self.expected: dict[str, tuple[list[int], list[int]]] = {A: ([], []), B: ([], [])}

    async def turn(self, turn: Turn) -> None:
        """One release is given the partition for a while."""
        release, published, again, polls, killed_at, besides, which = turn
        self.publish(published)
        for number in again:
            self.two.log.put(*self.two.log.log[number : number + 1])
        await self.take(release)
        for most in polls:
            await self.poll(self.owners[-1:], most, killed_at if most is polls[-1] else None)
        await self.do(besides, (self.two.old, self.two.new)[which])

    async def take(self, release: str) -> None:
        if release == "back" and not await hindrances(self.two.old.hearing, KNOWN):
            await go_back(self.two.old.hearing)
        try:
            self.owners.append(await (self.two.new if release == "new" else self.two.old).consumer())
        except Outdated:
            assert tuple((await self.two.row())["release"]) == NEW

    async def poll(self, owners: list[Consumer], most: int, killed_at: int | None = None) -> None:
        database = self.two.database
        assert isinstance(database, Dying)
        for owner in owners:
            database.left = killed_at
            try:
                await owner.poll(most)
            except (PlugPulled, LostPosition):
                self.owners.remove(owner)
                database.release_all()
            finally:
                database.left = None

    async def do(self, what: str, one: Dancing) -> None:
        """What else happens: an older owner wakes up, the safety net looks, a person answers."""
        if what == "zombie":
            await self.poll(self.owners[:1], 3)
        elif what == "wake":
            one.clock.advance(timedelta(minutes=1))
            await one.parking.wake_due()
        elif what == "answer":
            await self.answer(one)

    async def answer(self, one: Dancing) -> None:
        """A person: what fails for good is discarded, all else is replayed."""
        found = await self.two.database.find("parked", {"open": True}, sort=(("order", 1),))
        for row in found[:1]:
            record = next(record for record in self.two.log.log if record.offset == row["order"])
            decision = NEVER if json.loads(record.value or b"")["trouble"] else AGAIN
            with suppress(Refused, Outdated):
                await one.parking.decide("1460", row["_id"], decision)

    def publish(self, count: int) -> None:
        for record, trouble in self.unsaid[:count]:
            self.two.log.put(record)
            headers = dict(record.headers)
            which = int(headers["ce_type"] == Danced.type.encode())
            if not trouble:
                self.expected[headers["ce_subject"].decode()][which].append(int(headers["ce_sequence"]))
        del self.unsaid[:count]

    async def finish(self) -> None:
        self.publish(len(self.unsaid))
        newest = await self.two.new.consumer()
        await newest.to_the_end()
        while await self.two.database.find("parked", {"open": True}):
            await self.answer(self.two.new)
        for walker, expected in self.expected.items():
            assert await self.two.new.diary(walker) == expected


def _records(moves: list[tuple[str, bool, int]]) -> list[tuple[Any, bool]]:
    """What will be said: 1 is an event that fails, 2 one before which an event is missing."""
    sequences = {A: 0, B: 0}
    records = []
    for walker, dances, kind in moves:
        sequences[walker] += 2 if kind == 2 else 1
        say = danced if dances else walked
        records.append((say(walker, sequences[walker], trouble=kind == 1), kind == 1))
    return records


@settings(max_examples=300)
@given(moves=MOVES, turns=TURNS)
async def test_whatever_happens_on_the_way_all_is_acted_on_once(
    moves: list[tuple[str, bool, int]], turns: list[Turn]
) -> None:
    run = Run(moves)
    for turn in turns:
        await run.turn(turn)
    await run.finish()


async def test_a_kill_at_any_call_of_catching_up_changes_nothing_of_the_outcome() -> None:
    said = [danced(A, 1), walked(A, 2), danced(A, 3, trouble=True), danced(B, 1), danced(A, 1), danced(A, 4)]
    for calls in range(200):
        two = Two(Dying())
        await two.heard_by_old(*said)
        two.log.put(danced(B, 2))
        finished = await _killed_at(two, calls)
        newest = await two.new.consumer()
        await newest.to_the_end()
        assert (await two.new.diary(A), await two.new.diary(B)) == (([2], [1]), ([], [1, 2])), calls
        assert await two.parked() == [(4, "parked"), (10, "behind")], calls
        if finished:
            return
    pytest.fail("catching up needed more calls than the test tries")


async def _killed_at(two: Two, calls: int) -> bool:
    """The newer release is given the partition and dies at that call; True when it needed fewer."""
    assert isinstance(two.database, Dying)
    two.database.left = calls
    try:
        consumer = await two.new.consumer()
        while await consumer.poll(3):
            await consumer.positions.sweep()
    except PlugPulled:
        return False
    finally:
        two.database.left = None
        two.database.release_all()
    return True


async def test_the_past_of_an_inbox_is_heard_once() -> None:
    service = Counting()
    inbox = service.hearing.topics["inbox.watch.v1"]
    service.hearing.topics = {"inbox.watch.v1": replace(inbox, handlers={})}
    await service.hear(inbound("1"), inbound("2"), inbound("1"))
    service.hearing.topics = {"inbox.watch.v1": inbox}
    batch, positions = await service.consumer()
    await batch.take(service.log)
    assert await service.total(A) == 2
    assert positions.in_past() == set()
    await batch.take(service.put(inbound("2"), inbound("3")))
    assert await service.total(A) == 3


async def test_a_third_release_that_comes_in_the_middle_starts_catching_up_anew() -> None:
    two = Two()
    third = Dancing(two.database, two.log, (0, 11, 0))
    topic = two.new.hearing.topics[PLACE[0]]
    two.old.hearing.topics = {PLACE[0]: replace(topic, handlers={})}
    two.new.hearing.topics = {PLACE[0]: replace(topic, handlers={Danced.type: topic.handlers[Danced.type]})}
    await two.heard_by_old(walked(A, 1), danced(A, 2), walked(A, 3), danced(A, 4))
    half = await two.new.consumer()
    await half.poll(3)
    newest = await third.consumer()
    await newest.to_the_end()
    assert await third.diary(A) == ([1, 3], [2, 4])


async def test_a_batch_of_the_past_that_was_kept_although_its_answer_was_lost_is_not_kept_again() -> None:
    two = Two()
    await two.heard_by_old(danced(A, 1), danced(B, 1), danced(A, 2))
    newer = await two.new.consumer()
    before = replace(newer.positions.held[PLACE])
    await newer.poll(2)
    newer.positions.held[PLACE] = before
    with pytest.raises(LostPosition):
        await newer.poll(2)
    await newer.positions.refresh()
    await newer.to_the_end()
    assert (await two.new.diary(A), await two.new.diary(B)) == (([], [1, 2]), ([], [1]))
