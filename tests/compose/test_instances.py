"""Several instances of a service, and one after another: work is shared, nothing is doubled, nobody is turned away."""

import re
import smtplib
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import httpx
import pytest

from stack import env_file
from stack.demo_client import Ear, Heard, Publisher
from tests.compose.project import ROOT, SERVICES, Project, docker
from tests.waiting import until_sync

CONTACTS = 60
[MAIL_TO] = env_file.MAIL_TO
AT_MOST = 1.0
"""Seconds for which the door may refuse one who asks."""
COUNT = "from urllib.request import urlopen; print(urlopen('http://127.0.0.1:8002/metrics').read().decode())"


@pytest.fixture(autouse=True)
def passwords(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that the foreign clients come to Kafka with."""
    for name, value in project.secrets.items():
        if name.startswith("KAFKA_PASSWORD_"):
            monkeypatch.setenv(name, value)


@dataclass
class Said:
    """What was said since we listen."""

    ear: Ear
    events: list[Heard] = field(default_factory=list)

    def count(self, type_: str) -> int:
        """How many events of a type."""
        self.events += self.ear.listen(0.1)
        return len(self.of(type_))

    def of(self, type_: str) -> list[Heard]:
        """The events of a type."""
        return [one for one in self.events if one.type.split(".")[-2] == type_]

    def disordered(self) -> list[str]:
        """The aggregates whose events did not come one after the other."""
        last: dict[tuple[str, str], int] = {}
        wrong = []
        for one in self.events:
            before = last.setdefault((one.topic, one.subject), one.sequence - 1)
            wrong += [one.subject] if one.sequence != before + 1 else []
            last[one.topic, one.subject] = one.sequence
        return wrong


@contextmanager
def listening(project: Project) -> Iterator[Said]:
    said = Said(Ear(project.kafka_url, f"demo-{uuid4().hex}"))
    try:
        yield said
    finally:
        said.ear.close()


def heard_by(container: str) -> int:
    """How many events an instance of routing has acted on."""
    counters = docker("exec", container, "python", "-c", COUNT)
    found = re.findall(r"^kommunkontakt_heard_total\{[^}]*\} ([0-9.e+]+)$", counters, re.MULTILINE)
    return int(sum(map(float, found)))


def publish(project: Project, run: str) -> None:
    publisher = Publisher(project.kafka_url, "e-services", run)
    for number in range(CONTACTS):
        contact = {
            "reference": f"{run}-{number}",
            "channel": "web",
            "received_at": "2026-11-24T10:00:00+01:00",
            "wish": "Vi vill öppna ett kafé.",
            "case_types": ["ovrigt"],
        }
        publisher.publish("contact-received", f"{run}-{number}", contact, key=f"{run}-{number}")
    publisher.flush()


def one_matter_each(said: Said, contacts: int) -> None:
    until_sync("every contact has its matter", lambda: said.count("matter-opened") >= contacts, 90)
    matters = Counter(one.data["contact_id"] for one in said.of("matter-opened"))
    assert set(matters.values()) == {1}
    assert set(matters) == {one.subject for one in said.of("contact-registered")}
    assert len(matters) == contacts
    until_sync("every officer has the mail", lambda: said.count("message-handed-over") >= contacts, 90)
    assert said.disordered() == []


def scale(project: Project, instances: int) -> list[str]:
    project.compose(
        "up", "--detach", "--wait", "--no-deps", "--no-recreate", "--scale", f"routing={instances}", "routing"
    )
    return project.containers("routing")


def test_three_instances_share_the_work_and_one_does_it_alone_again(project: Project) -> None:
    three = scale(project, 3)
    assert len(three) == 3
    before = {one: heard_by(one) for one in three}
    with listening(project) as said:
        publish(project, f"three-{uuid4().hex[:6]}")
        one_matter_each(said, CONTACTS)
        shares = [heard_by(one) - before[one] for one in three]
        assert min(shares) > 0, shares
        (alone,) = scale(project, 1)
        already = heard_by(alone)
        publish(project, f"one-{uuid4().hex[:6]}")
        one_matter_each(said, 2 * CONTACTS)
        until_sync("the last one acts alone", lambda: heard_by(alone) - already >= CONTACTS, 60)
    mails = project.mails()
    assert len(set(mails)) == len(mails)


@dataclass
class Asking:
    """Knocks at the door without a pause, and notes when it was turned away and when let in again."""

    project: Project
    token: str
    stop: Event = field(default_factory=Event)
    posted: set[str] = field(default_factory=set)
    refused: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in SERVICES})
    longest: dict[str, float] = field(default_factory=lambda: dict.fromkeys(SERVICES, 0.0))
    asked: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        """Until it is told to stop: all four services at once, each by a client of its own."""
        with ThreadPoolExecutor(len(SERVICES)) as pool:
            list(pool.map(self._ask, SERVICES))

    def _ask(self, service: str) -> None:
        with httpx.Client(base_url=self.project.url(service), timeout=20) as client:
            while not self.stop.is_set():
                self._until_let_in(client, service, uuid4().hex)
                time.sleep(0.1)

    def _until_let_in(self, client: httpx.Client, service: str, key: str) -> None:
        """Knock until it is done, and note for how long one was turned away; a slow answer is no refusal."""
        first = None
        while told := self._knock(client, service, key):
            self.refused[service].append(told)
            first = first or time.monotonic()
            if time.monotonic() - first > 30:
                break
            time.sleep(0.02)
        self.longest[service] = max(self.longest[service], time.monotonic() - first if first else 0.0)
        self.asked[service] += 1

    def _knock(self, client: httpx.Client, service: str, key: str) -> str | None:
        """None when it was done; else what was told."""
        try:
            answer = self._post(client, key) if service == "intake" else client.get("/alive")
        except httpx.HTTPError as error:
            return type(error).__name__
        if answer.status_code >= 400:
            return f"{answer.status_code} {answer.text[:200]}"
        if service == "intake":
            self.posted.add(answer.json()["contact_id"])
        return None

    def _post(self, client: httpx.Client, key: str) -> httpx.Response:
        body: dict[str, Any] = {"channel": "phone", "wish": "Får vi ha uteservering?", "case_types": ["ovrigt"]}
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key}
        return client.post("/intake/v1/1460/contacts", json=body, headers=headers)


@dataclass
class Mailing:
    """A mail server that hands over one mail after the other through the door, each until it hears 250."""

    port: int
    stop: Event = field(default_factory=Event)
    taken: dict[str, str] = field(default_factory=dict)
    put_off: int = 0

    def run(self) -> None:
        """Until it is told to stop; the last mail is handed over too."""
        while not self.stop.is_set():
            self.hand_over(f"<{uuid4().hex}@company.example>")
            time.sleep(0.2)

    def hand_over(self, message_id: str) -> None:
        """The contact that it became, as the 250 says."""
        end = time.monotonic() + 60
        while (told := self._try(message_id)) is None and time.monotonic() < end:
            self.put_off += 1
            time.sleep(0.1)
        assert told is not None, "nobody took a mail within a minute"
        self.taken[message_id] = told

    def _try(self, message_id: str) -> str | None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Message-ID"] = "Anna <anna@company.example>", MAIL_TO, message_id
        mail["Subject"] = "Uteservering"
        mail.set_content("Får vi ha uteservering?")
        try:
            with smtplib.SMTP("127.0.0.1", self.port, "relay.example", timeout=20) as server:
                server.ehlo()
                server.mail("anna@company.example")
                server.rcpt(MAIL_TO)
                code, said = server.data(mail.as_bytes())
        except (smtplib.SMTPException, OSError):
            return None
        return said.decode().rpartition(" ")[2] if code == 250 else None


def test_a_mail_that_comes_by_the_door_is_one_contact_each_time_it_comes(project: Project) -> None:
    mailing = Mailing(int(project.ports["INTAKE_MAIL_PORT"]))
    with listening(project) as said:
        mailing.hand_over("<once@company.example>")
        [contact] = mailing.taken.values()
        mailing.hand_over("<once@company.example>")
        one_matter_each(said, 1)
        assert [one.subject for one in said.of("contact-registered")] == [contact]
    assert [*mailing.taken.values()] == [contact]
    bearer = {"Authorization": f"Bearer {project.token('receptionist')}"}
    shown = httpx.get(f"{project.url('intake')}/intake/v1/1460/contacts/{contact}", headers=bearer).raise_for_status()
    assert (shown.json()["channel"], "uteservering" in shown.json()["wish"]) == ("e-mail", True)


def test_a_rolling_restart_of_all_turns_nobody_away(project: Project) -> None:
    before = {service: project.containers(service) for service in SERVICES}
    asking = Asking(project, project.token("receptionist"))
    mailing = Mailing(int(project.ports["INTAKE_MAIL_PORT"]))
    with listening(project) as said:
        asker, mailer = Thread(target=asking.run), Thread(target=mailing.run)
        asker.start()
        mailer.start()
        try:
            command = [sys.executable, "-m", "stack.rolling_restart"]
            done = subprocess.run(
                command, cwd=ROOT, env=project.environment, capture_output=True, text=True, timeout=400
            )
        finally:
            asking.stop.set()
            mailing.stop.set()
            asker.join()
            mailer.join()
        assert done.stdout == "".join(f"{service}: 1 replaced\n" for service in SERVICES), done.stderr
        sys.stderr.write(f"asked {dict(asking.asked)}, longest refusal {asking.longest}, refused {asking.refused}\n")
        assert min(asking.asked.values()) > 100
        assert max(asking.longest.values()) < AT_MOST, asking.refused
        sys.stderr.write(f"mailed {len(mailing.taken)}, put off {mailing.put_off}\n")
        assert len(mailing.taken) > 50
        taken = asking.posted | set(mailing.taken.values())
        assert {one.subject for one in said.of("contact-registered")} <= taken
        one_matter_each(said, len(asking.posted) + len(mailing.taken))
    assert all(set(project.containers(service)).isdisjoint(before[service]) for service in SERVICES)


def test_counters_are_not_let_out_of_the_door(project: Project) -> None:
    for service in SERVICES:
        assert httpx.get(f"{project.url(service)}/ready").status_code == 200
        assert httpx.get(f"{project.url(service)}/metrics").status_code == 404
