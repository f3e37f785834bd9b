"""Several instances of each service as processes on real servers: started, killed, started again."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from stack.environment import NICENESS, SERVICES, Ports, service_environment
from stack.places import free_port
from stack.problem import Problem
from stack.process import Process
from stack.testing import Servers

READY_WITHIN = 90.0


@dataclass(slots=True)
class Instance:
    """One process of one service."""

    service: str
    name: str
    port: int
    process: Process

    def ready(self) -> bool:
        """Whether its pipeline moves on."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/ready", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def kill_and_start(self) -> None:
        """Pull the plug, and start it again at once."""
        self.process.kill()
        self.process.start()


@dataclass(slots=True)
class Install:
    """An install: its servers' addresses, its environment, its instances."""

    environment: Mapping[str, str]
    instances: list[Instance]

    def all_ready(self) -> bool:
        """Whether every instance is."""
        return all(instance.ready() for instance in self.instances)

    def wait_until_ready(self, seconds: float = READY_WITHIN) -> None:
        """Wait until every instance is ready; Problem when one never is."""
        end = time.monotonic() + seconds
        while not self.all_ready():
            if time.monotonic() > end:
                raise Problem(f"The services were not ready in {seconds:.0f} s; the logs: {self.logs()}")
            time.sleep(0.05)

    def of(self, service: str) -> list[Instance]:
        """The instances of a service."""
        return [instance for instance in self.instances if instance.service == service]

    def port(self, service: str) -> int:
        """A port of the service: its first instance's."""
        return self.of(service)[0].port

    def logs(self) -> str:
        """The last lines that each instance wrote."""
        return "\n".join(instance.process.last_lines() for instance in self.instances)


def environment_for(servers: Servers, where: Path) -> dict[str, str]:
    """What the services are told; tokens, publishers and secrets as `make run` makes them."""
    return service_environment(servers.kafka_url, servers.mongo_url, servers.smtp_url, Ports(), where)


def set_up(environment: Mapping[str, str]) -> None:
    """Create the topics."""
    command = [sys.executable, "-m", "shared.platform.setup"]
    subprocess.run(command, check=True, env={**os.environ, **environment}, capture_output=True)


@contextmanager
def install(
    servers: Servers,
    where: Path,
    names: Sequence[str],
    modules: Mapping[str, str] | None = None,
    *,
    services: Sequence[str] = SERVICES,
    stable: Container[str] = ("a",),
    told: Mapping[str, str] | None = None,
    each: Callable[[str], Mapping[str, str]] = lambda name: {},
) -> Iterator[Install]:
    """Instances by these names of each service, all ready.

    `modules` names another main module for a service, with its arguments, `stable` the names that stay after a restart,
    `told` is what the services are told besides, and `each` what those by one name are.
    """
    environment = {**environment_for(servers, where), **(told or {})}
    set_up(environment)
    started = [
        _instance(
            service,
            name,
            {**environment, **each(name)},
            where,
            (modules or {}).get(service, f"services.{service}.app"),
            stable,
        )
        for service in services
        for name in names
    ]
    whole = Install(environment, started)
    try:
        for instance in started:
            instance.process.start()
        whole.wait_until_ready()
        yield whole
    finally:
        for instance in started:
            instance.process.kill()


def _instance(
    service: str, name: str, environment: Mapping[str, str], where: Path, module: str, stable: Container[str]
) -> Instance:
    port = free_port()
    stays = {"KOMMUNKONTAKT_INSTANCE": f"{service}-{name}"} if name in stable else {}
    told = {**environment, f"{service.upper()}_PORT": str(port), **stays}
    log = where / "logs" / f"{service}-{name}.log"
    command = [sys.executable, "-m", *module.split()]
    process = Process(f"{service}-{name}", command, log, told, niceness=NICENESS[service])
    return Instance(service, name, port, process)
