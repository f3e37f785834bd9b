"""The promises of a batch, tried on the fake: once, in order, nothing disappears."""

import hashlib
from typing import Any

import pytest

from shared.contracts.refusal import Refused
from shared.platform.errors import LostPosition, TooManyParked, TryAgain
from shared.platform.memory import MemoryDatabase
from shared.platform.parking import Decision
from tests.platform.counting_service import INBOX_TYPE, Counting, Mapped, own, stepped

A, B = "1460-a", "1460-b"
AGAIN = Decision("replayed", "anna", "it is mended")
NEVER = Decision("discarded", "anna", "it was a mistake")


def mapped(walker: str, sequence: int = 1) -> Any:
    return own("walking.maps.v1", Mapped.type, walker, sequence, {"municipality": "1460", "walker": walker}, {})


def inbound(event_id: str, **data: Any) -> Any:
    body = {"municipality": "1460", "walker": A, "steps": 1, **data}
    record = own("inbox.watch.v1", INBOX_TYPE, A, 1, body, {"ce_id": event_id.encode(), "ce_source": b"/watch"})
    return record._replace(headers=[one for one in record.headers if one[0] not in ("ce_sequence", "ce_epoch")])


async def test_events_are_acted_on_in_order_and_said_with_sequences_without_a_gap() -> None:
    service = Counting()
    await service.hear(*(stepped(A, n) for n in range(1, 6)), stepped(B, 1, 7))
    assert (await service.total(A), await service.total(B)) == (5, 7)
    said = [row["_id"]["s"] for row in await service.rows("outbox") if row["_id"]["k"].endswith(A)]
    assert said == [1, 2, 3, 4, 5]


async def test_a_repeat_changes_nothing() -> None:
    service = Counting()
    await service.hear(stepped(A, 1), stepped(A, 1))
    await service.hear(stepped(A, 1), stepped(A, 2))
    assert await service.total(A) == 2
    assert await service.rows("parked") == []


async def test_a_missing_event_is_noticed_once_and_holds_back_its_own_lane_only() -> None:
    service = Counting()
    await service.hear(stepped(A, 1), stepped(A, 3), stepped(A, 4), stepped(B, 1))
    kinds = [(row["kind"], row["where"]) for row in await service.rows("parked")]
    assert kinds == [("parked", "/headers/ce_sequence"), ("behind", "")]
    assert (await service.total(A), await service.total(B)) == (1, 1)


async def test_a_first_event_above_one_is_a_gap_but_a_baseline_on_a_compacted_topic() -> None:
    service = Counting()
    await service.hear(mapped(A, 7), stepped(B, 2))
    assert [row["subject"] for row in await service.rows("parked")] == [B]
    assert [row["mapped"] for row in await service.rows("walks")] == [True]


async def test_a_restored_service_speaks_in_a_new_epoch() -> None:
    service = Counting()
    await service.hear(stepped(A, 1), stepped(A, 2), stepped(A, 2, 10, ce_epoch=b"2"))
    assert await service.total(A) == 12


@pytest.mark.parametrize("trouble", ["bug", "no"])
async def test_what_cannot_be_acted_on_is_parked_said_and_replayed_in_order(trouble: str) -> None:
    service = Counting()
    await service.hear(stepped(A, 1), stepped(A, 2, 10, trouble), stepped(A, 3), stepped(B, 1))
    assert (await service.total(A), await service.total(B)) == (1, 1)
    rows = await service.rows("parked")
    assert [row["kind"] for row in rows] == ["parked", "behind"]
    parked = [row for row in await service.rows("outbox") if row["t"] == "counting.parked.v1"]
    assert len(parked) == 1
    with pytest.raises(Refused):
        await service.parking.decide("1460", rows[0]["_id"], AGAIN)
    with pytest.raises(Refused, match="behind"):
        await service.parking.decide("1460", rows[1]["_id"], AGAIN)
    await service.parking.decide("1460", rows[0]["_id"], NEVER)
    assert await service.total(A) == 2
    assert await service.rows("parked", open=True) == []
    await service.hear(stepped(A, 4))
    assert await service.total(A) == 3


async def test_a_bug_tells_where_it_was_and_never_what_it_said() -> None:
    service = Counting()
    await service.hear(stepped(A, 1, trouble="bug"))
    [row] = await service.rows("parked")
    assert "ZeroDivisionError" in row["reason"]
    assert row["trace"]
    assert b"bug" not in row["bytes"]


async def test_an_event_waits_for_another_and_is_woken_by_it() -> None:
    service = Counting()
    await service.hear(stepped(A, 1, 5, "map"), stepped(A, 2))
    assert [row["kind"] for row in await service.rows("parked")] == ["awaiting", "behind"]
    assert await service.total(A) is None
    await service.hear(mapped(A))
    await service.parking.wake([A])
    assert await service.total(A) == 6
    assert await service.rows("parked", open=True) == []


async def test_the_safety_net_wakes_what_nobody_woke_and_tells_after_ten_minutes() -> None:
    service = Counting()
    await service.hear(stepped(A, 1, 5, "map"))
    await service.wait(1)
    assert await service.parking.wake_due() == 1
    await service.wait(700)
    assert await service.parking.wake_due() == 1
    said = [row for row in await service.rows("outbox") if row["t"] == "counting.parked.v1"]
    assert len(said) == 1
    await service.hear(mapped(A))
    await service.wait(60)
    assert await service.parking.wake_due() == 0
    assert await service.total(A) == 5


async def test_content_that_the_database_refuses_is_found_by_splitting() -> None:
    service = Counting()
    await service.hear(*(stepped(f"1460-{n}", 1) for n in range(20)), stepped(A, 1, 2**70), stepped(B, 1))
    assert [row["subject"] for row in await service.rows("parked")] == [A]
    assert len(await service.rows("walks")) == 21


