"""Foreign clients that register by HTTP and by mail, and try again until they are told that it is done."""

import json
import smtplib
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from itertools import cycle
from queue import SimpleQueue
from typing import Protocol, TypeVar

import httpx
from confluent_kafka import Producer

from tests.kills.plan import FILE, Wanted

PAUSE = 0.2
PATIENCE = 120.0
AWAY = (429, 503)
ADDRESSES = {"1460": "kontakt@bengtsfors.example", "1438": "kontakt@dalsed.example"}
PUBLISHERS = {"1460": "e-services", "1438": "portal"}
RECEIVED_AT = "2026-11-20T10:00:00+01:00"

Place = TypeVar("Place")


class Again(Exception):
    """Nobody knows whether it was registered: the client sends the same again."""


class RefusedForGood(Exception):
    """Something good was refused."""


@dataclass(slots=True)
class Told:
    """What clients were told: the contact that each name became, each time it was sent; and what went wrong."""

    contacts: "defaultdict[str, list[str]]" = field(default_factory=lambda: defaultdict(list))
    refused: list[str] = field(default_factory=list)
    retries: "Counter[str]" = field(default_factory=Counter)


class Client(Protocol):
    """One client of one way."""

    def send(self, wanted: Wanted) -> str:
        """The id of the contact that it became; Again, or RefusedForGood."""
        ...

    def turn(self) -> None:
        """Go to another instance."""
        ...

    def close(self) -> None:
        """Leave."""
        ...


class Caller:
    """Registers over HTTP with an Idempotency-Key, each time at the next instance."""

    def __init__(self, ports: Sequence[int], token: str, nth: int) -> None:
        self._client = httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=20)
        self._ports = _from(ports, nth)

    def send(self, wanted: Wanted) -> str:
        """See `Client`."""
        body = {"channel": "phone", "wish": wanted.wish, "case_types": ["serv_stad"], **_company(wanted)}
        url = f"http://127.0.0.1:{next(self._ports)}/intake/v1/{wanted.town}/contacts"
        try:
            answer = self._client.post(url, json=body, headers={"Idempotency-Key": wanted.name})
        except httpx.HTTPError as error:
            raise Again from error
        if answer.status_code in AWAY:
            raise Again
        if answer.status_code != 201:
            raise RefusedForGood(f"{answer.status_code} {answer.text}")
        return str(answer.json()["contact_id"])

    def turn(self) -> None:
        """Each call goes to another one anyhow."""

    def close(self) -> None:
        """See `Client`."""
        self._client.close()


class Relay:
    """A mail server that hands over by SMTP or LMTP: one mail after the other, until it hears 250."""

    def __init__(self, ports: Sequence[tuple[type[smtplib.SMTP], int]], nth: int) -> None:
        self._ports = _from(ports, nth)
        self._server: smtplib.SMTP | None = None

    def send(self, wanted: Wanted) -> str:
        """See `Client`."""
        try:
            code, said = self._hand_over(wanted)
        except (smtplib.SMTPException, OSError) as error:
            self.turn()
            raise Again from error
        if code // 100 == 4:
            self.turn()
            raise Again
        if code != 250:
            raise RefusedForGood(f"{code} {said.decode()}")
        return said.decode().rpartition(" ")[2]

    def _hand_over(self, wanted: Wanted) -> tuple[int, bytes]:
        server, content = self._server or self._connected(), letter(wanted).as_bytes()
        sender, size = f"{wanted.name}@company.example", f"SIZE={len(content)}"
        for code, said in (server.mail(sender, [size]), server.rcpt(ADDRESSES[wanted.town])):
            if code != 250:
                return code, said
        return server.data(content)

    def _connected(self) -> smtplib.SMTP:
        kind, port = next(self._ports)
        server = self._server = kind("127.0.0.1", port, local_hostname="relay.example", timeout=20)
        server.ehlo_or_helo_if_needed()
        return server

    def turn(self) -> None:
        """The connection is no good any more, or another instance shall be asked."""
        self.close()

    def close(self) -> None:
        """See `Client`."""
        if self._server is not None:
            self._server.close()
        self._server = None


def letter(wanted: Wanted) -> EmailMessage:
    """The mail, byte for byte the same each time."""
    mail = EmailMessage()
    mail["From"], mail["To"] = f"Anna Glas <{wanted.name}@company.example>", ADDRESSES[wanted.town]
    mail["Subject"], mail["Message-ID"] = "Uteservering", f"<{wanted.name}@company.example>"
    mail.set_content(wanted.wish)
    if wanted.has_file:
        mail.add_attachment(FILE, "application", "pdf", filename="ritning.pdf")
        mail.set_boundary("=-=-=")
    return mail


class Inboxes:
    """Other systems, each on its own inbox topic."""

    def __init__(self, kafka_url: str) -> None:
        settings = {"bootstrap.servers": kafka_url, "enable.idempotence": True, "log_level": 0}
        self._producer = Producer(settings)

    def publish(self, wanted: Wanted) -> None:
        """Publish it, whatever there is of Kafka: the client keeps trying."""
        name = PUBLISHERS[wanted.town]
        headers = {
            "ce_specversion": "1.0",
            "ce_id": wanted.name,
            "ce_source": f"/{name}",
            "ce_type": "se.kommunkontakt.inbox.contact-received.v1",
            "content-type": "application/json",
        }
        body = {"reference": wanted.name, "channel": "web", "received_at": RECEIVED_AT, "wish": wanted.wish}
        value = json.dumps({**body, **_company(wanted)}).encode()
        key = wanted.company or wanted.name
        self._producer.produce(f"inbox.{name}.v1", value, key=key, headers=list(headers.items()))
        self._producer.poll(0)

    def flush(self) -> None:
        """Wait until Kafka has all of it."""
        if self._producer.flush(60):
            raise ConnectionError("Kafka did not take all events within a minute")


class Crew:
    """Clients of one way, each in a thread of its own, that take what is wanted from one queue."""

    def __init__(self, clients: Sequence[Client], told: Told) -> None:
        self.queue: SimpleQueue[Wanted | None] = SimpleQueue()
        self._told = told
        self._threads = [threading.Thread(target=self._work, args=(client,), daemon=True) for client in clients]
        for thread in self._threads:
            thread.start()

    def finish(self) -> None:
        """Until all that was wanted is done."""
        for _ in self._threads:
            self.queue.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self, client: Client) -> None:
        while (wanted := self.queue.get()) is not None:
            for _ in range(1 + wanted.again):
                self._until_taken(client, wanted)
                if wanted.again:
                    client.turn()
        client.close()

    def _until_taken(self, client: Client, wanted: Wanted) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                self._told.contacts[wanted.name].append(client.send(wanted))
                return
            except Again:
                self._told.retries[wanted.way] += 1
                time.sleep(PAUSE)
            except RefusedForGood as refused:
                self._told.refused.append(f"{wanted.name}: {refused}")
                return
        self._told.refused.append(f"{wanted.name}: nobody took it within {PATIENCE:.0f} s")


def _company(wanted: Wanted) -> Mapping[str, object]:
    return {"company": {"organisation_number": wanted.company}} if wanted.company else {}


def _from(ports: Sequence[Place], nth: int) -> Iterator[Place]:
    """All in turn, for ever, beginning with the nth."""
    first = nth % len(ports)
    return cycle([*ports[first:], *ports[:first]])
