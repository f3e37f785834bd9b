"""A foreign system: what the demo and the tests use to publish, to listen and to ask, with none of our own code."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

MUNICIPALITY = "1460"
STRUCTURED = "application/cloudevents+json"
INBOX_TYPE = "se.kommunkontakt.inbox.{}.v1"


@dataclass(frozen=True, slots=True)
class Heard:
    """One record that somebody said on a topic of ours."""

    topic: str
    type: str
    subject: str
    sequence: int
    data: Mapping[str, Any]


def client_settings(kafka_url: str, user: str) -> dict[str, Any]:
    """How a client comes to Kafka: as that user where KAFKA_PASSWORD_<USER> is known, else as nobody."""
    password = os.environ.get(f"KAFKA_PASSWORD_{user.upper().replace('-', '_')}")
    as_user = {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": user,
        "sasl.password": password,
    }
    return {"bootstrap.servers": kafka_url, **(as_user if password else {})}


class Publisher:
    """Another municipal system: publishes CloudEvents in binary mode on its own inbox topic."""

    def __init__(self, kafka_url: str, name: str, run: str) -> None:
        self._producer = Producer({**client_settings(kafka_url, name), "enable.idempotence": True})
        self._topic, self._source = f"inbox.{name}.v1", f"/{name}/{run}"

    @property
    def source(self) -> str:
        """The CloudEvents source that it speaks as."""
        return self._source

    def publish(self, type_: str, event_id: str, data: Mapping[str, Any] | bytes, key: str | None = None) -> None:
        """Publish one event; bytes go as they are, however wrong."""
        headers = {
            "ce_specversion": "1.0",
            "ce_id": event_id,
            "ce_source": self._source,
            "ce_type": INBOX_TYPE.format(type_),
            "content-type": "application/json",
        }
        value = data if isinstance(data, bytes) else json.dumps(data).encode()
        self._producer.produce(self._topic, value, key=key, headers=[(k, v.encode()) for k, v in headers.items()])
        self._producer.poll(0)

    def flush(self) -> None:
        """Wait until the broker has all of it."""
        if self._producer.flush(30):
            raise ConnectionError("Kafka did not take all events within 30 seconds")


HEARTBEAT = b"heartbeat"
"""The key of a record that says nothing (docs/events.md)."""


class Ear:
    """Listens to all streams of ours, from now on."""

    def __init__(self, kafka_url: str, group: str) -> None:
        self._consumer = Consumer(
            {
                **client_settings(kafka_url, "demo"),
                "group.id": group,
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
            }
        )
        self._consumer.assign(list(self._ends()))

    def _ends(self) -> Iterator[TopicPartition]:
        topics = self._consumer.list_topics(timeout=10).topics
        for name, topic in topics.items():
            if name.endswith(".v1") and not name.startswith("inbox."):
                for partition in topic.partitions:
                    _, end = self._consumer.get_watermark_offsets(TopicPartition(name, partition), timeout=10)
                    yield TopicPartition(name, partition, end)

    def listen(self, seconds: float) -> list[Heard]:
        """What was said, waiting at most so long for the first."""
        records = self._consumer.consume(500, timeout=seconds)
        return [_heard(record) for record in records if not _failed(record) and record.key() != HEARTBEAT]

    def close(self) -> None:
        """Stop listening."""
        self._consumer.close()


def _failed(record: Any) -> bool:
    error = record.error()
    if error is not None and error.code() != KafkaError._PARTITION_EOF:
        raise ConnectionError(f"Kafka: {error.str()}")
    return error is not None


def _heard(record: Any) -> Heard:
    headers = {name: value.decode() for name, value in record.headers() or []}
    value = record.value()
    data = json.loads(value) if value else {}
    return Heard(record.topic(), headers["ce_type"], headers["ce_subject"], int(headers["ce_sequence"]), data)


@dataclass
class Doors:
    """The HTTP doors of the four services, with a token for each role."""

    ports: Mapping[str, int]
    tokens: dict[str, str] = field(default_factory=dict)

    def address(self, service: str, path: str) -> str:
        """Where a door is."""
        return f"http://127.0.0.1:{self.ports[service]}/{service}/v1/{MUNICIPALITY}/{path}"

    def call(self, role: str, method: str, service: str, path: str, body: Any = None, key: str | None = None) -> Any:
        """Knock; the answer's JSON. HTTPStatusError when refused."""
        headers = {"Authorization": f"Bearer {self._token(role)}", "Accept-Language": "sv"}
        if key:
            headers["Idempotency-Key"] = key
        return self._answer(method, self.address(service, path), body, headers)

    def publish(self, event: Mapping[str, Any]) -> Any:
        """Publish a CloudEvent in structured mode at intake's door, as the first publisher that may."""
        headers = {"Authorization": f"Bearer {self._token('publisher')}", "Content-Type": STRUCTURED}
        return self._answer("POST", self.address("intake", "events"), event, headers)

    def _answer(self, method: str, url: str, body: Any, headers: Mapping[str, str]) -> Any:
        answer = httpx.request(method, url, json=body, headers=headers, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def shows_counters(self, service: str) -> bool:
        """Whether counters are let out here: not through the door of an install."""
        return httpx.get(f"http://127.0.0.1:{self.ports[service]}/metrics", timeout=10).status_code == 200

    def counted(self, service: str, metric: str) -> int:
        """The sum of a counter over its labels."""
        text = httpx.get(f"http://127.0.0.1:{self.ports[service]}/metrics", timeout=10).text
        lines = [line for line in text.splitlines() if line.startswith(f"kommunkontakt_{metric}_total")]
        return int(sum(float(line.rsplit(" ", 1)[1]) for line in lines))

    def _token(self, role: str) -> str:
        if role not in self.tokens:
            made = subprocess.run(
                [*token_command(), role], capture_output=True, text=True, check=True, env=os.environ.copy()
            )
            self.tokens[role] = made.stdout.strip()
        return self.tokens[role]


def token_command() -> list[str]:
    """How a development token is made: DEMO_TOKEN_COMMAND says it for an install under compose."""
    told = os.environ.get("DEMO_TOKEN_COMMAND")
    return told.split() if told else [sys.executable, "-m", "shared.platform.token"]


class Tray:
    """The mail tray, through the part of Mailpit's API that both sinks have."""

    def __init__(self, url: str) -> None:
        self._url = url

    def total(self) -> int:
        """How many mails lie there."""
        return int(httpx.get(f"{self._url}/api/v1/messages", params={"limit": 1}, timeout=10).json()["total"])

    def newest(self, count: int) -> list[Mapping[str, Any]]:
        """The newest mails."""
        mails: list[Mapping[str, Any]] = []
        while len(mails) < count:
            page = {"limit": min(200, count - len(mails)), "start": len(mails)}
            found = httpx.get(f"{self._url}/api/v1/messages", params=page, timeout=10).json()["messages"]
            if not found:
                break
            mails += found
        return mails
