"""From end to end: companies' records come in an inbox at a steady rate, and the time until each mail is handed over.

All four services run as processes. Records are stamped when they are published and mails when the mail server has them,
by the same clock of this machine.
"""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from confluent_kafka import Message, Producer
from pymongo import MongoClient

from bench.latency import spread
from bench.memory import memory_bars
from bench.records import Reader, headers_of
from bench.report import Bar
from shared.platform.database import Document
from stack.demo_client import Publisher
from stack.demo_client import Tray as MailTray
from stack.instances import Install, install
from stack.mail_tray import Tray
from stack.testing import Servers

PER_SECOND = 60
INBOX = "inbox.e-services.v1"
OFFICERS = 12
COMPANIES = 500
MAILS_EACH = 2
WITHIN = 2.0
PATIENCE = 300.0
MATTER = re.compile(r"1460-m-[0-9]{6}-[0-9a-f]{20}")
ASSIGNED, PLANNED, MAIL = "matter-assigned", "message-planned", "mail handed over"
STEPS = {
    "contact-registered": "intake.contacts.v1",
    ASSIGNED: "routing.matters.v1",
    PLANNED: "notify.deliveries.v1",
}


@dataclass(frozen=True, slots=True)
class Site:
    """An install that is ready for records: its servers, its processes."""

    servers: Servers
    whole: Install

    @property
    def mails(self) -> Path:
        """Where the mail sink keeps its mails."""
        return self.servers.mail.where / "mails.jsonl"


@dataclass(frozen=True, slots=True)
class Seen:
    """One event on its way: the record that it comes from, what it is about, and when it was published."""

    record: str
    subject: str
    at: float


@dataclass(frozen=True, slots=True)
class Told:
    """Seconds from the record to each step of its story, and to its mails."""

    steps: Mapping[str, Sequence[float]]

    @property
    def mails(self) -> Sequence[float]:
        """To the mails."""
        return self.steps[MAIL]


def story(servers: Servers, where: Path, seconds: float) -> list[Bar]:
    """The steady rate for so long; then what each service holds in memory."""
    with install(servers, where, ["a"]) as whole:
        site = Site(servers, whole)
        employ_officers(site)
        feed(site, "warm", 2)
        told = feed(site, "story", seconds)
        print(f"end to end, {PER_SECOND} records a second for {seconds:.0f} s, two mails each, from the record to:")
        for step, delays in told.steps.items():
            print(f"  {step:<20} {spread(delays)}")
        p99 = sorted(told.mails)[int(len(told.mails) * 0.99)]
        return [
            Bar(True, f"{len(told.mails)} mails for {len(told.mails) // MAILS_EACH} records: none lost, none twice"),
            Bar(p99 < WITHIN, f"inbox record to mail p99 {p99:.2f} s; under {WITHIN:.0f} s", gates=False),
            *memory_bars(whole),
        ]


def employ_officers(site: Site) -> None:
    """The staff system tells of officers, and routing has heard of all of them."""
    publisher = Publisher(site.servers.kafka_url, "staff", "bench")
    for number in range(OFFICERS):
        publisher.publish("officer-changed", f"officer-{number}", _officer(number))
    publisher.flush()
    with MongoClient[Document](site.servers.mongo_url) as client:
        officers = client[site.whole.environment.get("ROUTING_DATABASE", "routing")].officers
        _until("routing knows the officers", lambda: officers.count_documents({}) >= OFFICERS)


def _officer(number: int) -> Mapping[str, object]:
    name = f"h{number:02d}"
    told = {"reference": name, "officer_id": name, "name": f"Handläggare {number}", "e_mail": f"{name}@kommun.example"}
    return {**told, "case_types": ["bygglov", "serv_stad", "ovrigt"]}


