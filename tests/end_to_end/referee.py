"""The referee: reads only topics, the mail tray and HTTP, and compares with what was written down before."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from stack.demo_client import HEARTBEAT, Heard, _failed, _heard
from tests.end_to_end.expectations import Expected

SHORT = {
    "contact-registered": "contacts",
    "matter-assigned": "matters",
    "contract-registered": "contracts",
    "inbound-rejected": "rejected",
    "event-parked": "parked",
    "message-handed-over": "handed over",
}


def read_all(kafka_url: str) -> list[Heard]:
    """Everything that was ever said on our own streams, committed transactions only."""
    settings = {"bootstrap.servers": kafka_url, "group.id": "referee", "isolation.level": "read_committed"}
    consumer = Consumer({**settings, "enable.auto.commit": False, "enable.partition.eof": True})
    topics = [name for name in consumer.list_topics(timeout=10).topics if name.endswith(".v1")]
    places = [
        TopicPartition(name, partition, OFFSET_BEGINNING)
        for name in topics
        if not name.startswith("inbox.")
        for partition in range(12)
    ]
    consumer.assign(places)
    heard: list[Heard] = []
    ended = 0
    while ended < len(places):
        for record in consumer.consume(1000, timeout=1):
            if _failed(record):
                ended += 1
            elif record.key() != HEARTBEAT:
                heard.append(_heard(record))
    consumer.close()
    return heard


@dataclass(slots=True)
class Verdict:
    """What was found. All lists are empty when every promise was kept."""

    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    poison: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def clean(self) -> bool:
        """Whether nothing was lost, doubled, disordered or forgotten."""
        return not (self.lost or self.twice or self.disordered or self.poison)

    def __str__(self) -> str:
        rows = [f"lost {len(self.lost)}, twice {len(self.twice)}, disordered {len(self.disordered)}"]
        rows += [f"  {name}: {count}" for name, count in sorted(self.counts.items())]
        rows += [f"  ! {problem}" for problem in [*self.lost, *self.twice, *self.disordered, *self.poison][:20]]
        return "\n".join(rows)


def judge(heard: Iterable[Heard], mails: Iterable[Mapping[str, Any]], unknown: set[str], expected: Expected) -> Verdict:
    """Compare. `unknown`: Message-IDs whose ledger says that the outcome of a hand-over was unknown."""
    verdict = Verdict()
    once = _in_order(heard, verdict)
    by_type: dict[str, list[Heard]] = defaultdict(list)
    for one in once:
        by_type[one.type.split(".")[-2]].append(one)
    verdict.counts.update({SHORT.get(name, name): len(found) for name, found in by_type.items()})
    _same("contact", _named(by_type["contact-registered"], "reference"), expected.contacts, verdict)
    _same("contract", _named(by_type["contract-registered"], "reference"), expected.contracts, verdict)
    _matters(by_type, expected, verdict)
    _poison(by_type, expected, verdict)
    _mails(list(mails), unknown, expected, verdict)
    return verdict


def _in_order(heard: Iterable[Heard], verdict: Verdict) -> list[Heard]:
    """Each event once. The relay may publish an event again after a kill: the same sequence, which listeners know."""
    last: dict[tuple[str, str], int] = {}
    once = []
    for one in heard:
        before = last.get((one.topic, one.subject), 0)
        if one.sequence <= before:
            verdict.counts["repeats on the wire"] += 1
            continue
        if one.sequence != before + 1:
            verdict.disordered.append(f"{one.topic} {one.subject}: {one.sequence} after {before}")
        last[one.topic, one.subject] = one.sequence
        once.append(one)
    return once


def _named(events: Iterable[Heard], member: str) -> Counter[str]:
    return Counter(str(one.data.get(member)) for one in events)


def _same(what: str, found: Counter[str], expected: set[str], verdict: Verdict) -> None:
    verdict.lost += [f"{what} {name}" for name in sorted(expected - found.keys())]
    verdict.twice += [f"{what} {name}: {count}" for name, count in found.items() if count > 1]
    verdict.twice += [f"{what} {name} was never published" for name in found.keys() - expected]


def _matters(by_type: Mapping[str, list[Heard]], expected: Expected, verdict: Verdict) -> None:
    references = {one.data["contact_id"]: str(one.data["reference"]) for one in by_type["contact-registered"]}
    found = Counter(references.get(one.data["contact_id"], "?") for one in by_type["matter-assigned"])
    _same("assigned matter", found, expected.contacts - expected.broken_in_routing, verdict)


def _poison(by_type: Mapping[str, list[Heard]], expected: Expected, verdict: Verdict) -> None:
    rejected = Counter((one.data.get("source"), one.data.get("id")) for one in by_type["inbound-rejected"])
    for identity in expected.rejected:
        if rejected[identity] != 1:
            verdict.poison.append(f"{identity} was told back {rejected[identity]} times")
    nameless = sum(count for (source, event_id), count in rejected.items() if not (source and event_id))
    if nameless != expected.rejected_without_identity:
        verdict.poison.append(f"{nameless} without identity, expected {expected.rejected_without_identity}")
    if any(not one.data["reason_sv"] or not one.data["reason_en"] for one in by_type["inbound-rejected"]):
        verdict.poison.append("a rejection has no reason")
    parked = len(by_type["event-parked"])
    if parked != len(expected.broken_in_routing):
        verdict.poison.append(f"{parked} parked, expected {len(expected.broken_in_routing)}")


def _mails(mails: list[Mapping[str, Any]], unknown: set[str], expected: Expected, verdict: Verdict) -> None:
    found = Counter(mail["MessageID"].strip("<>") for mail in mails)
    verdict.counts["mails"] = len(found)
    verdict.counts["mails handed over again, outcome unknown by the ledger"] = sum(
        count - 1 for name, count in found.items() if count > 1 and name in unknown
    )
    verdict.twice += [f"mail {name}" for name, count in found.items() if count > 1 and name not in unknown]
    if len(found) < expected.mails:
        verdict.lost.append(f"{expected.mails - len(found)} mails")
    if len(found) > expected.mails:
        verdict.twice.append(f"{len(found) - expected.mails} mails too many")
