"""Starts Kafka, MongoDB, the mail sink and the services in their order, watches them, and stops them in their order."""

import http.client
import signal
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from stack.downloads import Tell
from stack.environment import NICENESS, Ports, given, mail_environment, service_environment, write_run_environment
from stack.given_servers import insist_on_answers
from stack.kafka import Kafka
from stack.mail import Mail
from stack.mongo import Mongo
from stack.places import HOST, ROOT, insist_free
from stack.problem import Problem
from stack.process import STOP_SECONDS, Process
from stack.together import together

READY_SECONDS = 90.0
SET_UP_SECONDS = 120.0
WRONG_SETTING = 2


class Died(Exception):
    """Something that should run has ended; the text is for the person who started it."""


class Supervisor:
    """Everything that was started here; a given address (KAFKA_URL, MONGO_URL, SMTP_URL) means: not ours to start."""

    def __init__(self, data: Path, ports: Ports, tell: Tell) -> None:
        self.data, self.ports, self.tell = data.resolve(), ports, tell
        leash = signal.SIGTERM
        self.kafka = None if given("KAFKA_URL") else Kafka(self.data / "kafka", ports.kafka, leash)
        self.mongo = None if given("MONGO_URL") else Mongo(self.data / "mongo", ports.mongo, leash)
        self.mail = None if given("SMTP_URL") else Mail(self.data / "mail", ports.smtp, ports.mail, leash)
        self.services: dict[str, Process] = {}

    @property
    def urls(self) -> dict[str, str]:
        """Where the servers are, ours or given; a given mail server has no page that we know of."""
        urls = {
            "kafka_url": self.kafka.url if self.kafka else given("KAFKA_URL"),
            "mongo_url": self.mongo.url if self.mongo else given("MONGO_URL"),
            "smtp_url": self.mail.smtp_url if self.mail else given("SMTP_URL"),
            "mail_url": self.mail.url if self.mail else given("MAIL_URL"),
        }
        return {name: url for name, url in urls.items() if url}

    def environment(self) -> dict[str, str]:
        """What the services are told, and where the mails can be read."""
        urls = self.urls
        told = service_environment(urls["kafka_url"], urls["mongo_url"], urls["smtp_url"], self.ports, self.data)
        return told | mail_environment(self.ports) | {"MAIL_URL": urls.get("mail_url", "")}

    def insist_on_free_ports(self, services: Sequence[str]) -> None:
        """Refuses before anything starts, and before anything long begins."""
        if self.mongo:
            insist_free(self.ports.mongo, "MongoDB", "use the MongoDB there by MONGO_URL")
        if self.kafka:
            insist_free(self.ports.kafka, "Kafka", "use the Kafka there by KAFKA_URL")
        if self.mail:
            insist_free(self.ports.smtp, "the mail sink", "use the mail server there by SMTP_URL")
            insist_free(self.ports.mail, "the mail sink's page", "use another mail server by SMTP_URL")
        for service in services:
            insist_free(self.ports.of(service), service, f"choose another port by {service.upper()}_PORT")
        if "intake" in services:
            insist_free(self.ports.intake_mail, "mail to intake", "choose another port by INTAKE_MAIL_PORT")

    def start_servers(self) -> None:
        """Starts what is ours, all at once, after looking whether what was given answers."""
        insist_on_answers()
        starts: list[Callable[[], None]] = []
        for server in (self.mongo, self.kafka):
            if server:
                _put_aside(server.process.log)
                starts.append(partial(self._told, f"{server.process.name} is up", partial(server.start, self.tell)))
        if self.mail:
            starts.append(partial(self._told, "The mail sink is up", self.mail.start))
        together(starts)

    def _told(self, what: str, work: Callable[[], None]) -> None:
        self.tell(what, 0, 1)
        work()
        self.tell(what, 1, 1)

    def set_up(self) -> None:
        """Makes topics and indexes, by the platform's own command."""
        environment = self.environment()
        write_run_environment(environment, self.data)
        job = self._python("The set-up of topics and indexes", "shared.platform.setup", "setup", environment)
        self._told("Topics and indexes", partial(self._run_to_end, job))

    def _run_to_end(self, job: Process) -> None:
        job.start()
        end = time.monotonic() + SET_UP_SECONDS
        while job.alive and time.monotonic() < end:
            time.sleep(0.05)
        if job.alive:
            job.kill()
        if job.exit_code:
            raise self._death(job)

    def start_services(self, names: Sequence[str]) -> None:
        """Starts them all at once and waits until each is ready."""
        environment = self.environment()
        for name in names:
            self.services[name] = self._python(name, f"services.{name}.app", name, environment)
            self.services[name].start()
        end, waiting = time.monotonic() + READY_SECONDS, set(names)
        while waiting:
            self.tell("Services ready", len(names) - len(waiting), len(names))
            self.insist_all_run()
            if time.monotonic() > end:
                late = self.services[min(waiting)]
                raise Died(f"{late.name} was not ready in {READY_SECONDS:.0f} s. {_end_of_log(late)}")
            time.sleep(0.1)
            waiting -= {name for name in waiting if is_ready(self.ports.of(name))}
        self.tell("Services ready", len(names), len(names))

    def _python(self, name: str, module: str, log: str, environment: dict[str, str]) -> Process:
        file = self.data / "logs" / f"{log}.log"
        _put_aside(file)
        told = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **environment}
        command = [sys.executable, "-m", module]
        return Process(name, command, file, told, signal.SIGTERM, NICENESS.get(name, 0))

    def insist_all_run(self) -> None:
        """Raises Died, or Problem for a wrong setting, when something that was started has ended."""
        for process in self._all():
            if not process.alive:
                raise self._death(process)

    def _death(self, process: Process) -> Exception:
        if process.exit_code == WRONG_SETTING:
            return Problem(f"{process.name}: {process.last_lines(1)}")
        return Died(f"{process.name} stopped with exit code {process.exit_code}. {_end_of_log(process)}")

    def stop(self) -> None:
        """Ends the services, then Kafka, then MongoDB and the mail sink, each within ten seconds."""
        services = list(self.services.values())
        for service in services:
            service.ask_to_stop()
        end = time.monotonic() + STOP_SECONDS
        for service in services:
            service.wait_stopped(max(0.1, end - time.monotonic()))
        for server in (self.kafka, self.mongo, self.mail):
            if server:
                server.stop()

    def kill(self) -> None:
        """Ends everything at once, for one who does not want to wait."""
        for process in self._all():
            process.kill()

    @property
    def running(self) -> bool:
        """Whether anything runs that we started."""
        return any(process.alive for process in self._all())

    def _all(self) -> list[Process]:
        servers = [server.process for server in (self.kafka, self.mongo, self.mail) if server]
        return [*self.services.values(), *servers]


def _put_aside(log: Path) -> None:
    if log.exists():
        log.rename(log.with_suffix(".previous.log"))


def _end_of_log(process: Process) -> str:
    return f"The end of {process.log}:\n{process.last_lines()}"


def is_ready(port: int) -> bool:
    """Whether a service says that it is ready."""
    line = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        line.request("GET", "/ready")
        return line.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()
