"""The answer to a commit is lost: whether it was kept is asked of the position, never guessed."""

from typing import Any

import pytest

from shared.platform.batch import Batch
from shared.platform.errors import LostPosition, UnknownCommit
from shared.platform.memory import MemoryDatabase, MemoryTransaction
from shared.platform.positions import Positions
from shared.platform.understand import Record
from tests.platform.counting_service import Counting, stepped

A = "1460-a"


class Mute(MemoryDatabase):
    """A database that loses the answer to the next commit, which it has kept or not."""

    def __init__(self, *, keeps: bool) -> None:
        super().__init__()
        self.keeps, self.mute = keeps, False

    def commit(self, work: MemoryTransaction) -> None:
        if not self.mute:
            super().commit(work)
            return
        self.mute = False
        if self.keeps:
            super().commit(work)
        raise UnknownCommit("the line was cut")


def unreadable() -> Record:
    return stepped(A, 1)._replace(headers=[("ce_id", None)])


async def cut(service: Counting, database: Mute, records: list[Record]) -> tuple[Batch, Positions]:
    batch, positions = await service.consumer()
    database.mute = True
    with pytest.raises(UnknownCommit):
        await batch.take(records)
    return batch, positions


async def again(service: Counting, batch: Batch, positions: Positions) -> None:
    """What the listener does: read the positions again, and poll on from there."""
    batch.forget()
    await positions.refresh()
    at = {place: held.next or 0 for place, held in positions.held.items()}
    if rest := [record for record in service.log if record.offset >= at[record.topic, record.partition]]:
        await batch.take(rest)


@pytest.mark.parametrize("keeps", [True, False])
async def test_the_rest_is_heard_once_whatever_became_of_the_commit(keeps: bool) -> None:
    database = Mute(keeps=keeps)
    service = Counting(database)
    consumer = await cut(service, database, service.put(stepped(A, 1), unreadable(), stepped(A, 2)))
    service.put(stepped(A, 3))
    await again(service, *consumer)
    assert await service.total(A) == 1
    assert [row["kind"] for row in await service.rows("parked")] == ["parked", "behind", "behind"]
    assert [row["b"] for row in await service.rows("lanes")] == [3]


async def test_a_batch_that_was_kept_cannot_be_kept_again_by_who_does_not_know_it() -> None:
    database = Mute(keeps=True)
    service = Counting(database)
    records = service.put(unreadable(), stepped("1460-b", 1))
    batch, _ = await cut(service, database, records)
    with pytest.raises(LostPosition):
        await batch.take([*records, *service.put(stepped("1460-b", 2))])
    assert [row["b"] for row in await service.rows("lanes", _id={"$ne": ""}) if row["b"]] == [1]
    assert await service.total("1460-b") == 1


async def test_reading_the_positions_again_never_takes_over_from_a_new_owner() -> None:
    service = Counting()
    batch, positions = await service.consumer()
    records = service.put(stepped(A, 1), stepped(A, 2))
    successor, _ = await service.consumer()
    await successor.take(records[:1])
    await positions.refresh()
    assert {held.next for held in positions.held.values()} == {None}
    with pytest.raises(LostPosition):
        await batch.take(records)
    assert await service.total(A) == 1


async def test_half_of_a_split_batch_may_be_kept_when_the_answer_to_the_other_is_lost() -> None:
    database = Mute(keeps=True)
    service = Counting(database)
    heard: list[Any] = [stepped(f"1460-{n}", 1) for n in range(4)]
    records = service.put(*heard, stepped(A, 1, 2**70), stepped("1460-x", 1))
    batch, positions = await service.consumer()
    mutes = iter([False, True])

    original = database.commit

    def commit(work: MemoryTransaction) -> None:
        database.mute = next(mutes, False)
        original(work)

    database.commit = commit  # type: ignore[method-assign]
    with pytest.raises(UnknownCommit):
        await batch.take(records)
    await again(service, batch, positions)
    assert [row["total"] for row in await service.rows("walks")] == [1] * 5
    assert [row["subject"] for row in await service.rows("parked")] == [A]
