"""Marked personal data goes in at every door, and is looked for wherever it must not be: no hit.

The looking is done with foreign clients, in raw bytes. A new door gets one function in `DOORS`; a door that answers
wrong questions gets a row in `WRONG`.
"""

import json
import re
import smtplib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest
from bson.raw_bson import RawBSONDocument
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition
from pymongo import MongoClient

from shared.contracts.catalogue import all_streams
from shared.platform.clock import SystemClock
from shared.platform.token import make_token
from stack.demo_client import Publisher, Tray
from stack.env_file import PUBLISHERS
from stack.instances import Install, install
from stack.places import free_port
from stack.testing import Servers, start_servers
from tests.waiting import until_sync

pytestmark = pytest.mark.servers

PATIENCE = 120.0
MARK, NUMBER, PHONE = "Kanariefalt", "811218-9876", "0531-777 321"
NEEDLES = [mark.encode() for mark in ("kanarie", "811218-9876", "8112189876", "0531-777 321", "0531777321", "777321")]
PERSON = {"name": f"{MARK} Namn", "role": f"{MARK}roll", "phone": PHONE, "e_mail": "kanariefalt@company.example"}
SAID = {
    "channel": "phone",
    "wish": f"{MARK}: jag heter så, ring {PHONE}.",
    "case_types": ["bygglov"],
    "person": PERSON,
    "company": {"organisation_number": NUMBER, "name": f"{MARK} Firma"},
    "place": {"address": f"{MARK}vägen 1", "property": f"{MARK} 1:1"},
    "season": f"{MARK}sommaren",
}
RECEIVED = {
    "reference": "E-1",
    "channel": "web",
    "received_at": "2026-11-24T10:00:00+01:00",
    "wish": f"{MARK} från en e-tjänst",
    "case_type": "bygglov",
    "company": {"name": f"{MARK} Bolag", "organisation_number": NUMBER},
    "person": PERSON,
    "place": {"address": f"{MARK}vägen 2"},
}
DECISION = {"decided_by": "KS", "decided_on": "2026-11-20", "reference": "KS 2026/12", "paragraph": "AL 10 §"}
FILLED = {
    "wish": f"{MARK} undrar om bygglov, ring {PHONE}",
    "case_type": "bygglov",
    "company_name": f"{MARK} Kafé",
    "organisation_number": NUMBER,
    "name": f"{MARK} Efternamn",
    "phone": PHONE,
    "e_mail": PERSON["e_mail"],
    "place": f"{MARK}vägen 4",
}
PORTAL = {
    "name": "portal",
    "municipality": "1460",
    "types": ["contact-received"],
    "http_rates": [{"from_on": "2026-01-01", "per_minute": 1000}],
}
FORM = {
    "municipality": "1460",
    "name": "Bengtsfors kommun",
    "e_mail": "kommun@kommun.example",
    "phone": "0531-52 60 00",
    "data_protection": "dataskydd@kommun.example",
}
TOLD = {
    "KOMMUNKONTAKT_PUBLISHERS": json.dumps([*PUBLISHERS, PORTAL]),
    "INTAKE_FORMS": json.dumps([FORM]),
    "INTAKE_MAIL_TO": json.dumps({"kontakt@kommun.example": "1460"}),
}


class Town:
    """An install, somebody of each role before its doors, and all that was answered."""

    def __init__(self, servers: Servers, whole: Install) -> None:
        self.servers, self.whole = servers, whole
        self.answers: list[httpx.Response] = []
        self._key = Path(whole.environment["KOMMUNKONTAKT_JWT_KEY_FILE"])
        self.inbox = Publisher(servers.kafka_url, "e-services", "canary")
        self.mongo: MongoClient[RawBSONDocument] = MongoClient(servers.mongo_url, document_class=RawBSONDocument)

    def ask(self, method: str, path: str, role: str = "receptionist", who: str = "somebody", **how: Any) -> Any:
        token = make_token(self._key, "kommunkontakt", who, [role], ["1460"], timedelta(hours=1), SystemClock())
        headers = {"Authorization": f"Bearer {token}", **how.pop("headers", {})}
        url = f"http://127.0.0.1:{self.whole.port('intake')}/intake/v1/1460/{path}"
        self.answers.append(httpx.request(method, url, headers=headers, timeout=30, **how))
        return self.answers[-1]

    def done(self, method: str, path: str, role: str = "receptionist", **how: Any) -> Any:
        answer = self.ask(method, path, role, **how)
        answer.raise_for_status()
        return answer.json()

    def count(self, collection: str, service: str = "intake") -> int:
        return self.mongo[service][collection].count_documents({})


