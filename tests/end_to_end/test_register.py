"""The register holds with real processes: no number is missing or given twice, nothing is registered or begun twice."""

import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import pytest
from pymongo import MongoClient

from stack.demo_client import Publisher, token_command
from stack.instances import Install, install
from stack.testing import Servers, start_servers
from tests.waiting import until_sync

pytestmark = pytest.mark.servers

WRITERS, EACH = 50, 6
COMPANIES = ("556016-0680", "556012-5790", "212000-0142")
CALL: dict[str, Any] = {"channel": "phone", "wish": "Vi vill servera.", "case_types": ["serv_stad"]}


@dataclass(frozen=True)
class Town:
    """Two instances of intake, and somebody at the reception."""

    whole: Install
    servers: Servers
    token: str

    def post(self, instance: int, path: str, asked: object, key: str) -> httpx.Response | None:
        """One try; None when nobody answers."""
        url = f"http://127.0.0.1:{self.whole.instances[instance].port}/intake/v1/1460{path}"
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key}
        try:
            return httpx.post(url, json=asked, headers=headers, timeout=10)
        except httpx.HTTPError:
            return None

    def posted(self, first: int, path: str, asked: object, key: str) -> dict[str, Any]:
        """The same again, now here, now there, until it is answered."""
        pause = threading.Event()
        for instance in cycle((first, 1 - first)):
            answer = self.post(instance, path, asked, key)
            if answer is not None and answer.status_code < 500:
                assert answer.status_code == 201, answer.text
                answered: dict[str, Any] = answer.json()
                return answered
            pause.wait(0.1)
        raise AssertionError("a cycle does not end")

    def rows(self, collection: str) -> list[dict[str, Any]]:
        """What intake keeps."""
        with MongoClient[dict[str, Any]](self.servers.mongo_url) as client:
            return list(client["intake"][collection].find())


def token_of(role: str, environment: Mapping[str, str]) -> str:
    """A token for development."""
    made = subprocess.run(
        [*token_command(), role], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    return made.stdout.strip()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    where: Path = tmp_path_factory.mktemp("register")
    with (
        start_servers(where / "servers") as servers,
        install(servers, where, ["a", "b"], services=("intake",)) as whole,
    ):
        yield Town(whole, servers, token_of("receptionist", whole.environment))


@dataclass
class Answers:
    """What the writers were answered."""

    given: list[dict[str, Any]] = field(default_factory=list)

    def write(self, town: Town, writer: int) -> None:
        """One writer's calls, one after the other."""
        for nth in range(EACH):
            company = {"organisation_number": COMPANIES[(writer + nth) % len(COMPANIES)]}
            asked = {**CALL, "company": company}
            self.given.append(town.posted(writer % 2, "/contacts", asked, f"writer-{writer}-{nth}"))

    def until(self, count: int) -> None:
        """Wait until so many are answered."""
        until_sync(f"{count} are registered", lambda: len(self.given) >= count, 90)


def test_fifty_writers_and_kills_in_between_leave_no_gap_no_double_and_begin_nothing_twice(town: Town) -> None:
    answers, before = Answers(), len(town.rows("contacts"))
    with ThreadPoolExecutor(WRITERS) as pool:
        writing = [pool.submit(answers.write, town, writer) for writer in range(WRITERS)]
        for count, killed in ((40, (0,)), (100, (1,)), (160, (0, 1)), (220, (0,))):
            answers.until(count)
            for instance in killed:
                town.whole.instances[instance].process.kill()
            for instance in killed:
                town.whole.instances[instance].process.start()
        for one in writing:
            one.result()
    kept = {row["_id"]: row["number"] for row in town.rows("contacts")}
    assert len(kept) == before + WRITERS * EACH
    assert sorted(int(number.partition("/")[2]) for number in kept.values()) == list(range(1, len(kept) + 1))
    assert all(kept[one["contact_id"]] == one["number"] for one in answers.given)
    assert [row["last"] for row in town.rows("series")] == [len(kept)]
    only_the_first_of_each_company_begins(answers.given)


def only_the_first_of_each_company_begins(contacts: list[dict[str, Any]]) -> None:
    """Of contacts of one company about one case type one began it, with the lowest number, and all others join that."""
    for party_id in {one["party_id"] for one in contacts}:
        of_company = sorted((one for one in contacts if one["party_id"] == party_id), key=lambda one: one["number"])
        first = of_company[0]["contact_id"]
        assert [[link["contact_id"] for link in one["links"]] for one in of_company] == [
            [],
            *([first] for _ in of_company[1:]),
        ]
    assert len({one["party_id"] for one in contacts}) == len(COMPANIES)


def test_twenty_clients_with_one_key_on_two_instances_register_once(town: Town) -> None:
    before = len(town.rows("contacts"))
    with ThreadPoolExecutor(20) as pool:
        told = list(pool.map(lambda client: town.posted(client % 2, "/contacts", CALL, "the-same"), range(20)))
    assert len({one["contact_id"] for one in told}) == len({one["number"] for one in told}) == 1
    assert len(town.rows("contacts")) == before + 1


def test_an_event_that_is_published_twenty_times_registers_once(town: Town) -> None:
    told = {"reference": "E-1", "channel": "web", "received_at": "2026-11-24T08:00:00+01:00", "wish": "En gång."}
    publishers = [Publisher(town.servers.kafka_url, "e-services", "once") for _ in range(20)]
    for nth, publisher in enumerate(publishers):  # each with a key of its own: the partitions are both instances'
        publisher.publish("contact-received", "the-same", told, f"key-{nth}")
        publisher.publish("contact-received", f"after-{nth}", {**told, "reference": f"after-{nth}"}, f"key-{nth}")
        publisher.flush()
    afterwards = {f"after-{nth}" for nth in range(20)}

    def references() -> list[str]:
        return [row["reference"] for row in town.rows("contacts") if row.get("reference")]

    until_sync("what was published afterwards is registered", lambda: afterwards <= set(references()), 60)
    assert references().count("E-1") == 1


def test_twenty_corrections_at_once_are_twenty_versions(town: Town) -> None:
    contact_id = town.posted(0, "/contacts", CALL, "with-notes")["contact_id"]
    note = town.posted(0, f"/contacts/{contact_id}/notes", {"text": "v1"}, "note")
    path = f"/contacts/{contact_id}/notes/{note['note_id']}/corrections"

    def correct(nth: int) -> dict[str, Any]:
        return town.posted(nth % 2, path, {"text": f"av {nth}", "why": "fel"}, f"correction-{nth}")

    with ThreadPoolExecutor(20) as pool:
        corrections = list(pool.map(correct, range(20)))
    assert sorted(one["version"] for one in corrections) == list(range(2, 22))
    assert len(town.rows("notes")) == 21
