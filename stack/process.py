"""A child process with a log file, that never outlives the one who started it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from stack.problem import Problem

STOP_SECONDS = 10.0


@dataclass(slots=True)
class Process:
    """One child: start it, stop it kindly or not, freeze it, read the end of its log."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    orphaned: signal.Signals = signal.SIGKILL
    niceness: int = 0
    child: "subprocess.Popen[bytes] | None" = None

    @property
    def alive(self) -> bool:
        """Whether it runs (a frozen one runs too)."""
        return self.child is not None and self.child.poll() is None

    @property
    def pid(self) -> int:
        """The process id of the child that was started last."""
        if self.child is None:
            raise Problem(f"{self.name} was never started.")
        return self.child.pid

    @property
    def exit_code(self) -> int | None:
        """How it ended, or None while it runs."""
        return self.child.poll() if self.child else None

    def start(self) -> None:
        """Starts it in a session of its own, so that Ctrl-C reaches it only through us, and in order."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.child = _started_by_the_starter(self._spawn)

    def _spawn(self) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as log:
            return subprocess.Popen(
                leashed(["nice", "-n", str(self.niceness), *self.command], self.orphaned),
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stop(self, seconds: float = STOP_SECONDS) -> bool:
        """Asks it to end and waits; kills it when it doesn't. Tells whether it ended by itself."""
        self.ask_to_stop()
        return self.wait_stopped(seconds)

    def ask_to_stop(self) -> None:
        """Sends SIGTERM and does not wait."""
        if self.alive:
            self.signal(signal.SIGTERM)
            self.signal(signal.SIGCONT)

    def wait_stopped(self, seconds: float = STOP_SECONDS) -> bool:
        """Waits for the end that was asked for; after so many seconds it is killed."""
        if self.child is None:
            return True
        try:
            self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return False
        return True

    def kill(self) -> None:
        """Ends it at once, as a power cut would."""
        if self.child is not None:
            self.signal(signal.SIGKILL)
            self.child.wait()

    def pause(self) -> None:
        """Freezes it; its connections stay open and silent."""
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets a frozen one go on."""
        self.signal(signal.SIGCONT)

    def signal(self, which: signal.Signals) -> None:
        """Sends a signal, if it still runs."""
        if self.alive and self.child is not None:
            self.child.send_signal(which)

    def last_lines(self, count: int = 15) -> str:
        """The end of its log."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 64_000))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-count:])

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Waits until it is ready; raises Problem with the end of its log if it dies or takes too long."""
        end = time.monotonic() + seconds
        while not ready():
            if not self.alive:
                raise Problem(f"{self.name} stopped while starting; the end of {self.log}:\n{self.last_lines()}")
            if time.monotonic() > end:
                raise Problem(
                    f"{self.name} was not ready in {seconds:.0f} s; the end of {self.log}:\n{self.last_lines()}"
                )
            time.sleep(0.05)


def leashed(command: Sequence[str], orphaned: signal.Signals = signal.SIGKILL) -> list[str]:
    """The command, to be ended by the kernel when the thread that starts it ends."""
    leash = [sys.executable, "-I", "-S", str(Path(__file__).with_name("leash.py"))]
    return [*leash, str(int(orphaned)), str(os.getpid()), *command]


def _started_by_the_starter(spawn: "Callable[[], subprocess.Popen[bytes]]") -> "subprocess.Popen[bytes]":
    # The kernel's leash is tied to the thread that forks: a short-lived one would take its children with it.
    return _starter().submit(spawn).result()


@cache
def _starter() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="starter")
