"""The seeded run: 5,000 inbound events, two instances of each service, 20 kills, duplicates and poison."""

import os
import random
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import httpx
import pytest
from confluent_kafka import Producer

from stack.demo_client import Doors, Heard, Tray
from stack.instances import Install, install
from stack.testing import Servers, start_servers
from tests.end_to_end.expectations import Expected, Sent, plan, roster
from tests.end_to_end.referee import Verdict, judge, read_all
from tests.waiting import until_sync

pytestmark = pytest.mark.servers

SEED = int(os.environ.get("SEED", "1460"))
EVENTS = int(os.environ.get("EVENTS", "5000"))
KILLS = int(os.environ.get("KILLS", "20"))
POISON_OF_EACH = 20
QUIET = 8.0
PATIENCE = 300.0


def test_nothing_is_lost_or_doubled_when_instances_are_killed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, expected = plan(SEED, EVENTS, POISON_OF_EACH)
    with start_servers(tmp_path / "servers") as servers:
        modules = {"routing": "tests.end_to_end.routing_with_a_bug"}
        with install(servers, tmp_path, names=("a", "b"), modules=modules) as whole:
            monkeypatch.setenv("KOMMUNKONTAKT_JWT_KEY_FILE", whole.environment["KOMMUNKONTAKT_JWT_KEY_FILE"])
            monkeypatch.setenv("KOMMUNKONTAKT_ENVIRONMENT", "development")
            began = time.monotonic()
            publish(servers, whole, sent)
            until_sync("everything is quiet", quiet(servers, expected), seconds=PATIENCE)
            whole.wait_until_ready()
            verdict = verdict_of(servers, whole, expected)
            verdict.counts["seconds"] = int(time.monotonic() - began)
    with capsys.disabled():
        sys.stdout.write(f"\nseed {SEED}: {EVENTS} inbound, {KILLS} kills\n{verdict}\n")
    assert verdict.clean, str(verdict)


def publish(servers: Servers, whole: Install, sent: list[Sent]) -> None:
    """The roster first; then all records, with kills at random moments in between."""
    producer = Producer({"bootstrap.servers": servers.kafka_url, "enable.idempotence": True})
    _produce(producer, roster())
    chance = random.Random(SEED + 1)
    kills = sorted(chance.sample(range(1, len(sent)), KILLS))
    for before, after in zip([0, *kills], [*kills, len(sent)], strict=True):
        _produce(producer, sent[before:after])
        if after < len(sent):
            chance.choice(whole.instances).kill_and_start()
            time.sleep(chance.random() * 2)  # so that kills fall in all states of the work, not to wait for anything


def _produce(producer: Producer, sent: Iterable[Sent]) -> None:
    for one in sent:
        producer.produce(one.topic, one.value, key=one.key, headers=one.headers)
        producer.poll(0)
    assert producer.flush(60) == 0


class quiet:  # noqa: N801 - reads as a word where it is used
    """Whether all mails are there and nothing has been said for a while: then nothing more will come by itself."""

    def __init__(self, servers: Servers, expected: Expected) -> None:
        self._tray, self._expected = Tray(servers.mail_url), expected
        self._last, self._since = -1, time.monotonic()

    def __call__(self) -> bool:
        total = self._tray.total()
        if total != self._last:
            self._last, self._since = total, time.monotonic()
        still = time.monotonic() - self._since
        return still > (QUIET if total >= self._expected.mails else 60)


def verdict_of(servers: Servers, whole: Install, expected: Expected) -> Verdict:
    """Read topics, tray and ledger, and judge."""
    heard = read_all(servers.kafka_url)
    tray = Tray(servers.mail_url)
    doors = Doors({service: whole.port(service) for service in ("intake", "routing", "procurement", "notify")})
    verdict = judge(heard, tray.newest(tray.total()), unknown_outcomes(doors, tray, heard), expected)
    kept = kept_for_a_person(doors)
    if kept != sum(expected.poison.values()):
        verdict.poison.append(f"{kept} records wait for a person, expected {sum(expected.poison.values())}")
    return verdict


def unknown_outcomes(doors: Doors, tray: Tray, heard: list[Heard]) -> set[str]:
    """The Message-IDs of mails whose ledger says: we do not know whether the first hand-over succeeded."""
    mails = [mail["MessageID"].strip("<>") for mail in tray.newest(tray.total())]
    doubled = {name for name in mails if mails.count(name) > 1} if len(set(mails)) < len(mails) else set()
    return {name for name in doubled if _says_unknown(doors, name.partition("@")[0])}


def _says_unknown(doors: Doors, message_id: str) -> bool:
    try:
        ledger = doors.call("operator", "GET", "notify", f"messages/{message_id}")
    except httpx.HTTPStatusError:
        return False
    return bool(ledger["unknown_outcomes"])


def kept_for_a_person(doors: Doors) -> int:
    """How many records wait for a person in all services, asked through the doors."""
    return sum(_open(doors, service) for service in doors.ports)


def _open(doors: Doors, service: str) -> int:
    found, cursor = 0, ""
    while True:
        page = doors.call("operator", "GET", service, f"parked?limit=100{cursor}")
        found += len(page["items"])
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"