def by_phone(town: Town) -> None:
    key = {"Idempotency-Key": f"{MARK}-nyckel"}
    first, again = (town.done("POST", "contacts", json=SAID, headers=key) for _ in range(2))
    assert first == again
    town.done("POST", "contacts", json={**SAID, "case_types": [], "channel": "visit"})


def in_an_inbox(town: Town) -> None:
    town.inbox.publish("contact-received", "good", RECEIVED, "E-1")
    town.inbox.flush()


def over_http(town: Town) -> None:
    event = {
        "specversion": "1.0",
        "id": "h-1",
        "source": "/portal",
        "type": "se.kommunkontakt.inbox.contact-received.v1",
    }
    whole = {**event, "data": {**RECEIVED, "reference": "H-1"}}
    headers = {"Content-Type": "application/cloudevents+json"}
    answer = town.ask("POST", "events", "publisher", "portal", content=json.dumps(whole), headers=headers)
    assert answer.status_code == 202, answer.text


def as_a_companys_change(town: Town) -> None:
    register = Publisher(town.servers.kafka_url, "business-register", "canary")
    place = {"address": f"{MARK}vägen 3"}
    told = {"reference": "B-1", "organisation_number": NUMBER, "name": f"{MARK} Nya Firma", "place": place}
    for event_id, changed in (("owner", "owner"), ("again", "owner"), ("name", "name")):
        register.publish("company-changed", event_id, {**told, "changed": changed, "on": "2026-12-01"}, "B-1")
    register.flush()


def as_a_note(town: Town) -> None:
    contact_id = town.done("POST", "contacts", json=SAID)["contact_id"]
    note = town.done("POST", f"contacts/{contact_id}/notes", json={"text": f"{MARK} lät glad."})
    correction = {"text": f"{MARK} lät arg.", "why": f"{MARK} hördes illa."}
    town.done("POST", f"contacts/{contact_id}/notes/{note['note_id']}/corrections", json=correction)


def as_the_reason_of_a_hold(town: Town) -> None:
    contact = town.done("POST", "contacts", json={**SAID, "company": {"name": f"{MARK} Handel"}})
    for subject in (f"parties/{contact['party_id']}", f"contacts/{contact['contact_id']}"):
        town.done("POST", f"{subject}/holds", "registrar", json={"reason": f"{MARK} har överklagat."})
        town.done("POST", f"{subject}/holds/lifting", "registrar", json={"reason": f"{MARK} har fått rätt."})


def by_form(town: Town) -> None:
    page = town.ask("GET", "form").text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    fields: dict[str, Any] = {name: (None, value) for name, value in {**hidden, **FILLED}.items()}
    fields["attachments"] = (f"{MARK}.txt", f"{MARK} bifogar ".encode() * 1_000, "text/plain")
    town.done("POST", "development/clock", "operator", json={"days": 1})  # nobody fills it in at once
    assert town.ask("POST", "form", files=fields).status_code == 303


def by_mail(town: Town) -> None:
    mail = EmailMessage()
    mail["From"] = f"{PERSON['name']} <{PERSON['e_mail']}>"
    mail["To"], mail["Subject"], mail["Message-ID"] = "kontakt@kommun.example", f"{MARK} undrar", "<1@company.example>"
    mail.set_content(f"{MARK} skriver, ring {PHONE}")
    mail.add_attachment(f"{MARK} bifogar".encode(), maintype="text", subtype="plain", filename=f"{MARK}.txt")
    with smtplib.LMTP("127.0.0.1", int(town.whole.environment["INTAKE_MAIL_PORT"])) as client:
        client.send_message(mail)


def in_the_search_box(town: Town) -> None:
    for asked in (MARK, NUMBER, PHONE, PERSON["e_mail"]):
        found = town.done("POST", "companies/search", json={"q": asked})
        assert found["items"], asked


DOORS: Mapping[Callable[[Town], None], int] = {
    by_phone: 2,
    in_an_inbox: 1,
    over_http: 1,
    as_a_companys_change: 1,
    as_a_note: 1,
    as_the_reason_of_a_hold: 1,
    by_form: 1,
    by_mail: 1,
    in_the_search_box: 0,
}
"""Every door, and how many contacts come of it."""

