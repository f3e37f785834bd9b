"""The search box over many companies and persons: how long a question takes, and how much it reads.

Names come as often as in Sweden: the commonest surname is one in forty. A question is what somebody types on the way to
a name, a number or a phone, or two words that are each common.
"""

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.write_concern import WriteConcern

from bench.report import Bar
from services.intake.api.seen import seen
from services.intake.app import parts
from services.intake.finding import Sources, find
from services.intake.model.party import Party
from services.intake.rules.finding import Sought, findable
from services.intake.rules.ids import PartyIds
from services.intake.rules.policy import Action
from services.intake.settings import Settings
from services.intake.store.parties import KeptParties
from shared.platform.clock import SystemClock
from shared.platform.database import Document
from shared.platform.desk import Desk
from shared.platform.hearing import Hearing
from shared.platform.memory import MemoryDatabase
from shared.platform.mongo import connect
from shared.platform.secrets import party_id
from shared.platform.service import hearing_for, vault_for
from shared.platform.settings import PlatformSettings
from shared.platform.store import Store
from shared.platform.vault import KEYS, Keyring, Prints, Vault
from shared.platform.web.who import Person
from shared.platform.work import KEPT
from stack.testing import Servers

CODE, DATABASE = "1460", "found"
COMPANIES, PERSONS_EACH, QUESTIONS, WARM = 100_000, 3, 2_000, 100
WITHIN_MS = 50.0
AT_ONCE, WORKERS = 1_000, 2
PLATFORM = PlatformSettings(environment="development")
ANNA = Person("anna", frozenset({"receptionist"}), CODE, frozenset({CODE}))
NAMES = Path(__file__).with_name("find_names.txt").read_text("utf-8").splitlines()
SURNAMES, FIRST, TRADES, PLACES = (line.split() for line in NAMES)
"""The commonest first."""


def commonly(words: Sequence[str], dice: random.Random) -> str:
    """One of the words, the first ones oftener: the share of each goes down as in the register of names."""
    return words[min(int(dice.expovariate(2.6 / len(words))), len(words) - 1)]


def rare(dice: random.Random) -> str:
    """A made-up word of two syllables and an ending: most companies have one of their own."""
    syllable = [dice.choice("bdfgklmnprstv") + dice.choice("aeiouyåäö") for _ in range(3)]
    return "".join(syllable).capitalize() + dice.choice(["", "x", "n", "rum", "tek"])


def company_name(dice: random.Random) -> str:
    """A company's name as they are: a surname or a place or a word of its own, and a trade."""
    kind = dice.random()
    first = commonly(SURNAMES, dice) + "s" if kind < 0.3 else dice.choice(PLACES) if kind < 0.5 else rare(dice)
    return f"{first} {commonly(TRADES, dice)} {dice.choice(['AB', 'AB', 'AB', 'HB', 'Ek. för.', '& Co AB'])}"


def number_of(index: int) -> str:
    """A right organisation number of a company."""
    nine = f"556{index:06d}"
    doubled = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(nine))
    return f"{nine}{-doubled % 10}"


def parties(indexes: Iterator[int]) -> Iterator[Party]:
    """Companies with the persons who speak for each; the same for the same index."""
    for index in indexes:
        dice = random.Random(index)
        company_id = party_id(PLATFORM.party_secret, CODE, number_of(index))
        last = date(2026, 11, 24) - timedelta(days=int(dice.expovariate(1 / 300)))
        name, phone = company_name(dice), f"0531-{100_000 + index}"
        about = {"phone": phone, "e_mail": f"info{index}@example.org", "last_contact_on": last}
        yield Party(CODE, company_id, "company", company_name=name, organisation_number=number_of(index), **about)  # type: ignore[arg-type]
        for number in range(PERSONS_EACH):
            person = f"{commonly(FIRST, dice)} {commonly(SURNAMES, dice)}"
            own = {"name": person, "company_id": company_id, "role": "VD", "phone": f"070{index:06d}{number}"}
            at = last - timedelta(days=dice.randrange(400))
            yield Party(CODE, f"{CODE}-p-{index:06x}{number}", "person", last_contact_on=at, **own)  # type: ignore[arg-type]


