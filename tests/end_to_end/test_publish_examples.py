"""The examples of docs/publish.md, run as they stand against intake on real servers; each twice: once is once."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from shared.platform.token import app as token_command
from stack.instances import Install, install
from stack.testing import start_servers
from tests.waiting import until_sync

pytestmark = pytest.mark.servers

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
LONGEST = 30
EVENT = {"specversion": "1.0", "source": "/e-services", "type": "se.kommunkontakt.inbox.contact-received.v1"}
CONTACT = {
    "reference": "E-1",
    "channel": "web",
    "received_at": "2026-11-24T10:00:00+01:00",
    "wish": "Vi vill öppna.",
}


@dataclass
class Place:
    """intake at work, with the environment of one who publishes."""

    whole: Install

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.whole.port('intake')}"

    def token(self, role: str) -> str:
        made = CliRunner().invoke(token_command, [role], env=dict(self.whole.environment))
        assert made.exit_code == 0, made.output
        return made.output.strip()

    def run(self, name: str, event_id: str) -> "subprocess.CompletedProcess[str]":
        file = EXAMPLES / name
        command = [sys.executable] if file.suffix == ".py" else ["sh"]
        told = {"INTAKE_URL": self.url, "TOKEN": self.token("publisher")}
        told["KAFKA_URL"] = self.whole.environment["KOMMUNKONTAKT_KAFKA_URL"]
        environment = {**os.environ, **told}
        return subprocess.run([*command, file, event_id], env=environment, capture_output=True, text=True, timeout=60)

    def ask(self, address: str, role: str) -> Any:
        answer = httpx.get(f"{self.url}{address}", headers={"Authorization": f"Bearer {self.token(role)}"}, timeout=30)
        return answer.json() if answer.status_code == 200 else answer.status_code

    def fares(self, event_id: str) -> Mapping[str, Any] | int:
        return self.ask(f"/intake/v1/1460/inbound?source=/e-services&id={event_id}", "publisher")  # type: ignore[no-any-return]

    def references(self) -> list[str]:
        """Of the contacts, in the order of their numbers in the register."""
        listed = self.ask("/intake/v1/1460/contacts?limit=100", "receptionist")["items"]
        return [one["reference"] for one in sorted(listed, key=lambda one: one["number"])]

    def state(self, event_id: str) -> str | None:
        fared = self.fares(event_id)
        return None if isinstance(fared, int) else fared["state"]

    def post(self, body: Any, **headers: str) -> int:
        told = {"Authorization": f"Bearer {self.token('publisher')}", "Content-Type": "application/json", **headers}
        return httpx.post(f"{self.url}/intake/v1/1460/events", content=json.dumps(body), headers=told).status_code


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    where = tmp_path_factory.mktemp("publish")
    with start_servers(where / "servers") as servers, install(servers, where, ["a"], services=["intake"]) as whole:
        yield Place(whole)


@pytest.mark.parametrize("name", ["publish_kafka.py", "publish_http.py", "publish.sh"])
def test_an_example_publishes_a_contact_once_however_often_it_is_run(place: Place, name: str) -> None:
    event_id = f"example-{name}"
    for _ in range(2):
        done = place.run(name, event_id)
        assert done.returncode == 0, done.stdout + done.stderr
    until_sync("it is registered", lambda: place.fares(event_id) == {"state": "accepted", "rejection": None})
    assert place.references().count(f"form-{event_id}") == 1


def test_what_is_posted_keeps_its_order_beside_what_is_published_on_the_topic(place: Place) -> None:
    for batch in range(10):
        names = [f"order-{batch}-{nth}" for nth in range(5)]
        events = [{**EVENT, "id": name, "data": {**CONTACT, "reference": name}} for name in names]
        assert place.post(events, **{"Content-Type": "application/cloudevents-batch+json"}) == 202
        if batch % 4 == 0:
            assert place.run("publish_kafka.py", f"between-{batch}").returncode == 0
    until_sync("all are registered", lambda: place.state("order-9-4") == "accepted")
    posted = [name for name in place.references() if name.startswith("order-")]
    assert posted == [f"order-{batch}-{nth}" for batch in range(10) for nth in range(5)]


def test_a_wrong_event_is_told_back_and_its_correction_is_taken(place: Place) -> None:
    headers = {f"ce-{name}": value for name, value in {**EVENT, "id": "wrong"}.items()}
    assert place.post({**CONTACT, "wish": ""}, **headers) == 202
    until_sync("it is told back", lambda: place.state("wrong") == "rejected")
    fared = place.fares("wrong")
    assert not isinstance(fared, int)
    told = (fared["rejection"]["pointer"], fared["rejection"]["reason_sv"])
    assert told == ("/data/wish", "Ska ha minst 1 tecken.")
    assert place.post({**CONTACT, "reference": "put right"}, **headers) == 202
    until_sync("the correction is registered", lambda: place.state("wrong") == "accepted")
    assert place.references().count("put right") == 1


def test_an_example_is_short_enough_to_be_read() -> None:
    for file in EXAMPLES.iterdir():
        assert len(file.read_text("utf-8").splitlines()) <= LONGEST, file.name