async def test_an_unreadable_record_is_kept_and_holds_back_its_key() -> None:
    service = Counting()
    broken = stepped(A, 1)._replace(headers=[("ce_id", None), ("x", b"\xff")])
    await service.hear(broken, stepped(A, 2), stepped(B, 1))
    assert [row["kind"] for row in await service.rows("parked")] == ["parked", "behind"]
    assert await service.total(B) == 1


async def test_a_bad_inbound_event_is_told_back_and_stops_nobody_even_under_its_own_key() -> None:
    service = Counting()
    await service.hear(inbound("1", steps="many"), inbound("2"), inbound("2"), inbound("3", trouble="no"), inbound("4"))
    assert await service.total(A) == 2
    told = [row for row in await service.rows("outbox") if row["t"] == "counting.rejections.v1"]
    assert {row["p"] for row in told} == {"watch"}
    assert len(told) == 2
    pointers = {row["where"] for row in await service.rows("parked", kind="rejected")}
    assert pointers == {"/data/steps"}


async def test_the_same_id_from_another_source_is_another_event() -> None:
    service = Counting()
    other = inbound("1")
    headers = [(name, b"/other" if name == "ce_source" else value) for name, value in other.headers]
    await service.hear(inbound("1"), other._replace(headers=headers))
    assert await service.total(A) == 2


async def test_types_that_are_not_ours_pass_by_and_still_count() -> None:
    service = Counting()
    strange = own("walking.steps.v1", "se.kommunkontakt.walking.danced.v1", A, 2, {}, {})
    await service.hear(stepped(A, 1), strange, stepped(A, 3))
    assert await service.total(A) == 2


async def test_too_many_in_a_row_stop_the_consumer_and_keep_nothing_of_the_batch() -> None:
    service = Counting()
    with pytest.raises(TooManyParked):
        await service.hear(*(stepped(f"1460-{n}", 1, trouble="bug") for n in range(60)))
    assert await service.rows("parked") == []


async def test_a_zombie_writes_nothing() -> None:
    service = Counting()
    zombie, _ = await service.consumer()
    successor, _ = await service.consumer()
    records = service.put(stepped(A, 1))
    with pytest.raises(LostPosition):
        await zombie.take(records)
    await successor.take(records)
    assert await service.total(A) == 1


async def test_the_journal_links_each_entry_to_the_one_before() -> None:
    service = Counting()
    await service.hear(*(stepped(A, n) for n in range(1, 5)))
    before = b""
    outbox = {row["_id"]["s"]: row for row in await service.rows("outbox")}
    for entry in await service.rows("journal"):
        said = outbox[entry["_id"]["s"]]
        assert bytes(entry["before"]) == before
        before = bytes(entry["link"])
        assert before == hashlib.sha256(bytes(entry["before"]) + bytes(said["h"]["ce_id"]) + bytes(said["b"])).digest()


class Dying(MemoryDatabase):
    """A database whose n-th call never answers: the plug is pulled. `after` says whether it was carried out."""

    def __init__(self) -> None:
        super().__init__()
        self.left: int | None = None

    def refuse_when_away(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise PlugPulled
        super().refuse_when_away()


class PlugPulled(BaseException):
    """Nothing may catch this."""


def story() -> list[Any]:
    return [
        stepped(A, 1),
        stepped(B, 1, trouble="bug"),
        stepped(A, 2),
        stepped(B, 2),
        inbound("1"),
        inbound("1"),
        inbound("2", steps="x"),
        mapped("1460-c"),
        stepped("1460-c", 1, 3, "map"),
        stepped("1460-d", 1, 2**70),
    ]


async def told(service: Counting) -> dict[str, Any]:
    """All that the outside can see of a service."""
    return {
        "walks": [(row["_id"], row["total"], row["mapped"]) for row in await service.rows("walks")],
        "said": [(row["_id"]["k"], row["_id"]["s"], bytes(row["b"])) for row in await service.rows("outbox")],
        "parked": [(row["_id"], row["kind"], row["reason"]) for row in await service.rows("parked")],
        "next": [(row["_id"], row.get("next")) for row in await service.rows("positions")],
    }


async def test_a_kill_at_any_call_loses_nothing_and_doubles_nothing() -> None:
    whole = Counting(Dying())
    await whole.hear(*story())
    expected = await told(whole)
    for calls in range(400):
        database = Dying()
        service = Counting(database)
        records = service.put(*story())
        batch, _ = await service.consumer()
        database.left = calls
        try:
            await batch.take(records)
            finished = True
        except PlugPulled:
            finished = False
        database.left = None
        database.release_all()
        await redelivered(service)
        assert await told(service) == expected, f"killed at call {calls}"
        if finished:
            return
    pytest.fail("the batch needed more calls than the test tries")


async def redelivered(service: Counting) -> None:
    """A new consumer hears again from the positions that were kept."""
    batch, positions = await service.consumer()
    at = {place: held.next or 0 for place, held in positions.held.items()}
    records = [record for record in service.log if record.offset >= at[record.topic, record.partition]]
    if records:
        await batch.take(records)


async def test_when_the_database_is_away_nothing_is_parked_and_the_same_again_works() -> None:
    service = Counting()
    batch, _ = await service.consumer()
    records = service.put(*story())
    assert isinstance(service.database, MemoryDatabase)
    service.database.away = True
    with pytest.raises(TryAgain):
        await batch.take(records)
    service.database.away = False
    assert await service.rows("parked") == []
    await batch.take(records)
    assert await service.total(A) == 3
