"""A restore: a service's database as it was when the backup was taken, and what others have heard since then listed.

Step by step: check all of the backup; ask that nobody works on the database; write down that a restore has begun, which
keeps the service from starting; put everything back; read the service's own topics; raise the epoch; write down that it
is finished. Killed anywhere in between, the same command begins again from the start.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any

import bson

from shared.platform.archive import Manifest, as_index, checked, replayed
from shared.platform.clock import Clock
from shared.platform.errors import BackupRefused
from shared.platform.forgotten import COMPACTED, forgotten
from shared.platform.kafka import KafkaAccess
from shared.platform.leases import LEASES
from shared.platform.lost import LOST, Report, row_of
from shared.platform.mongo_copy import Copying, Layout
from shared.platform.own_words import OwnWords, own_streams
from shared.platform.positions import POSITIONS
from shared.platform.restores import FIRST, RESTORES
from shared.platform.topics import Topics, shut_out_relays, topics
from shared.platform.understand import Record

DOCUMENTS_AT_ONCE, BYTES_AT_ONCE = 1_000, 8_000_000
NOT_PUT_BACK = (RESTORES.name, LEASES.name)
"""How often it was restored, and who worked on it then."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator has asked for: `replace` what is there, and `force` although somebody seems to work on it."""

    service: str
    replace: bool = False
    force: bool = False


async def restore(stream: IO[bytes], target: Copying, kafka: KafkaAccess, wall: Clock, wish: Wish) -> Report:
    """Restore; BackupRefused, before anything was touched, when it cannot or must not be done.

    The calls to MongoDB wait where they stand: nothing else runs in this process.
    """
    manifest = checked(stream)
    if manifest.service != wish.service:
        raise BackupRefused(f"The backup is of {manifest.service}, not of {wish.service}.")
    names = [one.topic for one in own_streams(wish.service)]
    async with topics(kafka) as look:
        if missing := await look.missing(names):
            raise BackupRefused(f"Kafka has no topic {missing[0]}: run the set-up first.")
        await _refuse_unless_free(target, wall, wish)
        await shut_out_relays(kafka, wish.service)
        begun = _begin(target, manifest, wall.now())
        _put_back(stream, target, manifest)
        _settle_positions(target, begun.token)
        return await _finish(target, look, manifest, begun, names)


async def _refuse_unless_free(target: Copying, wall: Clock, wish: Wish) -> None:
    if not target.hello().get("isWritablePrimary"):
        raise BackupRefused("MongoDB has no primary now: try again.")
    if not wish.force:
        await _refuse_when_running(target, wall)
    half = any(row["unfinished"] for row in target.find(RESTORES.name, {}))
    if not (wish.replace or half) and any(_holds(target, layout) for layout in target.layouts()):
        raise BackupRefused(f"The database {target.name} is not empty: say --replace to lose what is in it.")


def _holds(target: Copying, layout: Layout) -> bool:
    return layout.name not in NOT_PUT_BACK and target.any(layout.name)


async def _refuse_when_running(target: Copying, wall: Clock) -> None:
    """A lease that is in force may be that of a killed instance: wait until it has run out, and look whether it did."""
    held = target.find(LEASES.name, {"until": {"$gt": wall.now()}})
    if held:
        await asyncio.sleep(max((row["until"] - wall.now()).total_seconds() for row in held) + 0.1)
        held = target.find(LEASES.name, {"until": {"$gt": wall.now()}})
    if held:
        names = ", ".join(sorted(row["_id"] for row in held))
        raise BackupRefused(f"The service seems to run (it holds {names}): stop all its instances first.")


@dataclass(frozen=True, slots=True)
class Begun:
    """A restore under way: the epoch that its row has, and a token greater than any that a consumer may hold."""

    epoch: int
    token: int


def _begin(target: Copying, manifest: Manifest, at: datetime) -> Begun:
    """The row first: from now on the service does not start before the restore is finished."""
    before = target.find(RESTORES.name, {})
    positions = target.find(POSITIONS.name, {})
    epoch = 1 + max([FIRST, manifest.epoch, *(row["_id"] for row in before)])
    token = 1 + max([0, *(row.get("token", 0) for row in before), *(row["token"] for row in positions)])
    row = {
        "unfinished": True,
        "token": token,
        "at": at,
        "taken_at": manifest.taken_at,
        "from_epoch": manifest.epoch,
        "release": manifest.release,
    }
    target.update(RESTORES.name, {"_id": epoch}, {"$set": row}, upsert=True)
    target.delete(RESTORES.name, {"unfinished": True, "_id": {"$ne": epoch}})
    target.end_sessions([bytes(row["session"]) for row in positions if row.get("session")])
    return Begun(epoch, token)


