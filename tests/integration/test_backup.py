"""Dump and restore on a real MongoDB and a real Kafka: refusals, interruptions, epochs, and what is listed as lost."""

import io
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from bson import Binary, Decimal128, Int64, ObjectId
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from shared.contracts.catalogue import samples_of
from shared.contracts.event import Event
from shared.contracts.intake_contacts import ContactRegistered
from shared.contracts.intake_parties import PartyDeclared, PartyErased
from shared.contracts.streams import INTAKE_PARTIES, Stream
from shared.platform.archive import checked
from shared.platform.clock import SystemClock
from shared.platform.database import Document
from shared.platform.dump import dump
from shared.platform.errors import BackupRefused, WrongSetting
from shared.platform.kafka import KafkaAccess
from shared.platform.leases import LEASES
from shared.platform.lost import Report, latest
from shared.platform.mongo import connect, connect_to_copy
from shared.platform.mongo_copy import DUMP_SECONDS, WINDOW, Copying
from shared.platform.outbox import Cause, Voice, entry, headers_of, published
from shared.platform.own_words import own_streams
from shared.platform.positions import POSITIONS
from shared.platform.restore import Wish, restore
from shared.platform.restores import RESTORES, epoch_of
from shared.platform.setup import create_topics
from shared.platform.work import KEPT
from stack.kafka import Kafka
from stack.mongo import Mongo
from tests.conftest import fresh_name
from tests.platform.counting_service import Counting, KeptWalks, stepped

pytestmark = pytest.mark.servers

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)


class Town:
    """A service's database on real servers, and what a backup makes of it."""

    def __init__(self, mongo: Mongo, kafka: Kafka, service: str) -> None:
        self.mongo, self.kafka, self.service, self.name = mongo, kafka, service, fresh_name()
        self.copying = connect_to_copy(mongo.url, self.name)
        self.client: MongoClient[Document] = MongoClient(mongo.url, tz_aware=True)
        self.rows = self.client[self.name]

    def dump(self) -> io.BytesIO:
        stream = io.BytesIO()
        dump(self.copying, stream, self.service, "0.1.0", AT)
        return stream

    async def restore(self, backup: io.BytesIO, target: Copying | None = None, **wish: Any) -> Report:
        access = KafkaAccess(self.kafka.url)
        return await restore(backup, target or self.copying, access, SystemClock(), Wish(self.service, **wish))

    def content(self) -> dict[str, list[Document]]:
        """Everything but what a restore itself keeps and changes."""
        ours = (RESTORES.name, LEASES.name, POSITIONS.name)
        names = sorted(set(self.rows.list_collection_names()) - set(ours))
        return {name: list(self.rows[name].find(sort=[("_id", 1)])) for name in names}

    async def epoch(self) -> int:
        database = connect(self.mongo.url, self.name)
        try:
            return await epoch_of(database)
        finally:
            await database.close()

    def close(self) -> None:
        self.client.drop_database(self.name)
        self.client.close()
        self.copying.close()


@pytest.fixture
async def counting(mongo_server: Mongo, kafka_server: Kafka) -> AsyncIterator[Town]:
    """A made-up service that has heard a few events: no topic in the catalogue is its own."""
    town = Town(mongo_server, kafka_server, "counting")
    database = connect(mongo_server.url, town.name)
    await database.prepare([*KEPT, KeptWalks.layout()])
    service = Counting(database)
    await service.hear(*(stepped(f"1460-{walker}", number) for walker in "abc" for number in (1, 2, 3)))
    await database.close()
    yield town
    town.close()


@pytest.fixture
async def intake(mongo_server: Mongo, kafka_server: Kafka) -> AsyncIterator[Town]:
    """intake's database, on which nothing was done yet, and its topics."""
    await create_topics(kafka_server.url, own_streams("intake"))
    town = Town(mongo_server, kafka_server, "intake")
    database = connect(mongo_server.url, town.name)
    await database.prepare(KEPT)
    await database.close()
    yield town
    town.close()


def contact(subject: str) -> ContactRegistered:
    sample = json.loads(samples_of(ContactRegistered)[0].read_text(encoding="utf-8"))
    return ContactRegistered.model_validate_json(json.dumps({**sample, "contact_id": subject}))


def declared(subject: str) -> PartyDeclared:
    return PartyDeclared(
        municipality="1460", party_id=subject, name="Glass AB", e_mail="glass@company.example", language="sv"
    )


