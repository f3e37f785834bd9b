"""How a service ends."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from shared.platform.work import _ended
from stack.environment import Ports, service_environment
from stack.places import HOST, free_port
from stack.process import Process
from stack.testing import start_servers
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
    await asyncio.wait_for(_ended([task], within=0.01), 30)
    await asyncio.wait([task], timeout=30)
    assert task.cancelled()


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
