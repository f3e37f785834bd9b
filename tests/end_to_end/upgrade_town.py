"""A town for upgrades: what is published, planned before, and what Kafka, MongoDB and the mail tray say of it."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from stack.demo_client import Publisher, Tray
from stack.instances import Install, install
from stack.testing import Servers
from tests.end_to_end.dumped import Said, read_topics
from tests.waiting import until_sync

MATTERS = "routing.matters.v1"
SERVICES = ("intake", "routing", "notify")


@dataclass(frozen=True, slots=True)
class Contact:
    """What is published, and all that must come of it: a matter, a mail to an officer, and one to whoever called."""

    reference: str
    case_type: str
    called_by: str | None = None


def contacts(name: str, count: int, case_type: str = "bygglov", *, named: bool = False) -> list[Contact]:
    """So many contacts; of nobody, or each of somebody else."""
    names = [f"{name}-{nth}" for nth in range(count)]
    return [Contact(one, case_type, f"{one}@company.example" if named else None) for one in names]


class Town:
    """The publishers, and everything that was ever to be published."""

    def __init__(self, where: Path, servers: Servers, planned: Sequence[Contact]) -> None:
        self.where, self.servers, self.planned = where, servers, planned
        self.tray = Tray(servers.mail_url)
        self._inbox = Publisher(servers.kafka_url, "e-services", "upgrade")
        self._staff = Publisher(servers.kafka_url, "staff", "upgrade")

    def officer(self, name: str, case_type: str) -> None:
        """An officer is told of, and known to routing and notify."""
        told = {"reference": name, "officer_id": name, "name": name.title(), "e_mail": f"{name}@kommun.example"}
        self._staff.publish("officer-changed", name, {**told, "case_types": [case_type]}, name)
        self._staff.flush()
        until_sync(f"{name} is known to notify", lambda: f"1460-o-{name}" in self.rows("recipients"))

    def call(self, some: Sequence[Contact]) -> None:
        """Publish contacts; each third one twice."""
        for nth, one in enumerate(some):
            person = {"e_mail": one.called_by} if one.called_by else {}
            received = {"channel": "web", "received_at": "2026-11-24T08:00:00+01:00", "wish": "Vi undrar."}
            told = {**received, "reference": one.reference, "case_type": one.case_type, "person": person}
            for _ in range(1 if nth % 3 else 2):
                self._inbox.publish("contact-received", one.reference, told, one.reference)
        self._inbox.flush()

    @contextmanager
    def calling(self, some: Sequence[Contact]) -> Iterator[None]:
        """These contacts come one by one meanwhile."""
        stop = threading.Event()

        def call_on() -> None:
            for one in some:
                stop.wait(0.1)
                self.call([one])

        caller = threading.Thread(target=call_on)
        caller.start()
        try:
            yield
        finally:
            stop.set()
            caller.join()

    def rows(self, collection: str) -> dict[str, dict[str, Any]]:
        """What notify keeps, by id."""
        with MongoClient[dict[str, Any]](self.servers.mongo_url) as client:
            return {row["_id"]: row for row in client["notify"][collection].find()}

    def stands(self) -> dict[int, tuple[tuple[int, ...], int]]:
        """Partition of the matters -> the release that acts there for notify, and its next offset."""
        rows = self.rows("positions").items()
        ours = {int(key.rpartition("|")[2]): row for key, row in rows if f"|{MATTERS}|" in key}
        return {place: (tuple(row["release"]), row.get("next") or 0) for place, row in ours.items()}

    def said(self) -> list[Said]:
        """All that our services have said, each event once."""
        found = read_topics(self.servers.kafka_url, [f"{one}." for one in SERVICES])
        return list({(one.topic, one.subject, one.epoch, one.sequence): one for one in found}.values())

    def mails(self, some: Sequence[Contact]) -> int:
        """How many mails these contacts must lead to."""
        return sum(2 if one.called_by else 1 for one in some)

    def until_mailed(self, some: Sequence[Contact]) -> None:
        """Wait for the mails that all contacts up to now must lead to."""
        until_sync(f"{self.mails(some)} mails are there", lambda: len(self.mailed()) >= self.mails(some), 90)

    def mailed(self) -> dict[str, str]:
        """Message-ID -> address."""
        mails = self.tray.newest(self.tray.total())
        return {mail["MessageID"]: mail["To"][0]["Address"] for mail in mails}

    def install(
        self, names: Sequence[str], modules: Mapping[str, str] | None = None
    ) -> AbstractContextManager[Install]:
        """Instances of today's release, or of the next one of what it changes."""
        services = tuple(modules or SERVICES)
        return install(self.servers, self.where, names, modules, services=services, stable=())
