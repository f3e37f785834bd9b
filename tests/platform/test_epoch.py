"""The epoch: read before anything is said, never from half a restore; and what it means to a listener's lanes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.platform.errors import TryAgain, WrongSetting
from shared.platform.heard import Lane, Verdict
from shared.platform.memory import MemoryDatabase
from shared.platform.restores import RESTORES, epoch_of
from shared.platform.watch import Restored, Watch
from shared.platform.work import Work
from tests.platform.counting_service import Counting
from tests.waiting import until


async def restored(database: MemoryDatabase, epoch: int, *, unfinished: bool = False) -> None:
    change = {"$set": {"unfinished": unfinished}}
    await database.change(RESTORES.name, {"_id": epoch}, change, upsert=True)


def work_of(service: Counting) -> Work:
    nowhere = "127.0.0.1:1"
    return Work(service.hearing, nowhere, [], instance="a", stable=False, lanes=1, recalls={}, others={})


async def test_without_a_restore_the_epoch_is_the_first_and_then_the_greatest() -> None:
    database = MemoryDatabase()
    assert await epoch_of(database) == 1
    await restored(database, 2)
    await restored(database, 7)
    assert await epoch_of(database) == 7


async def test_nothing_is_said_before_the_epoch_is_known() -> None:
    database = MemoryDatabase()
    await restored(database, 4)
    database.away = True
    service = Counting(database)
    work = work_of(service)
    await work.start()
    with pytest.raises(TryAgain):
        service.hearing.voice()
    await work.stop()
    database.away = False
    await work._prepare()
    assert service.hearing.voice().epoch == 4


async def test_a_service_does_not_start_on_half_a_restore() -> None:
    database = MemoryDatabase()
    await restored(database, 2, unfinished=True)
    deaths: list[BaseException] = []
    work = work_of(Counting(database))
    work.on_death = deaths.append
    await work.start()

    async def dead() -> bool:
        return bool(deaths)

    await until("it has given up", dead)
    await work.stop()
    assert isinstance(deaths[0], WrongSetting)
    assert "half restored" in str(deaths[0])


async def test_who_runs_on_while_the_database_is_restored_ends() -> None:
    database = MemoryDatabase()
    service = Counting(database)
    watch = Watch(service.hearing, [])
    await watch.look()
    await restored(database, 2)
    with pytest.raises(Restored):
        await watch._epoch()
    await restored(database, 3, unfinished=True)
    with pytest.raises(WrongSetting):
        await watch._epoch()


@given(st.integers(1, 8), st.integers(0, 8), st.integers(0, 4), st.integers(1, 4))
def test_what_is_said_after_a_restore_is_news_and_no_gap(kept: int, more: int, unpublished: int, news: int) -> None:
    """`kept` of an aggregate's events are in the backup, of which the relay publishes the last `unpublished` again."""
    first = [(1, number) for number in range(1, kept + more + 1)]
    again = [(1, number) for number in range(max(1, kept - unpublished + 1), kept + 1)]
    second = [(2, number) for number in range(kept + 1, kept + news + 1)]
    lane = Lane("l")
    for place in first:
        assert lane.hear(*place, any_start=False) is Verdict.NEXT
    for place in again:
        assert lane.hear(*place, any_start=False) is Verdict.REPEAT
    for place in second:
        assert lane.hear(*place, any_start=False) is Verdict.NEXT
        assert lane.hear(*place, any_start=False) is Verdict.REPEAT
