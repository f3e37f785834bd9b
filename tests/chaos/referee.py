"""The referee: reads only topics, the mail tray and doors, and compares with what was written down before."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

from tests.chaos.records import COORDINATOR, Expected

PARTITIONS = 12
COMPACTED = ("intake.parties.v1", "routing.officers.v1")
"""Here older events may be gone."""
HEARTBEAT = b"heartbeat"
HEAR_MATTERS = 2
"""intake and notify hear what is said of matters: each of them notices what is missing there."""
FAULT, GAP, WAITS = "a fault in the program", "events are missing", "waits for"


@dataclass(frozen=True, slots=True)
class Heard:
    """One event that somebody said on a topic of ours."""

    topic: str
    type: str
    subject: str
    epoch: int
    sequence: int
    data: Mapping[str, Any]

    @property
    def short(self) -> str:
        """The type without its owner and version."""
        return self.type.split(".")[-2]


@dataclass(slots=True)
class Verdict:
    """What was found. All lists are empty when every promise was kept."""

    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    poison: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def clean(self) -> bool:
        """Whether nothing was lost, doubled, disordered, forgotten or overlooked."""
        return not self.problems

    @property
    def problems(self) -> list[str]:
        """All that is wrong."""
        return [*self.lost, *self.twice, *self.disordered, *self.poison, *self.gaps]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the referee has read: all records of our own streams, the tray, and the ledger's unknown outcomes."""

    heard: list[Heard]
    mails: list[Mapping[str, Any]]
    unknown: set[str]


def read_all(kafka_url: str) -> list[Heard]:
    """Everything that was ever said on our own streams, committed transactions only."""
    settings = {"bootstrap.servers": kafka_url, "group.id": "referee", "isolation.level": "read_committed"}
    consumer = Consumer({**settings, "enable.auto.commit": False, "enable.partition.eof": True})
    topics = [name for name in consumer.list_topics(timeout=30).topics if name.endswith(".v1")]
    own = [name for name in topics if not name.startswith("inbox.")]
    places = [TopicPartition(name, number, OFFSET_BEGINNING) for name in own for number in range(PARTITIONS)]
    consumer.assign(places)
    heard: list[Heard] = []
    ended = 0
    while ended < len(places):
        for record in consumer.consume(1000, timeout=1):
            ended += _is_end(record)
            heard += _events(record)
    consumer.close()
    return heard


def _is_end(record: Any) -> bool:
    error = record.error()
    if error is not None and error.code() != KafkaError._PARTITION_EOF:
        raise ConnectionError(f"Kafka: {error.str()}")
    return error is not None


def _events(record: Any) -> list[Heard]:
    """The event of a record; a heartbeat says nothing."""
    if record.error() is not None or record.key() == HEARTBEAT:
        return []
    headers = {name: value.decode() for name, value in record.headers() or []}
    data = json.loads(record.value() or b"{}")
    epoch, sequence = int(headers["ce_epoch"]), int(headers["ce_sequence"])
    return [Heard(record.topic(), headers["ce_type"], headers["ce_subject"], epoch, sequence, data)]


def judge(evidence: Evidence, expected: Expected) -> Verdict:
    """Compare what is there with what must be."""
    verdict = Verdict()
    by_type: dict[str, list[Heard]] = defaultdict(list)
    for one in _once(evidence.heard, verdict):
        by_type[one.short].append(one)
    verdict.counts.update({name: len(found) for name, found in by_type.items()})
    references = {one.subject: str(one.data["reference"]) for one in by_type["contact-registered"]}
    _same("contact", references.values(), expected.contacts, verdict)
    matters = [references.get(one.data["contact_id"], "?") for one in by_type["matter-assigned"]]
    _same("assigned matter", matters, expected.assigned, verdict)
    _order(evidence.heard, by_type, references, expected, verdict)
    _contracts(by_type, expected, verdict)
    _told_back(by_type["inbound-rejected"], expected, verdict)
    _parked(by_type, references, expected, verdict)
    _mails([mail for mail in evidence.mails if not is_alarm(mail)], evidence.unknown, expected, verdict)
    _alarms(by_type["contact-alarmed"], list(filter(is_alarm, evidence.mails)), evidence.unknown, verdict)
    return verdict