def questions(count: int, companies: int) -> Iterator[str]:
    """What is typed: from two letters to whole names, two common words, numbers and phones."""
    dice = random.Random(7)
    while count:
        [company, *persons] = islice(parties(iter([dice.randrange(companies)])), 1 + PERSONS_EACH)
        whole = dice.choice([company.known_as, persons[0].known_as, persons[0].known_as]) or ""
        kind = dice.random()
        if kind < 0.1:
            yield company.organisation_number or ""
        elif kind < 0.2:
            yield company.phone or ""
        elif kind < 0.3:
            yield f"{commonly(FIRST, dice)} {commonly(SURNAMES, dice)}"
        elif kind < 0.4:
            yield f"{(persons[0].known_as or '').split()[0]} {(company.known_as or '').split()[0]}"
        else:
            yield whole[: dice.randrange(2, len(whole) + 1)]
        count -= 1


@dataclass(frozen=True, slots=True)
class Share:
    """One worker's share of the companies."""

    url: str
    indexes: range


def _fill(share: Share) -> int:
    printed = Prints(PLATFORM.party_secret).of
    vault = vault_for(PLATFORM)
    made, written = parties(iter(share.indexes)), 0
    with MongoClient[Document](share.url) as client:
        kept, keys = (
            client[DATABASE].get_collection(name, write_concern=WriteConcern(1)) for name in ("parties", KEYS.name)
        )
        while some := list(islice(made, AT_ONCE)):
            documents, rows = asyncio.run(sealed(KeptParties, [findable(party, printed) for party in some], vault))
            kept.insert_many(documents, ordered=False)
            keys.insert_many(rows, ordered=False)
            written += len(some)
    return written


async def sealed(kept: type[Store[Any]], some: Sequence[Any], vault: Vault) -> tuple[list[Document], list[Document]]:
    """The documents of these states as the store itself writes them, and the rows of their keys."""
    database = MemoryDatabase()
    ring = Keyring(vault, database)
    store = kept(database, ring)
    for state in some:
        store.save(state)
    store.merge()
    await ring.load(store.owners())
    documents = [one["u"] for one in store.statements()]
    session = await database.session()
    async with session.transaction() as transaction:
        await transaction.write([ring.made])
    return documents, await database.find(KEYS.name, {})


async def filled(url: str, companies: int) -> Hearing:
    """A database with so many companies, and three times as many persons; all indexes made after."""
    shares = [Share(url, range(worker, companies, WORKERS)) for worker in range(WORKERS)]
    began = time.monotonic()
    with ProcessPoolExecutor(WORKERS, get_context("spawn")) as workers:
        written = sum(workers.map(_fill, shares))
    database = connect(url, DATABASE)
    shelf = parts(Settings(platform=PLATFORM)).shelf
    await database.prepare([*KEPT, *(store.layout() for store in shelf.values())])
    print(f"{written} companies and persons, written and indexed in {time.monotonic() - began:.0f} s", flush=True)
    clock = SystemClock()
    return hearing_for(parts(Settings(platform=PLATFORM)), PLATFORM, database, clock, clock)


async def ask(hearing: Hearing, question: str) -> int:
    """Ask once, as the door does, and write down who was read; returns how many hits there were."""
    unit = hearing.unit(hearing.database)
    sources, ids = unit.given(Sources), unit.given(PartyIds)
    hits = await find(Sought.of(question), CODE, sources, ids.printed)
    await seen(Desk(hearing), ANNA, Action.FIND_COMPANY, *(one.party_id for hit in hits for one in hit.parties))
    return len(hits)


async def finding(servers: Servers, quick: bool) -> list[Bar]:
    """The search box, from question to opened and ranked hits that are in the log of reads."""
    companies = COMPANIES // 20 if quick else COMPANIES
    hearing = await filled(servers.mongo_url, companies)
    took, answered = list[float](), 0
    try:
        for number, question in enumerate(questions(QUESTIONS + WARM, companies)):
            began = time.perf_counter()
            hits = await ask(hearing, question)
            if number >= WARM:
                took.append((time.perf_counter() - began) * 1000)
                answered += hits > 0
    finally:
        await hearing.database.close()
    took.sort()
    half, most = took[len(took) // 2], took[len(took) * 99 // 100]
    many = f"{companies} companies and {companies * PERSONS_EACH} persons, {len(took)} searches, {answered} with hits"
    told = f"{many}: p50 {half:.1f} ms, p99 {most:.1f} ms; p99 at most {WITHIN_MS:.0f}"
    return [Bar(most <= WITHIN_MS, told, gates=False)]
