"""A database with so many matters in it, and what belongs to them in the three services that meet them.

Each document is made once by the service's own store, from its own model, and then written again and again under other
ids and at other moments: ten million documents for a million matters are too many to decide one by one.
"""

import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from multiprocessing import get_context
from typing import Any

from pymongo import MongoClient
from pymongo.write_concern import WriteConcern

from services.intake import events as of_intake
from services.intake.model.contact import Contact
from services.intake.store.contacts import KeptContacts
from services.notify import events as of_notify
from services.notify.model import Attempt, ChannelName, Message, Outcome, Recipient
from services.notify.model import State as MessageState
from services.notify.store import KeptMessages, KeptRecipients
from services.routing import events as of_routing
from services.routing.model import Matter, Officer, Reason
from services.routing.store import KeptMatters
from shared.contracts.event import Event
from shared.platform.database import Document
from shared.platform.heard import inbound_row
from shared.platform.memory import MemoryDatabase
from shared.platform.mongo import connect
from shared.platform.outbox import Cause, Voice, spoken
from shared.platform.settings import DEVELOPMENT_SECRET
from shared.platform.store import Store, kept_moment
from shared.platform.vault import DataKey, Keyring, Vault
from shared.platform.work import KEPT

CODE = "1460"
OFFICERS = 12
BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
APART = timedelta(seconds=90)
"""A matter each minute and a half: a million are not quite three years."""
APART_BY = 16**26 // 1_000_000
FAR = datetime(2099, 1, 1, tzinfo=UTC)
WAITING_ONE_IN = 500
AT_ONCE = 5_000
WORKERS = 2
WHY = Reason("Har minst antal öppna ärenden (41) av 12.", "Has the fewest open matters (41) of 12.")
SUBJECT = "Handläggare 0 är handläggare för ditt ärende"
WISH = "Vi vill bygga ut vår lastkaj och undrar vilka tillstånd som behövs, och hur lång tid det brukar ta hos er nu."


def named(letter: str, number: int) -> str:
    """An id such as the services make: far apart, as hashes are, and but for a company's of its day."""
    if letter == "p":
        return f"{CODE}-{letter}-{number * APART_BY:026x}"
    return f"{CODE}-{letter}-{_at(number):%y%m%d}-{number * APART_BY % 16**20:020x}"


def _at(number: int) -> datetime:
    return BEGAN - number * APART


def _made(store: Store[Any], state: Any, says: list[Event], service: str) -> tuple[Document, list[Document]]:
    """The state's document and its journal, as the platform would have written them."""
    store.save(state, says=says)
    voice = Voice(service, 1, BEGAN)
    journal = [spoken(kept, event, voice, Cause("cause", "story"), CODE)[1] for kept, event in store.merge()]
    return store.statements()[0]["u"], journal


def _matter() -> tuple[Document, list[Document]]:
    matter = Matter(CODE, named("m", 0), named("c", 0), named("p", 0), "bygglov", opened_at=BEGAN, since=BEGAN)
    officer = Officer(CODE, f"{CODE}-o-h00", "Handläggare 0", "h00@kommun.example", None, ("bygglov",), active=True)
    given = matter.given_to(officer, WHY, BEGAN)
    says: list[Event] = [of_routing.opened(matter), of_routing.assigned(given, officer, WHY)]
    return _made(KeptMatters(MemoryDatabase()), given, says, "routing")


def matters(numbers: range) -> Iterator[Document]:
    """Matters: most are with an officer, few wait."""
    template, _ = _matter()
    for number in numbers:
        at = kept_moment(_at(number))
        about = {"contact_id": named("c", number), "party_id": named("p", number)}
        own = {**template, "_id": named("m", number), **about, "opened_at": at, "since": at}
        if number % WAITING_ONE_IN:
            yield {**own, "officer_id": f"{CODE}-o-h{number % OFFICERS:02d}"}
        else:
            yield {**own, "officer_id": None, "state": "waiting", "due_at": FAR}


