"""The drill: dump while events flow, 1,000 more events, restore, start; and what everybody has heard in the end."""

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import Producer

from stack.demo_client import Tray
from stack.instances import Install, install
from stack.testing import Servers, start_servers
from tests.chaos.records import Sent, nameless_contact, roster
from tests.end_to_end.dumped import Dumped, Said, faults_of_the_moment, read_topics
from tests.waiting import until_sync

pytestmark = pytest.mark.servers

LATER, AFTER = 1_000, 100
DUMPS = 3
RESTORED = ("routing", "notify")
Places = set[tuple[str, str, int, int]]


class Town:
    """What other systems publish: contacts numbered from 0, each due to one matter and one mail to its officer."""

    def __init__(self, servers: Servers) -> None:
        self._producer = Producer({"bootstrap.servers": servers.kafka_url, "enable.idempotence": True})
        self.contacts = 0

    def send(self, some: Sequence[Sent]) -> None:
        for one in some:
            self._producer.produce(one.topic, one.value, key=one.key, headers=one.headers)
        assert self._producer.flush(60) == 0

    def call(self, count: int) -> None:
        self.send([nameless_contact(f"kontakt-{self.contacts + nth}") for nth in range(count)])
        self.contacts += count

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Contacts come all the time."""
        stop = threading.Event()

        def call_on() -> None:
            while not stop.wait(0.1):
                self.call(5)

        caller = threading.Thread(target=call_on)
        caller.start()
        try:
            yield
        finally:
            stop.set()
            caller.join()


def backup(whole: Install, service: str, *words: str) -> str:
    command = [sys.executable, "-m", "shared.platform.backup", words[0], "--service", service, *words[1:]]
    environment = {**os.environ, **whole.environment}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def stop(whole: Install) -> None:
    for service in RESTORED:
        for instance in whole.of(service):
            assert instance.process.stop()


def places(said: Sequence[Said]) -> Places:
    return {(one.topic, one.subject, one.sequence, one.epoch) for one in said}


def listed(report: Path) -> Places:
    rows = [json.loads(line) for line in report.read_text().splitlines()]
    assert len(rows) == len({(row["topic"], row["id"]) for row in rows})
    return {(row["topic"], row["subject"], row["sequence"], row["epoch"]) for row in rows}


def lost_since(dump: Dumped, said: Sequence[Said]) -> Places:
    """What the referee finds on the topics and not in the dump."""
    known = dump.said()
    return places([one for one in said if (one.topic, one.subject, one.sequence) not in known])


def dump_under_load(whole: Install, town: Town, where: Path) -> dict[str, Dumped]:
    """Several dumps of routing and one of notify while events flow; each of routing's must be of one moment."""
    with town.calling():
        for nth in range(DUMPS):
            backup(whole, "routing", "dump", "--to", str(where / f"routing-{nth}.tar.gz"))
        backup(whole, "notify", "dump", "--to", str(where / "notify.tar.gz"))
    dumps = [Dumped(where / f"routing-{nth}.tar.gz") for nth in range(DUMPS)]
    contacts = read_topics(whole.environment["KOMMUNKONTAKT_KAFKA_URL"], ["intake.contacts."])
    assert [faults_of_the_moment(one, contacts) for one in dumps] == [[]] * DUMPS
    assert [len(one.rows["matters"]) for one in dumps] == sorted({len(one.rows["matters"]) for one in dumps})
    return {"routing": dumps[-1], "notify": Dumped(where / "notify.tar.gz")}


def restore(whole: Install, service: str, where: Path) -> Places:
    """Restore from the last dump, and return what was listed as lost."""
    file = where / ("notify.tar.gz" if service == "notify" else f"routing-{DUMPS - 1}.tar.gz")
    report = where / f"{service}.lost"
    told = backup(whole, service, "restore", "--replace", "--from", str(file), "--report", str(report))
    assert f"{service}: restored; it speaks in epoch 2" in told
    return listed(report)


def start_again(whole: Install) -> None:
    for service in RESTORED:
        for instance in whole.of(service):
            instance.process.start()
    whole.wait_until_ready()


def faults(said: Sequence[Said], dumps: dict[str, Dumped], town: Town) -> list[str]:
    """What is wrong with all that was said, in the end, by the restored services."""
    new = [one for one in said if one.epoch == 2]
    found = [f"{one.topic} {one.subject}" for one in said if one.name in ("event-parked", "inbound-rejected")]
    found += [f"epoch {one.epoch}" for one in said if one.epoch > 2]
    known: dict[tuple[str, str], int] = {}
    for dump in dumps.values():
        for topic, subject, sequence in dump.said():
            known[topic, subject] = max(sequence, known.get((topic, subject), 0))
    for one in new:
        expected = known.get((one.topic, one.subject), 0) + 1
        if one.sequence != expected:
            found.append(f"{one.topic} {one.subject}: {one.sequence} where {expected} was to come")
        known[one.topic, one.subject] = one.sequence
    kept = {matter["contact_id"] for matter in dumps["routing"].rows["matters"]}
    again = Counter(one.data["contact_id"] for one in new if one.name == "matter-assigned")
    if len(kept) + len(again) != town.contacts or kept & again.keys() or set(again.values()) != {1}:
        found.append(f"{len(kept)} matters kept and {len(again)} opened anew, of {town.contacts} contacts")
    return found


def test_what_is_restored_goes_on_as_news_and_what_was_lost_is_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with start_servers(tmp_path / "servers") as servers, install(servers, tmp_path, names=("a",)) as whole:
        town, tray = Town(servers), Tray(servers.mail_url)
        town.send(roster())
        declared = ["routing.officers."]
        until_sync("officers are declared", lambda: len(read_topics(servers.kafka_url, declared)) == len(roster()))
        dumps = dump_under_load(whole, town, tmp_path)
        town.call(LATER)
        until_sync("all is mailed", lambda: tray.total() == town.contacts, seconds=120)
        stop(whole)
        lost = {one: lost_since(dumps[one], read_topics(servers.kafka_url, [f"{one}."])) for one in RESTORED}
        assert min(map(len, lost.values())) >= LATER
        assert {one: restore(whole, one, tmp_path) for one in RESTORED} == lost

        assigned_twice = town.contacts - len(dumps["routing"].rows["matters"])
        start_again(whole)
        town.call(AFTER)
        mails = town.contacts + assigned_twice
        until_sync("what is said anew is mailed", lambda: tray.total() >= mails, seconds=120)
        whole.wait_until_ready()
        said = read_topics(servers.kafka_url, [f"{one}." for one in RESTORED])
        ids = Counter(mail["MessageID"] for mail in tray.newest(tray.total()))
    with capsys.disabled():
        counts = {one: len(found) for one, found in lost.items()}
        sys.stdout.write(f"\nlost {counts}, {len(ids)} mails, {mails} expected, {assigned_twice} matters opened anew\n")
    assert faults(said, dumps, town) == []
    assert [name for name, count in ids.items() if count > 1] == []
    assert len(ids) == mails