def _once(heard: Iterable[Heard], verdict: Verdict) -> list[Heard]:
    """Each event once. A relay may publish again after a kill: the same event, which listeners know."""
    found: dict[tuple[str, str, int, int], Heard] = {}
    for one in heard:
        name = (one.topic, one.subject, one.epoch, one.sequence)
        if name in found and found[name] != one:
            verdict.twice.append(f"two different events are {name}")
        verdict.counts["repeats on the wire"] += name in found
        found.setdefault(name, one)
    return list(found.values())


def _order(
    heard: Iterable[Heard],
    by_type: Mapping[str, list[Heard]],
    references: Mapping[str, str],
    expected: Expected,
    verdict: Verdict,
) -> None:
    """Each aggregate's events in its order, none left out but those that were removed on purpose."""
    last: dict[tuple[str, str], tuple[int, int]] = {}
    holes = []
    for one in heard:
        before = last.get((one.topic, one.subject), (one.epoch, 0))
        now = (one.epoch, one.sequence)
        if now <= before:
            continue
        if one.sequence != before[1] + 1 and one.topic not in COMPACTED:
            holes.append(one)
        last[one.topic, one.subject] = now
    removed = {references.get(one.data.get("contact_id", ""), "") for one in holes} & set(expected.holes)
    verdict.counts["events removed on purpose"] = len(removed)
    for one in holes:
        if references.get(one.data.get("contact_id", "")) not in removed:
            verdict.disordered.append(f"{one.topic} {one.subject}: {one.sequence} came too early")
    verdict.gaps += [f"{name}: nothing is missing on the topic" for name in set(expected.holes) - removed]


def _same(what: str, found: Iterable[str], expected: Iterable[str], verdict: Verdict) -> None:
    counts, wanted = Counter(found), set(expected)
    verdict.lost += [f"{what} {name}" for name in sorted(wanted - counts.keys())]
    verdict.twice += [f"{what} {name}: {count} times" for name, count in counts.items() if count > 1]
    verdict.twice += [f"{what} {name} was never published" for name in sorted(counts.keys() - wanted)]


def _contracts(by_type: Mapping[str, list[Heard]], expected: Expected, verdict: Verdict) -> None:
    """Every title of every contract, in the order they were told; and that it is time, once for each that is due."""
    titles: dict[str, list[str]] = defaultdict(list)
    names: dict[str, str] = {}
    for one in by_type["contract-registered"]:
        names[one.subject] = str(one.data["reference"])
        titles[names[one.subject]].append(str(one.data["title"]))
    told = [(name, title) for name, all_titles in titles.items() for title in all_titles]
    wanted = [(name, title) for name, all_titles in expected.contracts.items() for title in all_titles]
    _same("contract", map(str, told), map(str, wanted), verdict)
    for name, in_order in expected.contracts.items():
        if Counter(titles[name]) == Counter(in_order) and titles[name] != in_order:
            verdict.disordered.append(f"contract {name} is told in another order")
    due = [names.get(one.data["contract_id"], "?") for one in by_type["time-to-procure-reached"]]
    _same("time to procure", due, expected.due, verdict)


def _told_back(rejected: Iterable[Heard], expected: Expected, verdict: Verdict) -> None:
    found = Counter(one.data.get("id") if one.data.get("source") else None for one in rejected)
    for name in expected.rejected:
        if found[name] != 1:
            verdict.poison.append(f"{name} was told back {found[name]} times")
    others = sum(found.values()) - sum(found[name] for name in expected.rejected)
    if others != expected.nameless:
        verdict.poison.append(f"{others} were told back without a name, expected {expected.nameless}")
    if any(not one.data["reason_sv"] or not one.data["reason_en"] for one in rejected):
        verdict.poison.append("one was told back without a reason")


