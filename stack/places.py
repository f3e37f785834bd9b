"""Where the stack keeps its things, and which ports are free."""

import fcntl
import os
import platform
import random
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stack.problem import Problem

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ROOT / "stack" / "locks"
DATA = ROOT / ".data"
HOST = "127.0.0.1"


def downloads() -> Path:
    """The folder of what was fetched once; STACK_DOWNLOADS moves it, so that several checkouts can share it."""
    return Path(os.environ.get("STACK_DOWNLOADS") or ROOT / ".stack" / "downloads").resolve()


def is_busy(port: int) -> bool:
    """Tells whether somebody listens on this port of this machine."""
    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((HOST, port))
        except OSError:
            return True
    return False


def free_port() -> int:
    """A port that nobody uses, below those that outgoing connections get: it is still ours after a restart."""
    for _ in range(200):
        port = random.SystemRandom().randrange(15_000, 32_000)
        if not is_busy(port):
            return port
    raise Problem("No free port was found between 15000 and 32000; stop something that listens there.")


def insist_free(port: int, what: str, otherwise: str) -> None:
    """Refuses with one sentence when the port that this server wants is taken."""
    if is_busy(port):
        raise Problem(f"Port {port} for {what} is busy: stop what listens there, or {otherwise}.")


def insist_on_platform() -> None:
    """Refuses with one sentence on any machine but Linux on x86-64."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise Problem("Kafka and MongoDB run without Docker on Linux x86-64 only: here, use docker compose up --wait.")


@contextmanager
def only_user(data: Path) -> Iterator[None]:
    """Holds a folder of kept things; refuses when somebody else runs from it."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Problem(f"Somebody runs from {data} already: stop that first (Ctrl-C in its shell).") from None
        yield


def forget(data: Path) -> None:
    """Removes all that a run has kept, but not what was downloaded."""
    if not data.exists():
        return
    with only_user(data):
        for thing in data.iterdir():
            shutil.rmtree(thing) if thing.is_dir() else thing.unlink()
