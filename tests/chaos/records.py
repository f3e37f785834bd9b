"""What the run publishes, and what must come of it: written to a file before anything is published."""

import hashlib
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

E_SERVICES, FINANCE, STAFF = "inbox.e-services.v1", "inbox.finance.v1", "inbox.staff.v1"
TYPE = "se.kommunkontakt.inbox.{}.v1"
FAULTY = "fel_i_programmet"
"""The case type on which routing's handler fails, as a bad release would."""
VANISHING = "post_som_forsvinner"
"""The case type of matters whose opening is taken out of routing's outbox before the relay sees it."""
OFFICERS = ("ek", "lund", "holm", "vik")
COORDINATOR = "samordnare"
"""Who hears alone that a contact of the run has waited too long: days pass in it."""
POISON = ("broken JSON", "broken headers", "no ce_id", "wrong schema", "number too big", "handler bug")
POISONED = 0.005
DUPLICATES = 0.02
HOLES = 0.001
REVISED = 4
"""So many contracts are told of again and again, with a new title each time: their order shows."""
PAST, FAR = "2026-06-30", "2096-06-29"
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
    contact: str | None = None
    """The reference of a good contact: its party gets one mail."""


@dataclass(slots=True)
class Expected:
    """What must be found at the end, by the publishers' own references."""

    contacts: list[str] = field(default_factory=list)
    faulty: list[str] = field(default_factory=list)
    """Contacts on which routing fails."""
    holes: list[str] = field(default_factory=list)
    """Contacts of whose matter one event is removed on purpose."""
    contracts: dict[str, list[str]] = field(default_factory=dict)
    """The titles of each contract, in the order they were told."""
    due: list[str] = field(default_factory=list)
    """Contracts for which the time to procure has come."""
    poison: dict[str, int] = field(default_factory=lambda: dict.fromkeys(POISON, 0))
    rejected: list[str] = field(default_factory=list)
    """The ids of records that are told back by name."""
    nameless: int = 0
    """How many are told back although nobody can say what they were called."""

    @property
    def assigned(self) -> list[str]:
        """Contacts that become an assigned matter."""
        return sorted(set(self.contacts) - set(self.faulty))

    @property
    def mails(self) -> int:
        """One to the officer and one to the party of each assigned matter, one to the owner of each due contract."""
        return 2 * len(self.assigned) + len(self.due)

    @property
    def mails_before_replay(self) -> int:
        """Until a person has replayed what stands behind a hole."""
        return self.mails - 2 * len(self.holes)

    def write(self, file: Path) -> str:
        """Write it down, and return the hash of what was written."""
        file.write_text(json.dumps(asdict(self), indent=1, sort_keys=True))
        return hashlib.sha256(file.read_bytes()).hexdigest()


def read(file: Path) -> Expected:
    """What was written down."""
    return Expected(**json.loads(file.read_text()))


def roster() -> list[Sent]:
    """The officers who are known before the run."""
    officers = [_officer(name, ["bygglov", "serv_stad", "ovrigt"]) for name in OFFICERS]
    return [*officers, _officer(COORDINATOR, [], coordinator=True)]


def nameless_contact(reference: str) -> Sent:
    """One good contact of nobody who can be reached: only the officer will be told."""
    data = {**_received(reference, "bygglov"), "person": {}}
    return _event(E_SERVICES, "contact-received", reference, reference, data)


def plan(seed: int, count: int) -> tuple[list[Sent], Expected]:
    """`count` inbound records: good ones, 0.5 % poison, events to be removed, and 2 % of the good ones again."""
    chance, expected = random.Random(seed), Expected()
    bad = [*_poison(max(len(POISON), round(count * POISONED)), expected), *_holes(round(count * HOLES), expected)]
    duplicates = round(count * DUPLICATES)
    good = count - duplicates - len(bad)
    sent = [_good(number, good, chance, expected) for number in range(good)]
    again = chance.sample([one for one in sent if one.topic != STAFF], duplicates)
    for one in bad:
        sent.insert(chance.randrange(len(sent)), one)
    for one in again:
        sent.insert(chance.randrange(sent.index(one) + 1, len(sent) + 1), one)
    return sent, expected


def _good(number: int, count: int, chance: random.Random, expected: Expected) -> Sent:
    """Of each thirty: two contracts that are due, one whose owner is known fifteen records later, and two revisions of
    older contracts; the rest are contacts."""
    place = number % 30
    if place in (3, 18):
        return _due(f"avtal-{number}", "ek", expected)
    if place == 7 and number + 15 < count:
        return _due(f"avtal-{number}", f"sen-{number}", expected)
    if place == 22 and number > 15:
        return _officer(f"sen-{number - 15}", [])
    if place in (10, 25):
        return _revised(f"rorligt-{chance.randrange(REVISED)}", number, expected)
    case_type = chance.choice(["bygglov", "serv_stad", None])
    return _contact(f"kontakt-{number}", f"company-{chance.randrange(500)}", case_type, expected)


def _due(reference: str, owner: str, expected: Expected) -> Sent:
    expected.contracts[reference] = ["Avtal"]
    expected.due.append(reference)
    return _event(FINANCE, "contract-signed", reference, reference, _contract(reference, owner, "Avtal", PAST))


def _revised(reference: str, number: int, expected: Expected) -> Sent:
    title = f"Avtal, lydelse {number}"
    expected.contracts.setdefault(reference, []).append(title)
    return _event(
        FINANCE, "contract-signed", f"{reference}-{number}", reference, _contract(reference, "ek", title, FAR)
    )


def _contact(reference: str, key: str, case_type: str | None, expected: Expected) -> Sent:
    expected.contacts.append(reference)
    sent = _event(E_SERVICES, "contact-received", reference, key, _received(reference, case_type))
    sent.contact = None if case_type in (FAULTY, VANISHING) else reference
    return sent


def _received(reference: str, case_type: str | None) -> dict[str, Any]:
    return {
        "reference": reference,
        "channel": "web",
        "received_at": "2026-11-24T08:00:00+01:00",
        "wish": "Vi undrar vad som gäller.",
        "person": {"e_mail": f"{reference}@company.example"},
        **({"case_type": case_type} if case_type else {}),
    }


def _contract(reference: str, owner: str, title: str, ends_on: str) -> dict[str, Any]:
    return {"reference": reference, "title": title, "owner_id": owner, "ends_on": ends_on}


def _officer(name: str, case_types: list[str], *, coordinator: bool = False) -> Sent:
    told = {"reference": name, "officer_id": name, "name": name.title(), "e_mail": f"{name}@kommun.example"}
    return _event(
        STAFF,
        "officer-changed",
        f"officer-{name}",
        name,
        {**told, "case_types": case_types, "coordinator": coordinator},
    )


def _event(topic: str, short: str, event_id: str, key: str, data: Mapping[str, Any]) -> Sent:
    headers: Headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", event_id.encode()),
        ("ce_source", b"/seeded"),
        ("ce_type", TYPE.format(short).encode()),
        ("content-type", b"application/json"),
    ]
    return Sent(topic, key.encode(), json.dumps(data).encode(), headers, identity=("/seeded", event_id))


def _holes(count: int, expected: Expected) -> list[Sent]:
    """Contacts of which one event will be missing; at least two."""
    names = [f"forsvinner-{number}" for number in range(max(2, count))]
    expected.holes += names
    return [_contact(name, name, VANISHING, expected) for name in names]


def _poison(count: int, expected: Expected) -> list[Sent]:
    return [_poisoned(POISON[number % len(POISON)], f"poison-{number}", expected) for number in range(count)]


def _poisoned(kind: str, reference: str, expected: Expected) -> Sent:
    """One bad record. Each has a key of its own, so that nobody good waits behind it."""
    nth = expected.poison[kind]
    expected.poison[kind] += 1
    sent = KINDS[kind](reference, nth, expected)
    sent.poison = kind
    if kind == "handler bug":
        expected.faulty.append(reference)
    elif sent.identity is None:
        expected.nameless += 1
    else:
        expected.rejected.append(sent.identity[1])
    return sent


def _faulty(reference: str, nth: int, expected: Expected) -> Sent:
    return _contact(reference, reference, FAULTY, expected)


def _too_big(reference: str, nth: int, expected: Expected) -> Sent:
    data = {**_contract(reference, "ek", "Avtal", FAR), "notice_months": 2**70}
    return _event(FINANCE, "contract-signed", reference, reference, data)


def _broken_json(reference: str, nth: int, expected: Expected) -> Sent:
    sent = _bad_contact(reference)
    sent.value = b'{"reference": "half of it'
    return sent


def _wrong_schema(reference: str, nth: int, expected: Expected) -> Sent:
    sent = _bad_contact(reference)
    sent.value = json.dumps({"reference": reference, "channel": "pigeon"}).encode()
    return sent


def _no_id(reference: str, nth: int, expected: Expected) -> Sent:
    sent = _bad_contact(reference)
    sent.headers = [one for one in sent.headers if one[0] != "ce_id"]
    sent.identity = None
    return sent


def _broken_headers(reference: str, nth: int, expected: Expected) -> Sent:
    sent = _bad_contact(reference)
    broken = None if nth % 2 else b"\xff\xfe not UTF-8"
    sent.headers = [(name, broken if name == "ce_source" else value) for name, value in sent.headers]
    sent.identity = None
    return sent


def _bad_contact(reference: str) -> Sent:
    return _event(E_SERVICES, "contact-received", reference, reference, _received(reference, None))


KINDS: Mapping[str, Callable[[str, int, Expected], Sent]] = {
    "broken JSON": _broken_json,
    "broken headers": _broken_headers,
    "no ce_id": _no_id,
    "wrong schema": _wrong_schema,
    "number too big": _too_big,
    "handler bug": _faulty,
}