def feed(site: Site, run: str, seconds: float) -> Told:
    """Records at the steady rate for so long. AssertionError when a mail is missing, or there twice."""
    kafka_url = site.servers.kafka_url
    readers = {step: Reader(kafka_url, topic, from_now=True) for step, topic in STEPS.items()}
    published = _publish(kafka_url, run, int(seconds * PER_SECOND))
    readers[PLANNED].until(_HandedOver(published), PATIENCE)
    steps = {step: _seen(reader, step) for step, reader in readers.items()}
    record_of = {seen.subject: seen.record for seen in steps[ASSIGNED]}
    mails = _mails(site.mails, record_of, published)
    told = {step: [one.at - published[one.record] for one in seen] for step, seen in steps.items()}
    return Told({**told, MAIL: [at - published[name] for name, moments in mails.items() for at in moments]})


class _HandedOver:
    """Whether every mail of these records was handed over, as notify says it."""

    def __init__(self, records: Mapping[str, float]) -> None:
        self._records, self._missing = records, MAILS_EACH * len(records)

    def __call__(self, record: Message) -> bool:
        headers = headers_of(record)
        mine = headers["ce_correlationid"] in self._records
        self._missing -= mine and headers["ce_type"].endswith(".message-handed-over.v1")
        return self._missing == 0


def quiet(site: Site) -> None:
    """Wait until no mail has come for a second: what others have caused is done."""
    tray, total = MailTray(site.servers.mail_url), -1
    while total != (total := tray.total()):
        time.sleep(1)


def _seen(reader: Reader, step: str) -> list[Seen]:
    """The events of this kind that came, each with the record that its story began with."""
    found = ((headers_of(record), record.timestamp()[1]) for record in reader.all())
    return [
        Seen(headers["ce_correlationid"], headers["ce_subject"], at / 1000)
        for headers, at in found
        if headers["ce_type"].endswith(f".{step}.v1")
    ]


def _publish(kafka_url: str, run: str, count: int) -> Mapping[str, float]:
    """When each record was published, by its id."""
    producer = Producer({"bootstrap.servers": kafka_url, "enable.idempotence": True, "linger.ms": 0})
    published, began = {}, time.time()
    for number in range(count):
        time.sleep(max(0.0, began + number / PER_SECOND - time.time()))
        name = f"{run}-{number}"
        published[name] = time.time()
        producer.produce(INBOX, contact(name, number), key=f"k-{number % COMPANIES}", headers=headers_for(name))
        producer.poll(0)
    if producer.flush(30):
        raise RuntimeError("Kafka did not take all records")
    return published


def headers_for(name: str) -> dict[str, str | bytes | None]:
    """The headers of a contact-received with this id."""
    required = {"ce_specversion": "1.0", "ce_id": name, "ce_source": "/bench", "content-type": "application/json"}
    return {**required, "ce_type": "se.kommunkontakt.inbox.contact-received.v1"}


def contact(name: str, number: int) -> bytes:
    """What a company wrote."""
    written = {
        "reference": name,
        "channel": "web",
        "received_at": "2026-11-24T08:00:00+01:00",
        "wish": "Vi vill bygga ut vår lastkaj och undrar vilka tillstånd som behövs, och hur lång tid det brukar ta.",
        "case_type": ("bygglov", "serv_stad", None)[number % 3],
        "company": {"name": f"Bolag {number % COMPANIES}"},
        "person": {"name": f"Kim {number}", "e_mail": f"{name}@example.org"},
    }
    return json.dumps(written, ensure_ascii=False).encode()


def _mails(file: Path, record_of: Mapping[str, str], published: Mapping[str, float]) -> Mapping[str, list[float]]:
    """When each record's mails came."""
    arrived: dict[str, list[float]] = {name: [] for name in published}
    tray = Tray(file)
    for mail in tray.page(0, len(tray)):
        found = MATTER.search(mail.whole()["Text"])
        name = record_of.get(found[0], "") if found else ""
        if name in arrived:
            arrived[name].append(datetime.fromisoformat(mail.at).timestamp())
    wrong = [name for name, moments in arrived.items() if len(moments) != MAILS_EACH]
    if wrong:
        raise AssertionError(f"{len(wrong)} records have not exactly {MAILS_EACH} mails: {', '.join(wrong[:5])}")
    return arrived


def _until(what: str, holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {PATIENCE:.0f} s until {what}")
        time.sleep(0.2)