WRONG: list[tuple[str, str, Any]] = [
    ("receptionist", "contacts", {**SAID, "channel": MARK}),
    ("receptionist", "contacts", {**SAID, "wish": MARK * 3_000}),
    ("receptionist", "contacts", {**SAID, "received_at": MARK}),
    ("receptionist", "contacts", {**SAID, "person": {**PERSON, "e_mail": f"{MARK} utan snabel-a"}}),
    ("receptionist", "contacts", {**SAID, "company": {"organisation_number": f"{MARK} 811218-9876"}}),
    ("receptionist", "contacts", {**SAID, "company": {"organisation_number": NUMBER, "company_id": f"{MARK} å"}}),
    ("receptionist", "contacts", {**SAID, "place": {"latitude": MARK}}),
    ("receptionist", "contacts", {**SAID, "case_types": [f"{MARK} med blanksteg"]}),
    ("receptionist", "contacts", f'{{"wish": "{MARK}'),
    ("receptionist", "contacts?limit=1", MARK),
    ("receptionist", "contacts/1460-c-x/notes", {"text": MARK}),
    ("registrar", "contacts/1460-c-x/disposal", {**DECISION, "decided_on": MARK}),
    ("registrar", "contacts/1460-c-x/holds", {"reason": MARK}),
    ("manager", "parties/1460-p-x/erasure", {"ground": MARK, "decision": DECISION}),
    ("publisher", "events", {**RECEIVED, "channel": MARK}),
]
"""Who asks what of which door, wrongly."""


