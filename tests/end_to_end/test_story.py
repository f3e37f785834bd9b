"""`make run` and `make demo` as a newcomer runs them, on a folder and ports of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.environment import read_run_environment
from stack.places import free_port
from stack.process import Process
from tests.waiting import until_sync

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Everything started as `make run` does it."""
    where = tmp_path_factory.mktemp("run")
    command = [sys.executable, "-m", "stack", "run", "--data", str(where / "data"), "--ports-from", "0"]
    run = Process("run", command, where / "run.log")
    run.start()
    try:
        until_sync("make run is ready", lambda: _is_ready(run, where / "run.log"), seconds=240)
        yield read_run_environment(where / "data")
    finally:
        run.stop(30)


def _is_ready(run: Process, log: Path) -> bool:
    assert run.alive, log.read_text()
    return "Kommunkontakt is ready" in log.read_text()


def demo(
    environment: dict[str, str], *arguments: str, module: str = "stack.demo"
) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", module, *arguments]
    told = {**os.environ, **environment}
    return subprocess.run(command, env=told, capture_output=True, text=True, timeout=300)


def test_the_demo_tells_the_whole_story(running: dict[str, str]) -> None:
    told = demo(running)
    assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-2000:]
    assert "Det är dags att upphandla «Snöröjning»" in told.stdout
    assert "4 kontakter, 4 tilldelade ärenden, 10 mejl (väntade 10), 0 mer än en gång." in told.stdout


def test_each_door_of_intake_is_knocked_at_twice_and_makes_one_contact_however_often_that_is_played(
    running: dict[str, str],
) -> None:
    for _ in range(2):
        told = demo(running, module="stack.demo_intake")
        assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-2000:]
        assert "4 kontakter av 8 försök." in told.stdout
        assert "serv_tillf v1" in told.stdout


def test_without_anything_running_the_demo_of_intake_says_so(running: dict[str, str]) -> None:
    told = demo({**running, "ROUTING_PORT": str(free_port())}, module="stack.demo_intake")
    assert told.returncode == 2
    assert "Is `make run` ready?" in told.stdout


def test_a_file_of_real_cases_becomes_as_many_matters(running: dict[str, str], tmp_path: Path) -> None:
    rows = ["case,received_at,channel,department,group,responsible,deadline,planned_end,ended_at"]
    channels = ("Internet", "Desk", "Post", "e-mail")
    rows += [f"c-{n},2010-10-01 00:00:00.020000+02:00,{channels[n % 4]},General,,,,," for n in range(40)]
    cases = tmp_path / "cases.csv"
    cases.write_text("\n".join(rows) + "\n")
    told = demo(running, "--cases", str(cases))
    assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-2000:]
    assert "40 kontakter, 40 tilldelade ärenden, 82 mejl (väntade 82), 0 mer än en gång." in told.stdout


def test_what_the_services_log_holds_nothing_personal(running: dict[str, str]) -> None:
    told = demo(running)
    assert told.returncode == 0
    logs = Path(running["KOMMUNKONTAKT_JWT_KEY_FILE"]).parents[1] / "logs"
    lines = [line for file in logs.glob("*.log") for line in file.read_text(errors="replace").splitlines()]
    ours = [line for line in lines if line.startswith("{")]
    assert ours
    for secret in ("company.example", "kommun.example", "070-000", "Anonym Glass", "556016", "uteservering"):
        assert not [line for line in ours if secret in line], secret
    for line in ours:
        json.loads(line)
