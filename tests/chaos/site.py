"""The place of the run: real servers, instances of every service, the publishers, the tray and the doors."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Producer

from stack.demo_client import Doors, Tray, token_command
from stack.environment import SERVICES
from stack.instances import Install, install
from stack.testing import Servers, start_servers
from tests.chaos.keeper import Keeper
from tests.chaos.records import Sent
from tests.chaos.referee import is_alarm
from tests.chaos.steps import FOLDER, Orders
from tests.waiting import until_sync

MODULES = {service: f"tests.chaos.service {service}" for service in SERVICES}
RECOVERED_WITHIN = 120.0
MARGIN = 200
"""So many more are read than are new: mails may come between the count and the list."""


class Seen:
    """The tray as it fills: each mail is read about once."""

    def __init__(self, tray: Tray) -> None:
        self.tray = tray
        self.total = 0
        self.ids: set[str] = set()
        self.addresses: set[str] = set()

    def look(self) -> None:
        """Read what has come."""
        total = self.tray.total()
        if total == self.total:
            return
        for mail in self.tray.newest(total - self.total + MARGIN):
            if not is_alarm(mail):
                self.ids.add(mail["MessageID"])
            self.addresses.update(one["Address"] for one in mail["To"])
        self.total = total


@dataclass(slots=True)
class Site:
    """Everything that a fault can strike, and the records that are still to be published."""

    where: Path
    servers: Servers
    whole: Install
    keeper: Keeper
    orders: Orders
    sent: list[Sent]
    chance: random.Random
    doors: Doors
    seen: Seen
    producer: Producer
    published: int = 0

    def publish_until(self, count: int) -> None:
        """Publish until so many records have been."""
        self.publish(self.sent[self.published : count])
        self.published = max(self.published, min(count, len(self.sent)))

    def publish(self, records: Iterable[Sent]) -> None:
        """Publish, whatever there is of Kafka: the client keeps trying."""
        for one in records:
            self.producer.produce(one.topic, one.value, key=one.key, headers=one.headers)
            self.producer.poll(0)

    def flush(self) -> None:
        """Wait until Kafka has all that was published."""
        if self.producer.flush(120):
            raise ConnectionError("Kafka did not take all records within two minutes")

    def recover(self) -> float:
        """Seconds from now until a contact that is published now has its mail, and every instance is ready."""
        began = time.monotonic()
        address = f"{self._publish_a_contact()}@company.example"
        try:
            until_sync(f"{address} has its mail", lambda: self._has_mail(address), RECOVERED_WITHIN)
            until_sync("all are ready", self.whole.all_ready, RECOVERED_WITHIN)
        except TimeoutError:
            self.ask_what_is_waited_for()
            raise
        return time.monotonic() - began

    def _publish_a_contact(self) -> str:
        while self.published < len(self.sent):
            one = self.sent[self.published]
            self.publish_until(self.published + 1)
            if one.contact is not None:
                self.flush()
                return one.contact
        raise ValueError("all contacts have been published already")

    def _has_mail(self, address: str) -> bool:
        self.seen.look()
        return address in self.seen.addresses

    def ask_what_is_waited_for(self) -> None:
        """Every instance writes in its log where its tasks stand."""
        for instance in self.whole.instances:
            instance.process.signal(signal.SIGUSR1)
        time.sleep(1)  # so that they can, before the end of the run ends them

    def joined(self) -> AbstractContextManager[Install]:
        """One more instance of each service for a while."""
        return _installed(self.servers, self.where, ["joining"])


@contextmanager
def site(where: Path, instances: int, sent: list[Sent], chance: random.Random) -> Iterator[Site]:
    """Servers and so many instances of each service, all ready."""
    orders = Orders(where / "orders")
    names = [chr(ord("a") + number) for number in range(instances)]
    with (
        start_servers(where / "servers") as servers,
        _installed(servers, where, names) as whole,
        Keeper(orders, list(whole.instances)) as keeper,
    ):
        settings = {"bootstrap.servers": servers.kafka_url, "enable.idempotence": True, "delivery.timeout.ms": 300_000}
        producer = Producer({**settings, "log_level": 0})
        doors = Doors({service: whole.port(service) for service in SERVICES}, {"operator": _token(whole)})
        seen = Seen(Tray(servers.mail_url))
        yield Site(where, servers, whole, keeper, orders, sent, chance, doors, seen, producer)


def _installed(servers: Servers, where: Path, names: list[str]) -> AbstractContextManager[Install]:
    return install(servers, where, names, MODULES, told={FOLDER: str(where / "orders")})


def _token(whole: Install) -> str:
    told = {**os.environ, **whole.environment}
    made = subprocess.run([*token_command(), "operator"], env=told, capture_output=True, text=True, check=True)
    return made.stdout.strip()
