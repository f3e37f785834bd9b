"""What waits in the database is measured as it is: how much, and for how long."""

from collections.abc import Mapping
from typing import cast

import pytest
from aiokafka import TopicPartition

from shared.platform import measured
from shared.platform.listener import Listener
from shared.platform.measured import Measured
from shared.platform.outbox import ASIDE, OUTBOX
from shared.platform.parked import PARKED
from shared.platform.watch import Watch
from tests.conftest import AnyDatabase
from tests.platform.counting_service import AT, Counting, KeptWalks, own, stepped
from tests.platform.test_timers import HOUR, due, keep

PLACE = TopicPartition("walking.steps.v1", 0)
OTHER = TopicPartition("walking.steps.v1", 1)


def shown(service: Counting, name: str, labels: Mapping[str, str] | None = None) -> float | None:
    return service.hearing.metrics.registry.get_sample_value(f"kommunkontakt_{name}", dict(labels or {}))


@pytest.fixture
async def service(database: AnyDatabase) -> Counting:
    await database.prepare([OUTBOX, ASIDE, PARKED, KeptWalks.layout()])
    return Counting(database)


async def test_an_idle_service_owes_nothing(service: Counting) -> None:
    await Measured(service.hearing).look()
    assert shown(service, "outbox_size") == shown(service, "outbox_age_seconds") == shown(service, "outbox_aside") == 0
    assert shown(service, "due", {"collection": "walks"}) == 0
    assert shown(service, "oldest_due_seconds", {"collection": "walks"}) == 0
    assert (
        shown(service, "parked_open", {"kind": "parked"})
        == shown(service, "parked_oldest_seconds", {"kind": "parked"})
        == 0
    )
    assert shown(service, "epoch") == 1


async def test_what_is_due_is_counted_and_its_oldest_told(service: Counting) -> None:
    await keep(service, due("1460-a", AT - HOUR), due("1460-b"), due("1460-c", AT + HOUR), due("1460-d", None))
    await Measured(service.hearing).look()
    assert shown(service, "due", {"collection": "walks"}) == 2
    assert shown(service, "oldest_due_seconds", {"collection": "walks"}) == 3600


async def test_the_oldest_of_the_outbox_is_found_at_either_end(service: Counting) -> None:
    for walker in ("1460-m", "1460-z", "1460-a"):
        await service.hear(stepped(walker, 1))
        await service.wait(60)
    await Measured(service.hearing).look()
    assert shown(service, "outbox_size") == 3
    assert shown(service, "outbox_age_seconds") == 180


async def test_what_was_set_aside_is_counted_apart(service: Counting) -> None:
    await service.hear(stepped("1460-a", 1))
    await service.wait(60)
    await service.hear(stepped("1460-b", 1))
    await service.database.change(ASIDE.name, {"_id": "counting.sums.v1|1460-a"}, {"$set": {"s": 1}}, upsert=True)
    await Measured(service.hearing).look()
    assert shown(service, "outbox_aside") == shown(service, "outbox_size") == 1
    assert shown(service, "outbox_age_seconds") == 0


async def test_a_gap_is_counted_and_what_waits_behind_it_is_told_apart(service: Counting) -> None:
    await service.hear(stepped("1460-a", 1), stepped("1460-a", 3), stepped("1460-a", 4))
    await service.wait(90)
    await Measured(service.hearing).look()
    assert shown(service, "gaps_total", {"listener": "counting"}) == 1
    assert shown(service, "parked_open", {"kind": "parked"}) == 1
    assert shown(service, "parked_oldest_seconds", {"kind": "parked"}) == 90
    assert shown(service, "parked_open", {"kind": "behind"}) == 1


async def test_what_a_person_has_answered_is_not_open(service: Counting) -> None:
    await service.hear(own("inbox.watch.v1", "se.kommunkontakt.inbox.stepped.v1", "x", 1, {}, {"ce_sequence": None}))
    [kept] = await service.rows("parked")
    await service.database.change("parked", {"_id": kept["_id"]}, {"$set": {"open": False}})
    await Measured(service.hearing).look()
    assert shown(service, "parked_open", {"kind": kept["kind"]}) == 0


async def test_counting_stops_where_more_is_as_bad(service: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measured, "MOST", 2)
    await service.hear(*(stepped(f"1460-{n}", 1) for n in range(5)))
    await Measured(service.hearing).look()
    assert shown(service, "outbox_size") == 2


class Held:
    """A listener as the watch sees it."""

    name, batches, trouble = "one", 0, None

    def __init__(self, lag: dict[TopicPartition, int]) -> None:
        self.held = lag

    async def lag(self) -> dict[TopicPartition, int]:
        return self.held


async def test_the_lag_of_a_partition_that_was_given_away_is_not_shown_any_more() -> None:
    service, listener = Counting(), Held({PLACE: 7, OTHER: 9})
    watch = Watch(service.hearing, [cast(Listener, listener)])
    labels = {"listener": "counting", "topic": PLACE.topic}
    await watch.look()
    assert shown(service, "position_lag", {**labels, "partition": "0"}) == 7
    listener.held = {OTHER: 3}
    await watch.look()
    assert shown(service, "position_lag", {**labels, "partition": "0"}) is None
    assert shown(service, "position_lag", {**labels, "partition": "1"}) == 3


async def test_the_mark_of_a_transaction_is_not_shown_as_lag() -> None:
    service, listener = Counting(), Held({PLACE: 1, OTHER: 2})
    await Watch(service.hearing, [cast(Listener, listener)]).look()
    labels = {"listener": "counting", "topic": PLACE.topic}
    assert shown(service, "position_lag", {**labels, "partition": "0"}) == 0
    assert shown(service, "position_lag", {**labels, "partition": "1"}) == 2
