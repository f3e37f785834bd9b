"""The faults, each a small thing that strikes the site; those of the servers tell how long it took to recover."""

import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from stack.kafka import Kafka
from stack.mongo import Mongo
from stack.places import HOST
from tests.chaos.keeper import TERM_WITHIN
from tests.chaos.site import Site
from tests.waiting import until_sync

AWAY = 30.0
FULL = 20.0
DURING = 20
"""So many records are published while something is away."""
SLOT_WITHIN = 60.0
INHERITED_WITHIN = 10.0
AFTER_A_DEATH = ("listener: changed positions", "relay: producer started")
KEPT_BACK = 0.95
"""What is published while an order waits ends here: the rest is needed later."""
MOST_AWAY = 3
"""So many instances may be starting when the next is killed: twelve at once measure the machine, not the promise."""


class Fault(Protocol):
    """Something that goes wrong."""

    @property
    def name(self) -> str:
        """What the report calls it."""
        ...

    def strike(self, site: Site) -> float | None:
        """Let it go wrong; seconds from its end until all was well again, where that is measured at once."""
        ...


@dataclass(frozen=True, slots=True)
class Kill:
    """One process gets a signal: the first of a service to pass a step, or any of it at a random moment."""

    service: str
    which: signal.Signals
    step: str | None = None

    @property
    def name(self) -> str:
        """What the report calls it."""
        return f"{self.which.name} {self.step or 'at random'}"

    def strike(self, site: Site) -> None:
        """Order it and go on: the keeper sees to the rest."""
        let_come_back(site)
        if self.step is None:
            site.keeper.strike(site.chance.choice(site.whole.of(self.service)), self.which)
            return
        wait_for_slot(site, self.service)
        order(site, self.service, self.step, self.which)


def let_come_back(site: Site) -> None:
    """Until enough instances are back; not for ever: on a busy machine the next strikes while they start."""
    end = time.monotonic() + SLOT_WITHIN
    while site.keeper.returning() > MOST_AWAY and time.monotonic() < end:
        time.sleep(0.1)


def order(site: Site, service: str, step: str, which: signal.Signals) -> None:
    """Order it; for what is done only after a predecessor's death, see to that too."""
    site.orders.arm(service, step, which)
    if step not in AFTER_A_DEATH:
        return
    for instance in site.whole.of(service):
        site.keeper.strike(instance, signal.SIGKILL)
        end = time.monotonic() + INHERITED_WITHIN
        while site.orders.armed(service) and time.monotonic() < end:
            time.sleep(0.1)
        if not site.orders.armed(service):
            return


def wait_for_slot(site: Site, service: str) -> None:
    """Until the service's last order was carried out; one that nobody passes is taken back, and tried again later.

    Traffic goes on meanwhile: some steps are passed only when a certain record comes.
    """
    end = time.monotonic() + SLOT_WITHIN
    while site.orders.armed(service) and time.monotonic() < end:
        time.sleep(0.2)
        site.publish_until(min(site.published + 1, round(len(site.sent) * KEPT_BACK)))
    site.orders.disarm(service)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something goes wrong with a server, from which everything recovers."""

    name: str
    happens: Callable[[Site], None]

    def strike(self, site: Site) -> float:
        """Let it happen, and see how long it takes until all is well."""
        self.happens(site)
        return site.recover()


def _meanwhile(site: Site, seconds: float) -> None:
    """It goes on for so long: in between records are published, and two processes are struck."""
    site.publish_until(site.published + DURING)
    for which in (signal.SIGKILL, signal.SIGTERM):
        site.keeper.strike(site.chance.choice(site.whole.instances), which)
    time.sleep(seconds)  # how long the outage lasts; nothing is waited for


def _gone(server: Kafka | Mongo, site: Site) -> None:
    server.kill()
    with _nobody_at(server.port):
        _meanwhile(site, AWAY)
    server.start()


@contextmanager
def _nobody_at(port: int) -> Iterator[None]:
    """Keep the port, silently, so that no other program of the machine gets it meanwhile: who knocks is refused."""
    with socket.socket() as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.bind((HOST, port))
        yield


def _silent(server: Kafka | Mongo, site: Site) -> None:
    server.pause()
    _meanwhile(site, AWAY)
    server.resume()


def _crashed(server: Kafka | Mongo) -> None:
    server.kill()
    server.start()


def _step_down(site: Site) -> None:
    with MongoClient[dict[str, Any]](site.servers.mongo_url) as client:
        client.admin.command("replSetStepDown", 5, force=True)
        until_sync("MongoDB has a primary again", lambda: _is_primary(client))


def _is_primary(client: "MongoClient[dict[str, Any]]") -> bool:
    try:
        return bool(client.admin.command("hello").get("isWritablePrimary"))
    except PyMongoError:
        return False


def _disk_full(site: Site) -> None:
    site.servers.mail.refuse(452)
    site.publish_until(site.published + DURING)
    time.sleep(FULL)  # how long the disk is full
    site.servers.mail.refuse(0)


def _mail_crash(site: Site) -> None:
    site.servers.mail.kill()
    site.publish_until(site.published + DURING)
    site.servers.mail.start()


def _rebalance(site: Site) -> None:
    """One more instance of each service joins, works and leaves kindly."""
    with site.joined() as more:
        site.publish_until(site.published + DURING)
        for instance in more.instances:
            instance.process.ask_to_stop()
        late = [one.process.name for one in more.instances if not one.process.wait_stopped(TERM_WITHIN)]
        site.keeper.stuck.extend(late)


TROUBLES = (
    Trouble("a rebalance: one more instance of each service comes and leaves", _rebalance),
    Trouble("the mail sink's disk full (452) for 20 s", _disk_full),
    Trouble("MongoDB restarted", lambda site: site.servers.mongo.restart()),
    Trouble("Kafka restarted", lambda site: site.servers.kafka.restart()),
    Trouble("MongoDB stopped for 30 s", lambda site: _gone(site.servers.mongo, site)),
    Trouble("Kafka stopped for 30 s", lambda site: _gone(site.servers.kafka, site)),
    Trouble("MongoDB steps down", _step_down),
    Trouble("the mail sink killed", _mail_crash),
)
LONGER = (
    Trouble("MongoDB killed and started", lambda site: _crashed(site.servers.mongo)),
    Trouble("Kafka killed and started", lambda site: _crashed(site.servers.kafka)),
    Trouble("MongoDB silent for 30 s", lambda site: _silent(site.servers.mongo, site)),
    Trouble("Kafka silent for 30 s", lambda site: _silent(site.servers.kafka, site)),
)
"""In the full form only."""
