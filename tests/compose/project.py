"""A compose project of a test's own: its name, its ports, and what can be done to it."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from stack import env_file
from stack.places import free_port

ROOT = Path(__file__).parents[2]
SERVICES = ("intake", "routing", "procurement", "notify")
PORTS = ("KAFKA_PORT", "MAIL_PORT", "INTAKE_MAIL_PORT", *(f"{service.upper()}_PORT" for service in SERVICES))


def docker(*arguments: str, check: bool = True, env: dict[str, str] | None = None) -> str:
    """What a docker command prints; AssertionError with all it said when it fails."""
    done = subprocess.run(["docker", *arguments], cwd=ROOT, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0 or not check, f"docker {' '.join(arguments)}:\n{done.stdout}{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Project:
    """The install of docker-compose.yml beside any other on this machine, never with the developer's own .env."""

    env_file: Path
    name: str = field(default_factory=lambda: f"kommunkontakt-test-{uuid4().hex[:8]}")
    ports: dict[str, str] = field(default_factory=lambda: {name: str(free_port()) for name in PORTS})

    def __post_init__(self) -> None:
        """Makes the secrets, as `make secrets` does."""
        env_file.write(self.env_file)

    @property
    def environment(self) -> dict[str, str]:
        """Our own, the ports on this machine, and what tells docker compose which project and which file it is."""
        own = {"COMPOSE_PROJECT_NAME": self.name, "COMPOSE_ENV_FILES": str(self.env_file)}
        return {**os.environ, **self.ports, **own}

    @property
    def secrets(self) -> dict[str, str]:
        """What the file sets."""
        return env_file.read(self.env_file)

    @property
    def kafka_url(self) -> str:
        """Kafka's door on this machine."""
        return f"127.0.0.1:{self.ports['KAFKA_PORT']}"

    def compose(self, *arguments: str, check: bool = True) -> str:
        """What `docker compose` prints for this project."""
        return docker("compose", *arguments, check=check, env=self.environment)

    def up(self, *more: str) -> None:
        """Everything, ready; what the containers said when it fails."""
        try:
            self.compose("up", "--wait", "--wait-timeout", "240", *more)
        except AssertionError as failed:
            raise AssertionError(f"{failed}\n{self.compose('logs', '--tail', '30', check=False)}") from None

    def down(self) -> None:
        """Forget it, with what it kept."""
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "15")

    def within(self, service: str, *command: str, check: bool = True) -> str:
        """What a command in the service's container prints."""
        return self.compose("exec", "--no-TTY", service, *command, check=check)

    def containers(self, service: str) -> list[str]:
        """The instances of a service."""
        return self.compose("ps", "--quiet", service).split()

    def token(self, role: str, *more: str) -> str:
        """A token, made as an operator makes it."""
        return self.compose("run", "--rm", "--no-TTY", "token", role, *more).strip()

    def cli(self, service: str, *command: str) -> str:
        """What the operators' command says of a service."""
        return self.compose("run", "--rm", "--no-TTY", "cli", "--service", service, *command)

    def url(self, service: str) -> str:
        """Where a service answers on this machine."""
        return f"http://127.0.0.1:{self.ports[f'{service.upper()}_PORT']}"

    def mails(self) -> list[str]:
        """The Message-IDs in the tray."""
        tray = f"http://127.0.0.1:{self.ports['MAIL_PORT']}/api/v1/messages"
        return [mail["MessageID"] for mail in httpx.get(tray, params={"limit": 10_000}).json()["messages"]]

    def officers(self) -> set[str]:
        """The ids of the officers that routing knows."""
        bearer = {"Authorization": f"Bearer {self.token('receptionist')}"}
        answer = httpx.get(f"{self.url('routing')}/routing/v1/1460/officers", headers=bearer)
        return {officer["officer_id"] for officer in answer.raise_for_status().json()["items"]}

    def state(self, service: str) -> dict[str, Any]:
        """What the engine knows of the service's container."""
        container = self.compose("ps", "--all", "--quiet", service).strip()
        found: list[dict[str, Any]] = json.loads(docker("inspect", container))
        return found[0]

    def healthy(self, service: str) -> bool:
        """Whether its health check says so."""
        return bool(self.state(service)["State"].get("Health", {}).get("Status") == "healthy")

    def kill(self, service: str) -> None:
        """SIGKILL from outside, as the kernel does it: `docker kill` would mean that it shall stay away."""
        pid = str(self.state(service)["State"]["Pid"])
        command = ["python", "-c", "import os, sys; os.kill(int(sys.argv[1]), 9)", pid]
        docker("run", "--rm", "--pid=host", "python:3.13-slim", *command)

    def demo(self, *more: str) -> "subprocess.Popen[str]":
        """The story, told by a foreign client on this machine."""
        told = {
            **self.secrets,
            "KOMMUNKONTAKT_KAFKA_URL": self.kafka_url,
            "MAIL_URL": f"http://127.0.0.1:{self.ports['MAIL_PORT']}",
            "DEMO_TOKEN_COMMAND": "docker compose run --rm --no-TTY token",
            "PYTHONUNBUFFERED": "1",
        }
        command: Sequence[str] = [sys.executable, "-m", "stack.demo", *more]
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env={**self.environment, **told},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