def _put_back(stream: IO[bytes], target: Copying, manifest: Manifest) -> None:
    for layout in target.layouts():
        if layout.name != RESTORES.name:
            target.drop(layout.name)
    parts = [one for one in manifest.parts if one.collection not in NOT_PUT_BACK]
    layouts = [Layout(one.collection, one.clustered, tuple(as_index(text) for text in one.indexes)) for one in parts]
    for layout in layouts:
        target.create(layout)
    basket = _Basket(target.insert)
    replayed(stream, basket.add)
    basket.empty()
    for layout in layouts:
        target.index(layout)


@dataclass(slots=True)
class _Basket:
    """Documents of one collection on their way in, some thousands at a time."""

    insert: Callable[[str, list[bytes]], None]
    collection: str = ""
    documents: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, collection: str, document: bytes) -> None:
        full = len(self.documents) >= DOCUMENTS_AT_ONCE or self.size >= BYTES_AT_ONCE
        if collection != self.collection or full:
            self.empty()
        if collection not in NOT_PUT_BACK:
            self.collection, self.size = collection, self.size + len(document)
            self.documents.append(document)

    def empty(self) -> None:
        if self.documents:
            self.insert(self.collection, self.documents)
        self.documents, self.size = [], 0


def _settle_positions(target: Copying, token: int) -> None:
    """Above every token there and here, so that no consumer of another time can write; their sessions are gone."""
    greatest = max([token, *(row["token"] + 1 for row in target.find(POSITIONS.name, {}))])
    target.update(POSITIONS.name, {}, {"$set": {"token": greatest}, "$unset": {"session": ""}})


async def _finish(target: Copying, look: Topics, manifest: Manifest, begun: Begun, names: list[str]) -> Report:
    words, report = OwnWords(target, manifest.epoch), Report()

    def take(records: list[Record]) -> None:
        rows = [row_of(one) for one in words.lost(records)]
        if rows:
            target.insert(LOST.name, [bson.encode(row) for row in rows])
        report.lost += len(rows)

    await look.read(names, take)
    heard = await _compare_positions(target, look, report)
    report.forgotten = await forgotten(target, look, manifest.service, heard.difference(names, report.gone))
    report.epoch = max(begun.epoch, words.greatest + 1)
    _finished(target, begun, report)
    return report


def _finished(target: Copying, begun: Begun, report: Report) -> None:
    """The epoch's own row, then the mark is taken away: in this order, so that neither can be missing."""
    row = target.find(RESTORES.name, {"_id": begun.epoch})[0]
    done: dict[str, Any] = {name: value for name, value in row.items() if name not in ("_id", "unfinished")}
    done |= {"lost": report.lost, "unfinished": False}
    target.update(RESTORES.name, {"_id": report.epoch}, {"$set": done}, upsert=True)
    target.delete(RESTORES.name, {"unfinished": True})


async def _compare_positions(target: Copying, look: Topics, report: Report) -> set[str]:
    """Where the restored positions lie in what Kafka keeps; one beyond its end begins anew, and knows repeats.

    Returns the topics that were heard.
    """
    stands = {_place(row["_id"]): row for row in target.find(POSITIONS.name, {}) if row.get("next") is not None}
    report.gone = await look.missing({topic for topic, _ in stands})
    kept = await look.kept([place for place in stands if place[0] not in report.gone])
    for place, there in kept.items():
        row = stands[place]
        if row["next"] > there.end:
            report.ahead.append((*place, row["next"], there.end))
            target.update(POSITIONS.name, {"_id": row["_id"]}, {"$unset": {"next": ""}})
        elif row["next"] < there.first and place[0] not in COMPACTED:
            report.missed.append((*place, there.first - row["next"]))
    return {topic for topic, _ in stands}


def _place(position: str) -> tuple[str, int]:
    _, topic, partition = position.split("|")
    return topic, int(partition)
