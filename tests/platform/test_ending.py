"""How a service ends."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from shared.platform.clock import SystemClock
from shared.platform.leases import Lease
from shared.platform.listener import Listener
from shared.platform.relay import Relay
from shared.platform.work import _ended
from stack.environment import Ports, service_environment
from stack.places import HOST, free_port
from stack.process import Process
from stack.testing import start_servers
from tests.platform.counting_service import Counting
from tests.waiting import until_sync

NOBODY = f"{HOST}:{free_port()}"
"""Nothing listens here."""


def test_a_service_that_is_asked_to_end_says_that_all_went_well(tmp_path: Path) -> None:
    """Also while its database and Kafka are away."""
    with intake(tmp_path, f"mongodb://{NOBODY}/?replicaSet=rs0") as (process, port):
        until_sync("intake answers", lambda: _told(port) is not None, 60)
        assert process.stop(20)
        assert process.exit_code == 0, process.last_lines()


@pytest.mark.servers
def test_a_silent_database_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with (
        start_servers(tmp_path / "servers", kafka=False, mail=False) as servers,
        intake(tmp_path, servers.mongo_url) as (process, port),
    ):
        until_sync("intake has its database", lambda: (_told(port) or {}).get("start", "no") is None, 60)
        servers.mongo.pause()
        until_sync("intake misses it", lambda: (_told(port) or {}).get("timers") is not None, 90)
        assert process.stop(20)
        assert process.exit_code == 0, process.last_lines()


async def test_a_farewell_to_what_is_away_does_not_hold_up_the_end() -> None:
    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.Event().wait()

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await _ended([task], within=0.01)
    await asyncio.wait([task], timeout=30)
    assert task.cancelled()


@pytest.mark.parametrize("turns", range(6))
async def test_who_rests_hears_that_he_shall_end_though_news_come_with_it(turns: int) -> None:
    """`asyncio.wait_for` would lose it, before Python 3.12, when it comes two turns after the news."""
    counting = Counting()
    hearing = counting.hearing
    relay = Relay(hearing, NOBODY, Lease(hearing.database, "relay", "one", SystemClock(), hearing.metrics))
    listener = Listener(hearing, NOBODY, "one", counting.parking)
    resting = [asyncio.create_task(relay._rest()), asyncio.create_task(listener._wait(60))]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    hearing.news.set()
    listener._cut.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    told = [task for task in resting if task.cancel()]
    await asyncio.wait(resting)
    assert all(task.cancelled() for task in told)


@contextmanager
def intake(where: Path, mongo_url: str) -> Iterator[tuple[Process, int]]:
    """intake as a process, without a Kafka, and its port."""
    port = free_port()
    told = service_environment(NOBODY, mongo_url, f"smtp://{NOBODY}", Ports(), where)
    told = {**os.environ, **told, "INTAKE_PORT": str(port)}
    process = Process("intake", [sys.executable, "-m", "services.intake.app"], where / "intake.log", told)
    process.start()
    try:
        yield process, port
    finally:
        process.kill()


def _told(port: int) -> dict[str, str | None] | None:
    try:
        return dict(httpx.get(f"http://{HOST}:{port}/ready").json()["parts"])
    except httpx.HTTPError:
        return None