def said_of_matters(numbers: range) -> Iterator[Document]:
    """What was said of them last, in routing's journal."""
    _, journal = _matter()
    yield from _again(journal[-1], "routing.matters.v1", "m", numbers)


def contacts(numbers: range) -> Iterator[Document]:
    """The contacts that they come from."""
    template, _ = _contact()
    for number in numbers:
        at = kept_moment(_at(number))
        contact_id = named("c", number)
        wish = _sealed("contacts", contact_id, "wish", WISH, number)
        about = {"_id": contact_id, "contact_id": contact_id, "party_id": named("p", number), "wish": wish}
        yield {**template, **about, "received_at": at, "registered_at": at}


def keys(numbers: range) -> Iterator[Document]:
    """What opens the contacts' wishes."""
    vault = Vault([DEVELOPMENT_SECRET], os.urandom)
    for number in numbers:
        yield vault.wrapped(named("c", number), _key(number))


def _key(number: int) -> bytes:
    return hashlib.sha256(f"key number {number}".encode()).digest()


def _sealed(collection: str, document_id: str, member: str, text: str, number: int) -> bytes:
    key = DataKey(_key(number), os.urandom)
    return key.print + key.seal(json.dumps(text).encode(), f"{collection}|{document_id}|{member}")


def said_of_contacts(numbers: range) -> Iterator[Document]:
    """What was said of those, in intake's journal."""
    _, journal = _contact()
    yield from _again(journal[-1], "intake.contacts.v1", "c", numbers)


def _contact() -> tuple[Document, list[Document]]:
    ids = (CODE, named("c", 0), named("p", 0))
    contact = Contact(*ids, "web", ("bygglov",), "sv", None, BEGAN, BEGAN, "e-services", BEGAN.date())
    return _made(KeptContacts(*_empty()), contact, [of_intake.registered(contact)], "intake")


def inbound(numbers: range) -> Iterator[Document]:
    """What tells that the records were heard."""
    for number in numbers:
        key = f"inbox.e-services.v1|{number * APART_BY:026x}{'0' * 38}"
        yield inbound_row(key, "/e-services", f"E-{number}", BEGAN)


def recipients(numbers: range) -> Iterator[Document]:
    """The parties as notify knows them."""
    template, _ = _made(KeptRecipients(*_empty()), Recipient.forgotten(CODE, named("p", 0)), [], "notify")
    for number in numbers:
        who = named("p", number)
        name = _sealed("recipients", who, "name", "Kim Lind", number)
        e_mail = _sealed("recipients", who, "e_mail", "kim@example.org", number)
        yield {**template, "_id": who, "recipient_id": who, "name": name, "e_mail": e_mail}


def keys_of_recipients(numbers: range) -> Iterator[Document]:
    """What opens the recipients, and what was written to them and to officers."""
    vault = Vault([DEVELOPMENT_SECRET], os.urandom)
    for number in numbers:
        yield vault.wrapped(named("p", number), _key(number))
    if 0 in numbers:
        yield from (vault.wrapped(who, _key(number)) for who, number in map(_officer, range(OFFICERS)))


def messages(numbers: range) -> Iterator[Document]:
    """One message of each matter, handed over long ago."""
    template, _ = _message()
    for number in numbers:
        at, message_id = kept_moment(_at(number)), named("g", number)
        to, key = (named("p", number), number) if number % 2 else _officer(number % OFFICERS)
        own = {"_id": message_id, "message_id": message_id, "recipient_id": to, "about_id": named("m", number)}
        subject = _sealed("messages", message_id, "subject", SUBJECT, key)
        text = {"subject": subject, "body": _sealed("messages", message_id, "body", WISH * 4, key)}
        yield {**template, **own, **text, "planned_at": at, "closed_at": at, "order": f"{at} {message_id}"}


def _officer(nth: int) -> tuple[str, int]:
    return f"{CODE}-o-h{nth:02d}", -nth - 1