class Speaker:
    """What an intake says of its aggregates: into its database's journal, and on its topics."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._chain: dict[str, bytes] = {}
        self.producer = AIOKafkaProducer(bootstrap_servers=town.kafka.url)

    async def say(self, event: Event, sequence: int, epoch: int = 1, *, kept: bool = True) -> None:
        voice = Voice("intake", epoch, AT)
        said = published(event, event.stream, sequence, voice, Cause(), municipality="1460")
        if kept:
            row = entry(said, self._chain.get(event.subject, b""), AT, personal=event.stream.personal)
            self._chain[event.subject] = row["link"]
            self._town.rows["journal"].insert_one(row)
        await self.publish(said)

    async def publish(self, said: Document) -> None:
        headers, key = headers_of(said), said["p"].encode()
        await self.producer.send_and_wait(said["t"], said["b"], key=key, headers=headers, partition=3)


async def test_what_is_restored_is_what_was_dumped_with_its_indexes(counting: Town) -> None:
    odd = {
        "_id": {"k": "a|b.c", "s": Int64(2**53)},
        "bytes": Binary(b"\x00" * 5_000),
        "uuid": Binary(b"u" * 16, 4),
        "amount": Decimal128("12.50"),
        "at": AT,
        "nothing": None,
        "id": ObjectId(b"a" * 12),
        "": [1, 1.5, {"$set": "å"}, []],
    }
    counting.rows["odd"].insert_one(odd)
    counting.rows["none"].insert_one({"_id": 1})
    counting.rows["none"].delete_one({"_id": 1})
    before, layouts, backup = counting.content(), counting.copying.layouts(), counting.dump()
    manifest = checked(backup)
    assert {part.collection: part.documents for part in manifest.parts if part.collection in before} == {
        name: len(rows) for name, rows in before.items()
    }
    counting.rows["walks"].delete_many({})
    counting.rows["later"].insert_one({"_id": 1})
    await counting.restore(backup, replace=True)
    assert counting.content() == before
    assert [one for one in counting.copying.layouts() if one.name not in (LEASES.name, RESTORES.name)] == [
        one for one in layouts if one.name not in (LEASES.name, RESTORES.name)
    ]
    assert [one.clustered for one in counting.copying.layouts() if one.name in ("outbox", "journal")] == [True, True]


async def test_a_database_that_is_not_empty_is_not_touched_without_replace(counting: Town) -> None:
    backup, before = counting.dump(), counting.content()
    with pytest.raises(BackupRefused, match="is not empty"):
        await counting.restore(backup)
    assert counting.content() == before
    assert await counting.epoch() == 1


async def test_a_service_that_runs_is_not_restored_under_its_feet(counting: Town) -> None:
    backup = counting.dump()
    lease = {"_id": "timers", "holder": "a", "until": datetime.now(UTC) + timedelta(seconds=1)}
    counting.rows[LEASES.name].insert_one(lease)
    renewed = {"$set": {"until": datetime.now(UTC) + timedelta(hours=1)}}
    waited: list[float] = []

    async def renew(seconds: float) -> None:
        waited.append(seconds)
        counting.rows[LEASES.name].update_one({"_id": "timers"}, renewed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shared.platform.restore.asyncio.sleep", renew)
        with pytest.raises(BackupRefused, match="seems to run \\(it holds timers\\)"):
            await counting.restore(backup, replace=True)
    assert len(waited) == 1
    await counting.restore(backup, replace=True, force=True)
    assert counting.rows[LEASES.name].count_documents({}) == 0


async def test_the_lease_of_a_killed_instance_is_waited_for(counting: Town) -> None:
    backup = counting.dump()
    lease = {"_id": "timers", "holder": "a", "until": datetime.now(UTC) + timedelta(seconds=1)}
    counting.rows[LEASES.name].insert_one(lease)
    assert (await counting.restore(backup, replace=True)).epoch == 2


async def test_a_backup_of_another_service_or_a_damaged_one_touches_nothing(counting: Town) -> None:
    backup, before = counting.dump(), counting.content()
    damaged = io.BytesIO(backup.getvalue()[:-40])
    with pytest.raises(BackupRefused, match="not a whole backup"):
        await counting.restore(damaged, replace=True)
    counting.service = "walking"
    with pytest.raises(BackupRefused, match="is of counting, not of walking"):
        await counting.restore(backup, replace=True)
    assert counting.content() == before
    assert await counting.epoch() == 1


async def test_the_same_backup_restored_again_raises_the_epoch_again(counting: Town) -> None:
    backup = counting.dump()
    assert [(await counting.restore(backup, replace=True)).epoch for _ in range(3)] == [2, 3, 4]
    assert await counting.epoch() == 4
    assert checked(counting.dump()).epoch == 4


async def test_no_consumer_of_another_time_can_write_after_a_restore(counting: Town) -> None:
    backup = counting.dump()
    counting.rows[POSITIONS.name].update_many({}, {"$set": {"token": 41}})
    await counting.restore(backup, replace=True)
    tokens = [row["token"] for row in counting.rows[POSITIONS.name].find()]
    assert tokens
    assert min(tokens) > 41
    assert not any("session" in row for row in counting.rows[POSITIONS.name].find())


class Killed(BaseException):
    """The process is gone."""


class Fragile:
    """A database whose user is killed at the n-th call that changes something."""

    def __init__(self, sound: Copying, calls: int) -> None:
        self._sound, self._left = sound, calls

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._sound, name)
        return self._counted(found) if name in ("create", "index", "insert", "update", "delete", "drop") else found

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*words: Any, **named: Any) -> Any:
            if self._left == 0:
                raise Killed
            self._left -= 1
            return call(*words, **named)

        return counted


async def test_killed_at_any_step_it_is_as_before_or_says_so_and_the_same_again_completes_it(counting: Town) -> None:
    for name in set(counting.rows.list_collection_names()) - {"positions", "lanes", "walks", "journal"}:
        counting.rows.drop_collection(name)
    backup, restored = counting.dump(), counting.content()
    counting.rows["walks"].delete_many({})
    before, epochs, calls = counting.content(), [1], 0
    while await _is_killed(counting, backup, calls):
        if await _half_restored(counting):
            with pytest.raises(BackupRefused, match="half restored"):
                counting.dump()
            await counting.restore(backup)  # not even --replace is asked for
            before = restored
        epochs.append(await counting.epoch())
        assert counting.content() == (before if epochs[-1] == epochs[-2] else restored)
        calls += 1
    assert calls > 12
    assert epochs == sorted(epochs)
    assert epochs[-1] >= calls
    assert counting.content() == restored


async def _half_restored(counting: Town) -> bool:
    try:
        await counting.epoch()
    except WrongSetting as wrong:
        return "half restored" in str(wrong)
    return False


async def _is_killed(counting: Town, backup: io.BytesIO, calls: int) -> bool:
    fragile: Any = Fragile(counting.copying, calls)
    try:
        await counting.restore(backup, fragile, replace=True)
    except Killed:
        return True
    return False


async def test_a_dump_that_takes_longer_than_old_moments_are_kept_is_given_up(counting: Town) -> None:
    with counting.copying.moment() as moment:
        counting.client.admin.command({"setParameter": 1, WINDOW: 0})
        with pytest.raises(BackupRefused, match=WINDOW):
            _read_until_refused(counting, moment.size)


async def test_a_dump_has_the_server_keep_moments_for_longer_while_it_lasts(counting: Town) -> None:
    def kept_for() -> int:
        return int(counting.client.admin.command({"getParameter": 1, WINDOW: 1})[WINDOW])

    before = kept_for()
    assert before < DUMP_SECONDS
    with counting.copying.moment() as moment:
        assert kept_for() == DUMP_SECONDS
        assert moment.find("walks")
    assert kept_for() == before


async def test_what_the_operator_has_set_stands(counting: Town) -> None:
    """More than a dump needs is left alone; and a server with users lets no service ask for more."""
    asked: list[Document] = []

    class Admin:
        def command(self, command: Document) -> Document:
            asked.append(command)
            if answer is None:
                raise OperationFailure("not authorized", 13)
            return {WINDOW: answer}

    class Client:
        admin = Admin()
        start_session = counting.client.start_session

        def __getitem__(self, name: str) -> object:
            return counting.client[name]

    for answer in (DUMP_SECONDS, 3_600, None):  # noqa: B007 - the answers of the class above
        with Copying(Client(), counting.name).moment() as moment:
            assert moment.find("walks")
    assert asked == [{"getParameter": 1, WINDOW: 1}] * 3


def _read_until_refused(counting: Town, size: Callable[[str], object]) -> None:
    for number in range(20_000):
        counting.rows["other"].insert_one({"_id": number})
        size("walks")
    raise AssertionError("the old moment was kept all the time")


def test_an_empty_database_is_not_dumped(mongo_server: Mongo, kafka_server: Kafka) -> None:
    town = Town(mongo_server, kafka_server, "intake")
    with pytest.raises(BackupRefused, match="is empty"):
        town.dump()
    town.close()


async def test_what_was_said_and_is_not_in_the_backup_is_listed_once_and_nothing_else(intake: Town) -> None:
    a, b, party = (f"1460-{kind}-{fresh_name()}" for kind in ("c", "c", "p"))
    speaker = Speaker(intake)
    await speaker.producer.start()
    try:
        await speaker.say(contact(a), 1)
        await speaker.say(contact(a), 2)
        await speaker.say(declared(party), 1)
        await intake.restore(intake.dump(), replace=True)
        backup = intake.dump()
        taken = checked(backup).epoch
        await speaker.say(contact(a), 3, epoch=taken, kept=False)
        await speaker.say(contact(a), 3, epoch=taken, kept=False)  # as the relay may publish again after a kill
        await speaker.say(contact(b), 1, epoch=taken, kept=False)
        await speaker.say(contact(a), 2, epoch=taken, kept=False)  # the same place, said otherwise than in the journal
        await speaker.say(PartyErased(municipality="1460", party_id=party), 2, epoch=taken, kept=False)
        await speaker.say(contact(b), 1, epoch=taken + 5, kept=False)
        await speaker.producer.send_and_wait("intake.parties.v1", b"", key=b"heartbeat", partition=3)
        report = await intake.restore(backup, replace=True)
    finally:
        await speaker.producer.stop()
    lost = [row for row in latest(intake.copying) if row["subject"] in (a, b, party)]
    assert {(row["subject"], row["sequence"], row["epoch"], row["erased"]) for row in lost} == {
        (a, 3, taken, False),
        (a, 2, taken, False),
        (b, 1, taken, False),
        (party, 2, taken, True),
        (b, 1, taken + 5, False),
    }
    assert len(lost) == 5
    assert report.epoch == taken + 6
    assert await intake.epoch() == taken + 6


async def test_positions_that_do_not_fit_what_kafka_keeps_are_told_and_begin_anew(intake: Town) -> None:
    topic = f"inbox.{fresh_name()}.v1"
    await create_topics(intake.kafka.url, [Stream(topic, "inbox")])
    intake.rows[POSITIONS.name].insert_many(
        [
            {"_id": f"intake|{topic}|0", "token": 1, "next": 7},
            {"_id": f"intake|{topic}|1", "token": 1, "next": 0},
            {"_id": "intake|inbox.gone.v1|0", "token": 1, "next": 7},
        ]
    )
    report = await intake.restore(intake.dump(), replace=True)
    assert (report.ahead, report.missed, report.gone) == ([(topic, 0, 7, 0)], [], ["inbox.gone.v1"])
    stands = {row["_id"]: row.get("next") for row in intake.rows[POSITIONS.name].find()}
    assert stands == {f"intake|{topic}|0": None, f"intake|{topic}|1": 0, "intake|inbox.gone.v1|0": 7}


async def test_who_is_not_declared_any_more_is_listed_for_another_erasure(intake: Town) -> None:
    known, gone = (f"1460-p-{fresh_name()}" for _ in range(2))
    speaker = Speaker(intake)
    await speaker.producer.start()
    try:
        await speaker.say(declared(known), 1)
    finally:
        await speaker.producer.stop()
    listener = Town(intake.mongo, intake.kafka, "notify")
    await create_topics(intake.kafka.url, own_streams("notify"))
    parties = INTAKE_PARTIES.topic
    listener.rows[POSITIONS.name].insert_one({"_id": f"notify|{parties}|3", "token": 1, "next": 1})
    listener.rows["lanes"].insert_many({"_id": f"notify|{parties}|{one}", "s": 1} for one in (known, gone))
    try:
        report = await listener.restore(listener.dump(), replace=True)
    finally:
        listener.close()
    assert report.forgotten == [(parties, gone)]


async def test_without_kafka_nothing_is_touched(counting: Town, kafka: Kafka) -> None:
    backup, before = counting.dump(), counting.content()
    kafka.stop()
    with pytest.raises(BackupRefused, match="Kafka does not answer"):
        await counting.restore(backup, replace=True)
    assert counting.content() == before
    assert await counting.epoch() == 1
