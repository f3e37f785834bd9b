"""The relay beside a bare one: how fast each empties a filled outbox, in turn."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median

from bench.bare_relay import bare_relay
from bench.case import BEGAN, MUNICIPALITY, calls, noted, taken_in
from bench.load import create_topics, delete_topics
from bench.ours import SERVICE, parts
from bench.outbox_watch import OUTBOX_WATCH
from bench.records import Reader, headers_of
from bench.report import Bar
from bench.round import CASES, PARTITIONS, until
from shared.contracts.streams import Stream
from shared.platform.clock import SystemClock
from shared.platform.database import Document
from shared.platform.hearing import Hearing
from shared.platform.leases import Lease
from shared.platform.mongo import MongoDatabase, connect
from shared.platform.outbox import OUTBOX, Cause, Voice, published
from shared.platform.relay import Relay
from shared.platform.service import hearing_for
from shared.platform.settings import PlatformSettings
from shared.platform.work import KEPT
from stack.testing import Servers

OF_BARE = 0.9
AT_ONCE = 5_000
LONGER = 3


@dataclass(frozen=True, slots=True)
class Outbox:
    """A filled outbox: where it is, on which topic it will be said, and how much of it."""

    servers: Servers
    name: str
    topic: str
    count: int


Publishing = Callable[[Outbox, asyncio.Event], Coroutine[None, None, None]]
"""Publishes what stands in the outbox until cancelled; the event is set when something was said."""


async def ours(box: Outbox, news: asyncio.Event) -> None:
    """The platform's relay, as a service runs it."""
    database = connect(box.servers.mongo_url, box.name)
    try:
        await our_relay(hearing_on(box.servers, database, news), box.servers.kafka_url).run()
    finally:
        await database.close()


async def bare(box: Outbox, news: asyncio.Event) -> None:
    """The bare one."""
    await bare_relay(box.servers.kafka_url, box.servers.mongo_url, box.name, news)


RELAYS: Mapping[str, Publishing] = {"bare": bare, "ours": ours}


def hearing_on(servers: Servers, database: MongoDatabase, news: asyncio.Event) -> Hearing:
    """The bench's own service on a database."""
    settings = PlatformSettings(environment="development", kafka_url=servers.kafka_url, mongo_url=servers.mongo_url)
    hearing = hearing_for(parts("bench.unheard.v1"), settings, database, SystemClock(), SystemClock())
    hearing.news = news
    return hearing


def our_relay(hearing: Hearing, kafka_url: str) -> Relay:
    """The relay with its lease."""
    return Relay(hearing, kafka_url, Lease(hearing.database, "relay", SERVICE, hearing.wall, hearing.metrics))


async def race_of_relays(servers: Servers, rounds: int, count: int) -> list[Bar]:
    """Both in turn, round after round; what decides is the median of the rounds' own ratios.

    A round is short and the machine noisy: when it looks missed, it goes on, three times as long at most, and decides
    on all rounds.
    """
    ratios, rates = list[float](), {way: list[float]() for way in RELAYS}
    while len(ratios) < rounds or (median(ratios) < OF_BARE and len(ratios) < LONGER * rounds):
        number = len(ratios) + 1
        order = sorted(RELAYS, reverse=bool(number % 2))
        for way in order:
            rates[way].append(await rate_of(servers, way, number, count))
        ratios.append(rates["ours"][-1] / rates["bare"][-1])
        print(f"  round {number}  " + "  ".join(f"{way} {rates[way][-1]:8.0f} events/s" for way in RELAYS), flush=True)
    told = "  ".join(f"{way} {median(found):.0f} events/s" for way, found in rates.items())
    print(f"relay, {count} events in batches of 500, medians of {len(ratios)} rounds: {told}")
    ratio = median(ratios)
    return [Bar(ratio >= OF_BARE, f"the relay is {ratio:.3f} of a bare transactional one; at least {OF_BARE}")]


async def rate_of(servers: Servers, way: str, number: int, count: int) -> float:
    """One round of one relay: events a second from its first look to its last deletion."""
    box = Outbox(servers, f"bench_relay_{way}{number}", f"bench.relay.{way}{number}.v1", count)
    await create_topics(servers.kafka_url, {box.topic: PARTITIONS})
    async with filled(box):
        async with publishing(way, box, asyncio.Event()):
            await until(_published(count))
        began, ended = OUTBOX_WATCH.first_look, OUTBOX_WATCH.last_deletion
    await asyncio.to_thread(insist_on_order, box)
    await delete_topics(servers.kafka_url, [box.topic])
    return count / (ended - (began or 0.0))


def _published(count: int) -> Callable[[], Awaitable[bool]]:
    async def published() -> bool:
        return OUTBOX_WATCH.deleted >= count

    return published


@asynccontextmanager
async def publishing(way: str, box: Outbox, news: asyncio.Event) -> AsyncIterator[None]:
    """A relay of this way at work; should it die, its error is ours."""
    OUTBOX_WATCH.forget()
    running = asyncio.create_task(RELAYS[way](box, news))
    try:
        yield
    finally:
        OUTBOX_WATCH.watching, died = False, running.done()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    if died:
        running.result()


@asynccontextmanager
async def filled(box: Outbox) -> AsyncIterator[MongoDatabase]:
    """A database whose outbox holds so many events about as many cases as a round of the pipeline has."""
    database = connect(box.servers.mongo_url, box.name)
    await database.prepare(KEPT)
    waiting = said(box.topic, box.count)
    session = await database.session()
    for start in range(0, len(waiting), AT_ONCE):
        async with session.transaction() as transaction:
            await transaction.insert(OUTBOX.name, waiting[start : start + AT_ONCE])
    await session.close()
    try:
        yield database
    finally:
        await database.drop()
        await database.close()


def said(topic: str, count: int) -> list[Document]:
    """Outbox documents, as the platform writes them."""
    stream, voice, sequences = Stream(topic, SERVICE), Voice(SERVICE, 1, BEGAN), Counter[str]()
    documents = []
    for call in calls(count, CASES):
        sequences[call.case_id] += 1
        event, sequence = noted(taken_in(None, call)), sequences[call.case_id]
        cause = Cause(f"{call.case_id}-1-{sequence}", f"{call.case_id}-1-{sequence}")
        documents.append(published(event, stream, sequence, voice, cause, municipality=MUNICIPALITY))
    return documents


def insist_on_order(box: Outbox) -> None:
    """Refuse a round in which the topic does not hold every event once and each case's events in their order."""
    sequences: Counter[str] = Counter()
    for record in Reader(box.servers.kafka_url, box.topic).all():
        headers = headers_of(record)
        subject = headers["ce_subject"]
        sequences[subject] += 1
        if int(headers["ce_sequence"]) != sequences[subject]:
            raise AssertionError(f"{box.topic}: {subject} is out of order")
    if sequences.total() != box.count:
        raise AssertionError(f"{box.topic}: of {box.count} events {sequences.total()} were published")