def said_of_messages(numbers: range) -> Iterator[Document]:
    """What was said of them last, in notify's journal."""
    _, journal = _message()
    yield from _again(journal[-1], "notify.deliveries.v1", "g", numbers)


def _message() -> tuple[Document, list[Document]]:
    message = Message(
        municipality=CODE,
        message_id=named("g", 0),
        recipient_id=named("p", 0),
        channel=ChannelName.E_MAIL,
        wording="officer-found",
        about_id=named("m", 0),
        subject=None,
        body=None,
        planned_at=BEGAN,
        order="",
        correlation="story",
        due_at=None,
        state=MessageState.HANDED_OVER,
        attempts=(Attempt(1, BEGAN, BEGAN, Outcome.TAKEN, "250 2.0.0"),),
        closed_at=BEGAN,
    )
    says = [of_notify.planned(message), *of_notify.closing(message)]
    return _made(KeptMessages(*_empty()), message, says, "notify")


def _empty() -> tuple[MemoryDatabase, Keyring]:
    nothing = MemoryDatabase()
    return nothing, Keyring(Vault([DEVELOPMENT_SECRET], os.urandom), nothing)


def _again(entry: Document, topic: str, letter: str, numbers: range) -> Iterator[Document]:
    for number in numbers:
        place = {"k": f"{topic}|{named(letter, number)}", "s": entry["_id"]["s"]}
        yield {**entry, "_id": place, "link": os.urandom(32), "at": _at(number)}


def _lanes(service: str, topic: str, letter: str, numbers: range) -> Iterator[Document]:
    for number in numbers:
        yield {"_id": f"{service}|{topic}|{named(letter, number)}", "v": 1, "e": 1, "s": 1, "b": 0, "u": 0}


def lanes_of_routing(numbers: range) -> Iterator[Document]:
    """What routing has heard of each contact."""
    return _lanes("routing", "intake.contacts.v1", "c", numbers)


def lanes_of_notify(numbers: range) -> Iterator[Document]:
    """What notify has heard of each matter."""
    return _lanes("notify", "routing.matters.v1", "m", numbers)


Documents = Callable[[range], Iterator[Document]]
FILLED: Mapping[str, Mapping[str, Documents]] = {
    "routing": {"matters": matters, "lanes": lanes_of_routing, "journal": said_of_matters},
    "intake": {"contacts": contacts, "keys": keys, "inbound": inbound, "journal": said_of_contacts},
    "notify": {
        "recipients": recipients,
        "keys": keys_of_recipients,
        "messages": messages,
        "lanes": lanes_of_notify,
        "journal": said_of_messages,
    },
}


@dataclass(frozen=True, slots=True)
class Share:
    """One worker's share of one collection."""

    mongo_url: str
    service: str
    collection: str
    numbers: range


async def fill(mongo_url: str, count: int, services: Collection[str] = FILLED.keys()) -> int:
    """So many matters and what belongs to them in these services; returns how many documents that are."""
    for service in services:
        database = connect(mongo_url, service)
        await database.prepare(KEPT)  # the services' own indexes come when they start: faster on what is there
        await database.close()
    shares = [
        Share(mongo_url, service, collection, range(worker, count, WORKERS))
        for service in services
        for collection in FILLED.get(service, ())
        for worker in range(WORKERS)
    ]
    with ProcessPoolExecutor(WORKERS, get_context("spawn")) as workers:
        written = sum(workers.map(_fill, shares))
    with MongoClient[Document](mongo_url) as client:
        client.admin.command("fsync")  # so that nobody who measures afterwards waits for this to reach the disk
    return written


def _fill(share: Share) -> int:
    with MongoClient[Document](share.mongo_url) as client:
        collection = client[share.service].get_collection(share.collection, write_concern=WriteConcern(1))
        documents = FILLED[share.service][share.collection](share.numbers)
        while some := list(islice(documents, AT_ONCE)):
            collection.insert_many(some, ordered=False)
    return len(share.numbers)
