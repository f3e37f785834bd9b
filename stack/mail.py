"""The mail sink as a child process: SMTP for the services, a page and an API for people and tests."""

import signal
import socket
import sys
from pathlib import Path

import httpx

from stack.places import HOST, ROOT, free_port
from stack.process import STOP_SECONDS, Process

START_SECONDS = 20.0


class Mail:
    """One mail sink with its own file and ports; after a restart it still has every mail."""

    def __init__(
        self, where: Path, smtp_port: int = 0, http_port: int = 0, orphaned: signal.Signals = signal.SIGKILL
    ) -> None:
        """Keeps the place and the ports (0: free ones); nothing runs until start()."""
        self.where = where.resolve()
        self.smtp_port = smtp_port or free_port()
        self.http_port = http_port or free_port()
        ports = ["--smtp-port", str(self.smtp_port), "--http-port", str(self.http_port)]
        command = [sys.executable, "-m", "stack.mail_sink", *ports, "--file", str(self.where / "mails.jsonl")]
        self.process = Process("The mail sink", command, self.where / "mail.log", {"PYTHONPATH": str(ROOT)}, orphaned)

    @property
    def smtp_url(self) -> str:
        """Where mails are handed over."""
        return f"smtp://{HOST}:{self.smtp_port}"

    @property
    def url(self) -> str:
        """Where the page and the API are."""
        return f"http://{HOST}:{self.http_port}"

    def start(self) -> None:
        """Starts it and waits until both doors are open."""
        self.process.start()
        self.process.wait_until(lambda: is_open(self.smtp_port) and is_open(self.http_port), START_SECONDS)

    def stop(self, seconds: float = STOP_SECONDS) -> bool:
        """Ends it kindly; after so many seconds it is killed. Tells whether it ended by itself."""
        return self.process.stop(seconds)

    def kill(self) -> None:
        """Ends it at once."""
        self.process.kill()

    def refuse(self, code: int) -> None:
        """Refuses every recipient with this code from now on (452: the disk is full); 0 takes them again."""
        told = {"ErrorCode": code or 452, "Probability": 100 if code else 0}
        httpx.put(f"{self.url}/api/v1/chaos", json={"Recipient": told}, timeout=10).raise_for_status()

    def pause(self) -> None:
        """Freezes it; clients see silence."""
        self.process.pause()

    def resume(self) -> None:
        """Lets a frozen one go on."""
        self.process.resume()

    def restart(self) -> None:
        """Stops it if it runs, and starts it on the same ports with the same mails."""
        self.stop()
        self.start()


def is_open(port: int) -> bool:
    """Whether somebody takes connections on this port."""
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False
