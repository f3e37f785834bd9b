"""The command `python -m stack`: ready when it says so, gone when asked to, and one sentence when it can't start."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pymongo import MongoClient

from stack.kafka import answers
from stack.places import HOST, ROOT, free_port, is_busy

pytestmark = pytest.mark.servers


def test_servers_tells_where_they_are_and_ends_all_when_asked_to(tmp_path: Path) -> None:
    with running("servers", "--ports-from", "0", "--data", str(tmp_path)) as command:
        assert command.stdout is not None
        told = json.loads(command.stdout.readline())
        assert set(told) == {"kafka_url", "mongo_url", "smtp_url", "mail_url"}
        ports = [int(url.split("/?")[0].rpartition(":")[2]) for url in told.values()]
        assert answers(ports[0])
        with MongoClient[dict[str, object]](told["mongo_url"]) as client:
            assert client.admin.command("hello")["isWritablePrimary"]
        command.send_signal(signal.SIGTERM)
        assert command.wait(30) == 0
        assert not any(is_busy(port) for port in ports)


def test_a_server_that_dies_stops_the_rest_with_its_last_lines(tmp_path: Path) -> None:
    with running("servers", "--ports-from", "0", "--data", str(tmp_path)) as command:
        assert command.stdout is not None
        told = json.loads(command.stdout.readline())
        with MongoClient[dict[str, object]](told["mongo_url"]) as client:
            pid = client.admin.command("serverStatus")["pid"]
        os.kill(int(str(pid)), signal.SIGKILL)
        _, complaints = command.communicate(timeout=30)
        assert command.returncode == 1
        assert "MongoDB stopped with exit code -9. The end of" in complaints
        assert "Traceback" not in complaints


def test_a_busy_port_is_one_sentence(tmp_path: Path) -> None:
    first = free_port()
    with socket.create_server((HOST, first)):
        told = refused("servers", "--ports-from", str(first), "--data", str(tmp_path))
    assert told == f"Port {first} for Kafka is busy: stop what listens there, or use the Kafka there by KAFKA_URL.\n"


def test_a_folder_in_use_is_one_sentence(tmp_path: Path) -> None:
    with running("servers", "--ports-from", "0", "--data", str(tmp_path)) as command:
        assert command.stdout is not None
        command.stdout.readline()
        told = refused("servers", "--ports-from", "0", "--data", str(tmp_path))
        assert told == f"Somebody runs from {tmp_path} already: stop that first (Ctrl-C in its shell).\n"
        assert refused("clean-data", "--data", str(tmp_path)) == told


@contextmanager
def running(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    command = subprocess.Popen(
        [sys.executable, "-m", "stack", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with command:
        try:
            yield command
        finally:
            command.kill()


def refused(*arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "stack", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr
