"""What the seeded run publishes, and what must come of it: written down before anything is published."""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

E_SERVICES, FINANCE, STAFF = "inbox.e-services.v1", "inbox.finance.v1", "inbox.staff.v1"
TYPE = "se.kommunkontakt.inbox.{}.v1"
SWITCH = "fel_i_programmet"
"""The case type on which the fault in routing is switched on."""
OFFICERS = ("ek", "lund", "holm", "vik")
POISON = ("broken JSON", "broken headers", "no ce_id", "wrong schema", "number too big", "handler bug")
Headers = list[tuple[str, str | bytes | None]]


@dataclass(slots=True)
class Sent:
    """One record to publish. `identity` is (source, id) where it has one."""

    topic: str
    key: bytes | None
    value: bytes
    headers: Headers
    poison: str | None = None
    identity: tuple[str, str] | None = None


@dataclass(slots=True)
class Expected:
    """What must be found at the end, by the publishers' own references."""

    contacts: set[str] = field(default_factory=set)
    broken_in_routing: set[str] = field(default_factory=set)
    contracts: set[str] = field(default_factory=set)
    poison: dict[str, int] = field(default_factory=lambda: dict.fromkeys(POISON, 0))
    rejected: set[tuple[str, str]] = field(default_factory=set)
    rejected_without_identity: int = 0

    @property
    def matters(self) -> int:
        """Assigned matters: one for each contact that routing can act on."""
        return len(self.contacts) - len(self.broken_in_routing)

    @property
    def mails(self) -> int:
        """One to the officer and one to the party of each assigned matter."""
        return 2 * self.matters


def roster() -> list[Sent]:
    """The officers, known before the run."""
    return [_event(STAFF, "officer-changed", f"officer-{name}", name, _officer(name)) for name in OFFICERS]


def nameless_contact(reference: str) -> Sent:
    """One good contact of nobody who can be reached: only the officer will be told."""
    data = {**_contact(reference, "bygglov"), "person": {}}
    return _event(E_SERVICES, "contact-received", reference, reference, data)


def _officer(name: str) -> dict[str, Any]:
    return {
        "reference": name,
        "officer_id": name,
        "name": name.title(),
        "e_mail": f"{name}@kommun.example",
        "case_types": ["bygglov", "serv_stad", "ovrigt"],
    }


def plan(seed: int, count: int, poison_of_each: int) -> tuple[list[Sent], Expected]:
    """`count` inbound records in a random order, 1 % of them again, and the poison among them."""
    chance = random.Random(seed)
    expected = Expected()
    kinds = [*(kind for kind in POISON for _ in range(poison_of_each))]
    duplicates = count // 100
    good = count - duplicates - len(kinds)
    sent = [_good(number, chance, expected) for number in range(good)]
    again = chance.sample(sent, duplicates)
    sent += [_poisoned(kind, number, expected) for number, kind in enumerate(kinds)]
    chance.shuffle(sent)
    for one in again:
        sent.insert(chance.randrange(sent.index(one) + 1, len(sent) + 1), one)
    return sent, expected


def _good(number: int, chance: random.Random, expected: Expected) -> Sent:
    if number % 20 == 0:
        reference = f"avtal-{number}"
        expected.contracts.add(reference)
        return _event(FINANCE, "contract-signed", reference, reference, _contract(reference))
    reference = f"kontakt-{number}"
    expected.contacts.add(reference)
    company = f"company-{chance.randrange(500)}"
    case_type = chance.choice(["bygglov", "serv_stad", None])
    return _event(E_SERVICES, "contact-received", reference, company, _contact(reference, case_type))


def _contact(reference: str, case_type: str | None) -> dict[str, Any]:
    return {
        "reference": reference,
        "channel": "web",
        "received_at": "2026-11-24T08:00:00+01:00",
        "wish": "Vi undrar vad som gäller.",
        "person": {"e_mail": f"{reference}@company.example"},
        **({"case_type": case_type} if case_type else {}),
    }


def _contract(reference: str) -> dict[str, Any]:
    return {"reference": reference, "title": "Avtal", "owner_id": "ek", "ends_on": "2031-06-30"}


def _event(topic: str, short: str, event_id: str, key: str, data: Mapping[str, Any]) -> Sent:
    headers: Headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", event_id.encode()),
        ("ce_source", b"/seeded"),
        ("ce_type", TYPE.format(short).encode()),
        ("content-type", b"application/json"),
    ]
    return Sent(topic, key.encode(), json.dumps(data).encode(), headers, identity=("/seeded", event_id))


def _poisoned(kind: str, number: int, expected: Expected) -> Sent:
    """One bad record. Each kind has a key of its own, so that nobody good waits behind it."""
    expected.poison[kind] += 1
    reference = f"poison-{number}"
    sent = _event(E_SERVICES, "contact-received", reference, reference, _contact(reference, None))
    sent.poison = kind
    if kind == "handler bug":
        expected.contacts.add(reference)
        expected.broken_in_routing.add(reference)
        sent.value = json.dumps(_contact(reference, SWITCH)).encode()
        return sent
    if kind == "number too big":
        data = {**_contract(reference), "notice_months": 2**70}
        sent = _event(FINANCE, "contract-signed", reference, reference, data)
        sent.poison = kind
    elif kind == "broken JSON":
        sent.value = b'{"reference": "half of it'
    elif kind == "wrong schema":
        sent.value = json.dumps({"reference": reference, "channel": "pigeon"}).encode()
    elif kind == "no ce_id":
        sent.headers = [one for one in sent.headers if one[0] != "ce_id"]
        sent.identity = None
    else:
        sent.headers = [(name, _broken(name, value, number)) for name, value in sent.headers]
        sent.identity = None
    _note_rejection(sent, expected)
    return sent


def _broken(name: str, value: str | bytes | None, number: int) -> str | bytes | None:
    if name != "ce_source":
        return value
    return None if number % 2 else b"\xff\xfe not UTF-8"


def _note_rejection(sent: Sent, expected: Expected) -> None:
    if sent.identity is None:
        expected.rejected_without_identity += 1
    else:
        expected.rejected.add(sent.identity)