def _parked(
    by_type: Mapping[str, list[Heard]], references: Mapping[str, str], expected: Expected, verdict: Verdict
) -> None:
    """Each fault and each hole was told of once by each service that it concerns, and nothing else was."""
    contacts = {one.subject: references.get(one.data["contact_id"], "?") for one in by_type["matter-assigned"]}
    told: dict[str, list[str]] = {FAULT: [], GAP: []}
    for one in by_type["event-parked"]:
        reason, subject = str(one.data["reason"]), str(one.data.get("subject"))
        kind = next((kind for kind in told if reason.startswith(kind)), None)
        if kind is not None:
            told[kind].append(references.get(subject) or contacts.get(subject, subject))
        elif reason.startswith(WAITS):
            verdict.counts["alarms: waited for ten minutes"] += 1
        else:
            verdict.poison.append(f"{subject} was parked: {reason}")
    verdict.counts["gaps noticed"] = len(told[GAP])
    if sorted(told[FAULT]) != sorted(expected.faulty):
        verdict.poison.append(f"faults were told of {sorted(told[FAULT])}, expected {sorted(expected.faulty)}")
    noticed = sorted(expected.holes * HEAR_MATTERS)
    if sorted(told[GAP]) != noticed:
        verdict.gaps.append(f"gaps were noticed at {sorted(told[GAP])}, expected {noticed}")


def is_alarm(mail: Mapping[str, Any]) -> bool:
    """Whether a mail tells the coordinator of a contact that has waited too long."""
    return bool(mail["To"][0]["Address"] == f"{COORDINATOR}@kommun.example")


def _alarms(said: Iterable[Heard], mails: list[Mapping[str, Any]], unknown: set[str], verdict: Verdict) -> None:
    """Each alarm was said once of its contact and promise, and mailed once."""
    kinds = Counter((one.subject, one.data["kind"]) for one in said)
    verdict.twice += [
        f"alarm {kind} of {subject}: {count} times" for (subject, kind), count in kinds.items() if count > 1
    ]
    found = Counter(mail["MessageID"] for mail in mails)
    verdict.counts["alarms"] = len(found)
    verdict.twice += [f"alarm mail {name}" for name, count in found.items() if count > 1 and name not in unknown]
    if len(found) < kinds.total():
        verdict.lost.append(f"{kinds.total() - len(found)} mails to the coordinator")
    if len(found) > kinds.total():
        verdict.twice.append(f"{len(found) - kinds.total()} mails to the coordinator too many")


def _mails(mails: list[Mapping[str, Any]], unknown: set[str], expected: Expected, verdict: Verdict) -> None:
    """One Message-ID for each expected mail; in the tray twice only where the ledger says: outcome unknown."""
    found = Counter(mail["MessageID"] for mail in mails)
    again = {name: count for name, count in found.items() if count > 1}
    verdict.counts["mails"] = len(found)
    verdict.counts["mails handed over again, by the ledger of unknown outcome"] = sum(
        count - 1 for name, count in again.items() if name in unknown
    )
    verdict.twice += [f"mail {name}: {count} times" for name, count in again.items() if name not in unknown]
    address = {mail["MessageID"]: mail["To"][0]["Address"] for mail in mails}
    to = Counter(address.values())
    companies = [name.partition("@")[0] for name in to.elements() if name.endswith("@company.example")]
    _same("mail to", companies, expected.assigned, verdict)
    officers = sum(to.values()) - len(companies)
    wanted = len(expected.assigned) + len(expected.due)
    if officers < wanted:
        verdict.lost.append(f"{wanted - officers} mails to officers")
    if officers > wanted:
        verdict.twice.append(f"{officers - wanted} mails to officers too many")
