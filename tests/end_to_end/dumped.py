"""A dump and the topics, read with none of our own code: what the drill's referee knows."""

import gzip
import json
import tarfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bson
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

PARTITIONS = 12


@dataclass(frozen=True, slots=True)
class Said:
    """One record of a service on one of its topics."""

    topic: str
    partition: int
    offset: int
    type: str
    subject: str
    epoch: int
    sequence: int
    id: str
    data: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The short name of its type."""
        return self.type.split(".")[-2]


class Dumped:
    """What a backup holds, by collection."""

    def __init__(self, path: Path) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {}
        with tarfile.open(fileobj=gzip.open(path), mode="r|") as tar:
            for member in tar:
                file = tar.extractfile(member)
                assert file is not None
                content = file.read()
                if member.name == "manifest.json":
                    self.manifest = json.loads(content)
                else:
                    collection = member.name.split("/")[1].removesuffix(".bson")
                    self.rows[collection] = bson.decode_all(content)

    def stands(self, topic: str) -> dict[int, int]:
        """Partition -> the offset of the next record that the service would have acted on."""
        rows = [(row["_id"].split("|"), row.get("next")) for row in self.rows["positions"]]
        return {int(part): following for (_, name, part), following in rows if name == topic and following is not None}

    def heard(self, topic: str) -> set[str]:
        """The subjects of a topic of which anything was heard."""
        lanes = [(row["_id"].split("|", 2), row["s"]) for row in self.rows["lanes"]]
        return {subject for (_, name, subject), sequence in lanes if name == topic and sequence > 0}

    def said(self) -> set[tuple[str, str, int]]:
        """(topic, subject, sequence) of all that the journal holds."""
        keys = [(row["_id"]["k"].split("|", 1), row["_id"]["s"]) for row in self.rows["journal"]]
        return {(topic, subject, sequence) for (topic, subject), sequence in keys}


def read_topics(kafka_url: str, beginnings: Sequence[str]) -> list[Said]:
    """Everything that was ever said on the topics whose names begin so, committed transactions only."""
    told = {"bootstrap.servers": kafka_url, "group.id": "drill", "isolation.level": "read_committed"}
    consumer = Consumer({**told, "enable.auto.commit": False, "enable.partition.eof": True})
    topics = [name for name in consumer.list_topics(timeout=10).topics if name.startswith(tuple(beginnings))]
    consumer.assign([TopicPartition(name, part, OFFSET_BEGINNING) for name in topics for part in range(PARTITIONS)])
    said, ended = [], 0
    while ended < len(topics) * PARTITIONS:
        for record in consumer.consume(1000, timeout=1):
            error = record.error()
            assert error is None or error.code() == KafkaError._PARTITION_EOF, error
            if error is not None:
                ended += 1
            elif record.key() != b"heartbeat":
                said.append(_said(record))
    consumer.close()
    return said


def _said(record: Any) -> Said:
    headers = {name: value.decode() for name, value in record.headers()}
    return Said(
        record.topic(),
        record.partition(),
        record.offset(),
        headers["ce_type"],
        headers["ce_subject"],
        int(headers["ce_epoch"]),
        int(headers["ce_sequence"]),
        headers["ce_id"],
        json.loads(record.value()) if record.value() else {},
    )


def faults_of_the_moment(dump: Dumped, contacts: Sequence[Said]) -> list[str]:
    """What speaks against a dump of routing being of one moment: each rule compares collections that one batch writes.

    `contacts`: all of intake.contacts.v1, also what came after the dump.
    """
    faults = []
    stands = dump.stands("intake.contacts.v1")
    before = {one.subject for one in contacts if one.offset < stands.get(one.partition, 0)}
    if before != dump.heard("intake.contacts.v1"):
        faults.append("the positions and what was heard are of different moments")
    matters = dump.rows["matters"]
    if before != {matter["contact_id"] for matter in matters}:
        faults.append("what was heard and the matters are of different moments")
    given = sum(matter["state"] == "assigned" for matter in matters)
    if given != sum(officer["open_matters"] for officer in dump.rows["officers"]):
        faults.append("matters and officers are of different moments")
    counted: dict[tuple[str, str], set[int]] = defaultdict(set)
    for topic, subject, sequence in dump.said():
        counted[topic, subject].add(sequence)
    said = {
        (topic, row["_id"]): set(range(1, last + 1))
        for kind in ("matters", "officers")
        for row in dump.rows[kind]
        for topic, last in row["_said"].items()
    }
    if said != counted:
        faults.append("the state and the journal are of different moments")
    waiting = {(*row["_id"]["k"].split("|", 1), row["_id"]["s"]) for row in dump.rows["outbox"]}
    if not waiting <= dump.said():
        faults.append("the outbox and the journal are of different moments")
    return faults
