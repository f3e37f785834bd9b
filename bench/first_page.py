"""The first page of a million contacts, and of the register, beside the first of a thousand: p50 and p99 at the door.

Each side has a database and an intake of its own on the same servers, and they are asked in turn. Every contact is made
like a real one: sealed, with a number, a suggestion and an officer. The newest thousand are written by the stores; the
rest are those again under other ids, numbers and days, as nobody opens them.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from random import Random
from statistics import median, quantiles
from typing import Any

import httpx
from pymongo import MongoClient
from pymongo.write_concern import WriteConcern

from bench.door import token_for
from bench.filled import APART, AT_ONCE, BEGAN, CODE, OFFICERS, WORKERS, named
from bench.find import PLATFORM, company_name, number_of, sealed
from bench.latency import spread
from bench.report import Bar
from services.intake.app import parts
from services.intake.model.contact import Contact, ContactState
from services.intake.model.officer import Officer
from services.intake.model.party import Party
from services.intake.model.reception import HandOver, Holding
from services.intake.model.series import number_of as register_number
from services.intake.rules.arrival_day import day_of
from services.intake.settings import Settings
from services.intake.store.contacts import KeptContacts
from services.intake.store.datafiles import read_case_types, read_suggesters
from services.intake.store.officers import KeptOfficers
from services.intake.store.parties import KeptParties
from shared.platform.database import Document
from shared.platform.mongo import connect
from shared.platform.service import vault_for
from shared.platform.store import Store, kept_moment
from shared.platform.vault import KEYS
from shared.platform.work import KEPT
from stack.instances import Install, install
from stack.testing import Servers

FEW, WARM = 1_000, 20
WITHIN = 0.100
MOST = 1.25
EACH = 10
"""So many contacts has a company."""
CACHE_GB = 4.0
"""What docs/operators.md gives MongoDB for a million."""
PATHS = {"contacts": f"/intake/v1/{CODE}/contacts", "register": f"/intake/v1/{CODE}/register"}
WISHES = (
    "Vi vill bygga ut vår lastkaj och undrar vilka tillstånd som behövs, och hur lång tid det brukar ta hos er nu.",
    "Jag tar över kiosken vid badplatsen och ska sälja glass och varm korv.",
    "Vi öppnar restaurang med uteservering på torget i sommar och vill servera vin.",
    "Vem pratar jag med om en faktura?",
)


@cache
def patterns() -> Sequence[Contact]:
    """One contact of each wish, as it is when an officer has it."""
    day = day_of(BEGAN)
    rules = read_suggesters(read_case_types(None), None)
    return [_pattern(wish, rules.suggest(CODE, wish, day)) for wish in WISHES]


def _pattern(wish: str, suggestion: Any) -> Contact:
    ids = (CODE, named("c", 0), named("p", 0))
    bare = Contact(*ids, "phone", ("ovrigt",), "sv", wish, BEGAN, BEGAN, "receptionist", day_of(BEGAN))
    return replace(
        bare, state=ContactState.TAKEN, suggestion=suggestion, summary="Fråga om tillstånd", dealt_with_at=BEGAN
    )


def own(number: int) -> dict[str, Any]:
    """What is a contact's own, number 0 the newest."""
    at = BEGAN - number * APART
    in_register = register_number(at.year, int((at - datetime(at.year, 1, 1, tzinfo=UTC)) / APART) + 1)
    ids = {"contact_id": named("c", number), "party_id": named("p", number // EACH), "number": in_register}
    return {**ids, "received_at": at, "registered_at": at, "arrived_on": day_of(at)}


def contacts(numbers: range) -> Iterator[Contact]:
    """Contacts that an officer has."""
    for number in numbers:
        made = replace(patterns()[number % len(WISHES)], **own(number))
        holding = Holding(named("m", number), "ovrigt", f"{CODE}-o-h{number % OFFICERS:02d}", made.registered_at)
        yield replace(made, handed_over=HandOver("Handläggare", made.registered_at, "receptionist"), held=(holding,))


def parties(numbers: range) -> Iterator[Party]:
    """The companies that they come from."""
    for number in numbers:
        name = company_name(Random(number))
        yield Party(CODE, named("p", number), "company", company_name=name, organisation_number=number_of(number))


def officers(count: int) -> Iterator[Officer]:
    """Those who have them."""
    for number in range(count):
        yield Officer(CODE, f"{CODE}-o-h{number:02d}", f"Handläggare {number}", "0531-526000")


async def _first(url: str, database: str, count: int) -> None:
    """The newest contacts, those who belong to them, and their keys, as the stores write them."""
    vault = vault_for(PLATFORM)
    made: Mapping[type[Store[Any]], Iterator[Any]] = {
        KeptContacts: contacts(range(count)),
        KeptParties: parties(range(count)),
        KeptOfficers: officers(OFFICERS),
    }
    with MongoClient[Document](url) as client:
        for store, states in made.items():
            documents, keys = await sealed(store, list(states), vault)
            client[database][store.collection].insert_many(documents)
            if keys:
                client[database][KEYS.name].insert_many(keys)


@dataclass(frozen=True, slots=True)
class Share:
    """One worker's share of what else is kept in one collection of a database."""

    url: str
    database: str
    collection: str
    numbers: range


def _contact(number: int) -> Document:
    members = own(number)
    moments = {name: kept_moment(members[name]) for name in ("received_at", "registered_at")}
    return {**members, **moments, "_id": members["contact_id"], "arrived_on": members["arrived_on"].isoformat()}


MORE: Mapping[str, Callable[[int], Document]] = {
    "contacts": _contact,
    "parties": lambda number: {"_id": named("p", number), "party_id": named("p", number)},
    KEYS.name: lambda number: {"_id": named("c", number)},
}
"""What is each document's own; all else is as in one of the first."""


def _more(share: Share) -> int:
    own_of = MORE[share.collection]
    with MongoClient[Document](share.url) as client:
        kept = client[share.database].get_collection(share.collection, write_concern=WriteConcern(1))
        first = list(kept.find({}, limit=FEW))
        documents = ({**first[number % len(first)], **own_of(number)} for number in share.numbers)
        while some := list(islice(documents, AT_ONCE)):
            kept.insert_many(some, ordered=False)
    return len(share.numbers)


async def fill(url: str, database: str, count: int) -> None:
    """So many contacts with those who belong to them; the indexes are made after."""
    began = time.monotonic()
    await _first(url, database, FEW)
    most = {"contacts": count, "parties": count // EACH, KEYS.name: count}
    shares = [
        Share(url, database, collection, range(FEW + worker, last, WORKERS))
        for collection, last in most.items()
        for worker in range(WORKERS)
    ]
    with ProcessPoolExecutor(WORKERS, get_context("spawn")) as workers:
        written = FEW + sum(workers.map(_more, shares))
    connected = connect(url, database)
    shelf = parts(Settings(platform=PLATFORM)).shelf
    await connected.prepare([*KEPT, *(store.layout() for store in shelf.values())])
    await connected.close()
    print(f"{count} contacts, {written} documents in {time.monotonic() - began:.0f} s, indexes and all", flush=True)


def first_pages(servers: Servers, where: Path, count: int, asks: int) -> list[Bar]:
    """Ask both sides for their first pages, in turn."""
    servers.mongo.cache_gb = CACHE_GB
    servers.mongo.restart()
    counts = {f"of {FEW}": FEW, f"of {count}": count}
    with ExitStack() as stack:
        sides: dict[str, Install] = {}
        for number, (side, most) in enumerate(counts.items()):
            name = f"first-page-{number}"
            asyncio.run(fill(servers.mongo_url, name, most))
            told = {"INTAKE_DATABASE": name, "KOMMUNKONTAKT_MASTER_KEY": PLATFORM.master_key}
            sides[side] = stack.enter_context(
                install(servers, where / name, ["a"], services=["intake"], told=told, stable=())
            )
        took = _asked(sides, asks)
    few, many = counts
    return [bar for door in PATHS for bar in _bars(door, took[door][few], took[door][many], count)]


def _asked(sides: Mapping[str, Install], asks: int) -> Mapping[str, Mapping[str, list[float]]]:
    """Door -> side -> seconds of each ask."""
    took: dict[str, dict[str, list[float]]] = {door: {side: [] for side in sides} for door in PATHS}
    with ExitStack() as stack:
        clients = {side: stack.enter_context(_client(whole)) for side, whole in sides.items()}
        for turn in range(WARM + asks):
            for door, path in PATHS.items():
                for side, client in clients.items():
                    began = time.perf_counter()
                    answer = client.get(path)
                    spent = time.perf_counter() - began
                    _insist_whole(answer)
                    if turn >= WARM:
                        took[door][side].append(spent)
    return took


def _client(whole: Install) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token_for(whole.environment)}"}
    return httpx.Client(base_url=f"http://127.0.0.1:{whole.port('intake')}", headers=headers, timeout=30)


def _insist_whole(answer: httpx.Response) -> None:
    page = answer.json()
    if answer.status_code != 200 or len(page["items"]) != 20 or page["next"] is None:
        raise AssertionError(f"{answer.url.path} was answered {answer.status_code}, not with a page of 20 and more")


def _bars(door: str, few: Sequence[float], many: Sequence[float], count: int) -> list[Bar]:
    print(f"first page of {door}, {len(many)} times:\n  of {FEW:<9} {spread(few)}\n  of {count:<9} {spread(many)}")
    change, p99 = median(many) / median(few), quantiles(many, n=100, method="inclusive")[98]
    within = f"first page of {door}, of {count}: p99 {p99 * 1000:.1f} ms; under {WITHIN * 1000:.0f} ms"
    return [
        Bar(
            change <= MOST,
            f"first page of {door}: {change:.3f} times with {count} what it is with {FEW}; at most {MOST}",
        ),
        Bar(p99 < WITHIN, within, gates=False),
    ]