def wrongly(town: Town) -> None:
    """Every wrong question, and wrong events in the inbox."""
    before = len(town.answers)
    for role, path, body in WRONG:
        content = body if isinstance(body, str) else json.dumps(body)
        town.ask("POST", path, role, content=content, headers={"Content-Type": "application/json"})
    town.ask("GET", "contacts", params={"cursor": MARK, "limit": MARK})
    town.ask("GET", "inbound", "publisher", params={"source": MARK, "id": MARK})
    town.ask("POST", "contacts", json={**SAID, "wish": "annat"}, headers={"Idempotency-Key": f"{MARK}-nyckel"})
    town.ask("POST", "contacts", json=SAID, headers={"Authorization": f"Bearer {MARK}"})
    assert all(400 <= answer.status_code < 500 for answer in town.answers[before:])
    company = {"organisation_number": "811218-9875", "name": MARK}
    for event_id, data in (
        ("channel", {**RECEIVED, "channel": MARK}),
        ("moment", {**RECEIVED, "received_at": MARK}),
        ("number", {**RECEIVED, "company": company}),
        ("json", f'{{"wish": "{MARK}'.encode()),
    ):
        town.inbox.publish("contact-received", event_id, data, "E-1")
    town.inbox.flush()
    until_sync("all wrong events are told back", lambda: town.count("parked") == 4, PATIENCE)
    for event_id in ("channel", "moment", "number", "json"):
        told = town.ask(
            "GET", "inbound", "publisher", "e-services", params={"source": town.inbox.source, "id": event_id}
        )
        assert told.json()["state"] == "rejected", told.text


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town where everything marked has gone in and everything that follows from it is done."""
    where = tmp_path_factory.mktemp("town")
    told = {**TOLD, "INTAKE_MAIL_PORT": str(free_port())}
    with start_servers(where / "servers") as servers, install(servers, where, ["a"], told=told) as whole:
        town = Town(servers, whole)
        with closing(town.mongo):
            fill(town)
            yield town


def fill(town: Town) -> None:
    """Everything goes in, and all that follows from it is done."""
    staff = Publisher(town.servers.kafka_url, "staff", "canary")
    lind = {"reference": "o-1", "officer_id": "lind", "name": "Karin Lind", "e_mail": "lind@kommun.example"}
    staff.publish("officer-changed", "o-1", {**lind, "case_types": ["bygglov", "ovrigt"]}, "lind")
    staff.flush()
    for door in DOORS:
        door(town)
    until_sync("every contact is registered", lambda: town.count("contacts") == sum(DOORS.values()), PATIENCE)
    wrongly(town)
    silent = lambda: not any(town.count("outbox", one.service) for one in town.whole.instances)  # noqa: E731
    until_sync("all is said", silent, PATIENCE)
    tray = Tray(town.servers.mail_url)
    until_sync("the parties have their mails", lambda: len(mails_to_the_party(tray)) >= 2, PATIENCE)


def mails_to_the_party(tray: Tray) -> list[Any]:
    return [mail for mail in tray.newest(50) if PERSON["e_mail"] in json.dumps(mail)]


def found_in(raw: bytes) -> bool:
    """Whether something marked stands in these bytes, as it is or as JSON writes it."""
    lower = raw.lower()
    return any(needle in lower for needle in NEEDLES)


def records(kafka_url: str) -> Iterator[tuple[str, bytes]]:
    """Every record on every topic, raw, aborted ones too."""
    told = {"bootstrap.servers": kafka_url, "group.id": "canary", "isolation.level": "read_uncommitted"}
    consumer = Consumer({**told, "enable.auto.commit": False, "enable.partition.eof": True})
    topics = consumer.list_topics(timeout=10).topics
    parts = [(name, part) for name, topic in topics.items() if not name.startswith("__") for part in topic.partitions]
    consumer.assign([TopicPartition(name, part, OFFSET_BEGINNING) for name, part in parts])
    ended = 0
    while ended < len(parts):
        for record in consumer.consume(1000, timeout=1):
            error = record.error()
            assert error is None or error.code() == KafkaError._PARTITION_EOF, error
            if error is not None:
                ended += 1
            else:
                yield str(record.topic()), raw_of(record)
    consumer.close()


def raw_of(record: Any) -> bytes:
    """Key, value and headers, one after the other."""
    headers = [one for name, value in record.headers() or [] for one in (name.encode(), value or b"")]
    return b" ".join([record.key() or b"", record.value() or b"", *headers])


def documents(town: Town) -> Iterator[tuple[str, bytes]]:
    """Every document of every database, raw."""
    for name in town.mongo.list_database_names():
        if name not in ("admin", "config", "local"):
            for collection in town.mongo[name].list_collection_names():
                for document in town.mongo[name][collection].find():
                    yield f"{name}.{collection}", bytes(document.raw)


def test_the_looking_finds_what_is_there(town: Town) -> None:
    """What is marked has come in, and stands where it should: else finding nothing would mean nothing."""
    personal = {topic for topic, raw in records(town.servers.kafka_url) if found_in(raw)}
    inboxes = {f"inbox.{name}.v1" for name in ("e-services", "portal", "business-register")}
    assert personal == {"intake.parties.v1", *inboxes}
    assert found_in(town.ask("GET", "contacts").content)
    party_id = town.answers[0].json()["party_id"]
    exported = town.done("GET", f"parties/{party_id}/export", "registrar")
    assert exported["party"]["organisation_number"] == "8112189876"


def test_no_topic_but_the_personal_ones_has_it(town: Town) -> None:
    personal = {stream.topic for stream in all_streams() if stream.personal}
    seen = [(topic, raw) for topic, raw in records(town.servers.kafka_url) if not topic.startswith("inbox.")]
    others = [(topic, raw) for topic, raw in seen if topic not in personal]
    assert {"intake.contacts.v1", "intake.rejections.v1", "routing.matters.v1", "notify.deliveries.v1"} <= {
        topic for topic, _ in others
    }
    assert [topic for topic, raw in others if found_in(raw)] == []


def test_no_database_has_it_in_clear(town: Town) -> None:
    seen = list(documents(town))
    names = {name for name, _ in seen}
    looked = {"contacts", "parties", "notes", "requests", "journal", "parked", "inbound", "keys", "files.chunks"}
    assert {f"intake.{name}" for name in looked} | {"notify.recipients", "notify.messages", "routing.matters"} <= names
    assert [name for name, raw in seen if found_in(raw)] == []


def test_no_log_line_has_it(town: Town) -> None:
    logs = [instance.process.log for instance in town.whole.instances]
    assert all(log.stat().st_size > 0 for log in logs)
    assert [log.name for log in logs if found_in(log.read_bytes())] == []


def test_no_error_repeats_it(town: Town) -> None:
    errors = [answer for answer in town.answers if answer.status_code >= 400]
    assert len(errors) >= len(WRONG) + 4
    assert [(answer.request.url, answer.text) for answer in errors if found_in(answer.content)] == []
    told_back = [answer for answer in town.answers if answer.request.url.path.endswith("/inbound")]
    assert [answer.text for answer in told_back if found_in(answer.content)] == []
