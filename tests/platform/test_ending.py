"""How a service ends."""

import asyncio
import os
import sys
from pathlib import Path

import httpx

from shared.platform.work import _ended
from stack.environment import Ports, service_environment
from stack.places import HOST, free_port
from stack.process import Process
from tests.waiting import until_sync


def test_a_service_that_is_asked_to_end_says_that_all_went_well(tmp_path: Path) -> None:
    """Also while its database and Kafka are away: nothing listens on those ports."""
    port, nobody = free_port(), f"{HOST}:{free_port()}"
    environment = service_environment(
        nobody, f"mongodb://{nobody}/?replicaSet=rs0", f"smtp://{nobody}", Ports(), tmp_path
    )
    told = {**os.environ, **environment, "INTAKE_PORT": str(port)}
    intake = Process("intake", [sys.executable, "-m", "services.intake.app"], tmp_path / "intake.log", told)
    intake.start()
    try:
        until_sync("intake answers", lambda: _answers(port), 60)
        assert intake.stop(20)
        assert intake.exit_code == 0, intake.last_lines()
    finally:
        intake.kill()


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


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://{HOST}:{port}/alive").status_code == 200
    except httpx.HTTPError:
        return False
