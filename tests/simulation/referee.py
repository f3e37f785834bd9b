"""The referee: what must have come of it, worked out from the list of what was published, never from our code."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from shared.platform.database import Document
from tests.simulation.broker import Place
from tests.simulation.script import INBOX, KEYS, LETTERS, Put, Script
from tests.simulation.world import Published, World

Lane = tuple[str, str]
"""A topic and a box."""


@dataclass(slots=True)
class Expected:
    """What must be there at the end. `may_tell` was perhaps parked, depending on who came first."""

    did: dict[Lane, list[str]] = field(default_factory=dict)
    promises: dict[str, int] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    parked: set[str] = field(default_factory=set)
    rejected: set[str] = field(default_factory=set)
    may_tell: set[str] = field(default_factory=set)


def expected(published: list[Published], hopeless: set[Put]) -> Expected:
    """Fold what was published, in the order of the topics, once for each event."""
    told = Expected()
    heard: dict[Lane, set[int]] = {}
    for one in published:
        put = one.put
        numbers = heard.setdefault((put.topic, put.box), set())
        if put.trouble != "unreadable" and put.number in numbers:
            continue
        missing = put.topic != INBOX and set(range(1, put.number)) - numbers
        numbers.add(put.number)
        if put.topic != INBOX and put.trouble != "unreadable":
            numbers.update(range(1, put.number))
        _note(told, one, bool(missing), put in hopeless)
    return told


def _note(told: Expected, one: Published, gap: bool, lost: bool) -> None:
    put = one.put
    if put.topic == INBOX and lost:
        told.rejected.add(one.parking_id)
    elif put.trouble == "unreadable" or gap or put.trouble in ("no", "big"):
        told.parked.add(one.parking_id)
    elif put.trouble in ("bug", "key"):
        told.may_tell.add(one.parking_id)
    if put.topic == KEYS:
        told.keys.add(put.box)
    elif not lost:
        told.did.setdefault((put.topic, put.box), []).append(put.letter)
        told.promises[put.box] = told.promises.get(put.box, 0) + (put.trouble == "promise")


def judged(script: Script, world: World) -> list[str]:
    """Every promise that was broken, in words."""
    if any("rest" in breach for breach in world.breaches):
        return world.breaches
    told = expected(world.published, world.hopeless)
    return [
        *world.breaches,
        *_boxes(script, world, told),
        *_chain(world),
        *_topic(world),
        *_kept_aside(world, told),
        *_at_rest(world),
    ]


def _boxes(script: Script, world: World, told: Expected) -> Iterator[str]:
    """Nothing lost, nothing twice, one order."""
    boxes = {row["_id"]: row for row in world.servers["sorting"].all("boxes")}
    rounds = {row["_id"]: row["did"] for row in world.servers["carrying"].all("rounds")}
    for box in sorted({put.box for put in script.puts} | {ask.box for ask in script.asks}):
        row = boxes.get(box, {"did": [], "key": False, "made": 0})
        for topic in (LETTERS, INBOX):
            did = [letter for letter in row["did"] if letter.startswith(f"{topic.split('.')[0]}-")]
            if did != told.did.get((topic, box), []):
                yield f"{box} should have done {told.did.get((topic, box), [])} and did {did}"
        asked = sorted(ask.letter for ask in script.asks if ask.box == box)
        if sorted(letter for letter in row["did"] if letter.startswith("door-")) != asked:
            yield f"{box} was asked {asked} at the door and did {row['did']}"
        if row["key"] != (box in told.keys):
            yield f"{box}: the key is lost, or from nowhere"
        if rounds.get(box, []) != row["did"]:
            yield f"carrying did {rounds.get(box)} of {box} where sorting did {row['did']}"
        yield from _promises(box, row, told)


def _promises(box: str, row: Document, told: Expected) -> Iterator[str]:
    """Each promise is kept, once."""
    made = told.promises.get(box, 0)
    kept = [int(letter.split("-")[1]) for letter in row["did"] if letter.startswith("reminded-")]
    if row["made"] != made or kept != sorted(set(kept)) or (kept[-1:] or [0]) != [made]:
        yield f"{box} made {made} promises and kept {kept}"


def _chain(world: World) -> Iterator[str]:
    """What was said is numbered without a hole, and each entry is linked to the one before."""
    journal = {(row["_id"]["k"], row["_id"]["s"]): row for row in world.servers["sorting"].all("journal")}
    said = {(f"sorting.letters.v1|{box}", s): record for box, s, record in _said(world)}
    for row in world.servers["sorting"].all("boxes"):
        key, before = f"sorting.letters.v1|{row['_id']}", b""
        for nth, letter in enumerate(row["did"], 1):
            entry, record = journal.pop((key, nth), None), said.get((key, nth))
            if entry is None or record is None:
                yield f"{row['_id']}: number {nth} is missing in the journal or on the topic"
                break
            value, identity = record
            link = hashlib.sha256(before + identity + value).digest()
            if json.loads(value)["letter"] != letter or entry["before"] != before or entry["link"] != link:
                yield f"{row['_id']}: number {nth} of the journal does not fit"
            before = link
    if journal:
        yield f"the journal tells of what never was: {sorted(journal)}"


def _said(world: World) -> Iterator[tuple[str, int, tuple[bytes, bytes]]]:
    """What others can read of what sorting said: box, number, value and id."""
    for place in [one for one in world.broker.logs if one.topic == "sorting.letters.v1"]:
        for record in world.broker.stable(place, 0):
            headers = dict(record.headers)
            number = int(headers["ce_sequence"] or b"0")
            yield (record.key or b"").decode(), number, (record.value or b"", headers["ce_id"] or b"")


def _topic(world: World) -> Iterator[str]:
    """On the topic nobody's events begin out of order, no number says two things, and the newest lies last."""
    seen: dict[str, dict[int, bytes]] = {}
    last: dict[str, int] = {}
    for box, number, (value, _) in _said(world):
        numbers = seen.setdefault(box, {})
        if number not in numbers and number != len(numbers) + 1:
            yield f"{box}: number {number} was published after {len(numbers)}"
        if numbers.setdefault(number, value) != value:
            yield f"{box}: number {number} says two things"
        last[box] = number
    for box, number in last.items():
        if number != max(seen[box]):
            yield f"{box}: an old number {number} lies behind the newest, {max(seen[box])}"


def _kept_aside(world: World, told: Expected) -> Iterator[str]:
    """What could not be acted on is kept once, and told once."""
    rows = {row["_id"] for row in world.servers["sorting"].all("parked")}
    if lost := (told.parked | told.rejected) - rows:
        yield f"not kept aside: {sorted(lost)}"
    parked, rejected = (
        _told(world, "sorting.parked.v1", "parking_id"),
        _told(world, "sorting.rejections.v1", "rejection_id"),
    )
    if not told.parked <= set(parked) <= told.parked | told.may_tell or len(parked) != len(set(parked)):
        yield f"told as parked: {parked}, should be {sorted(told.parked)}, may be {sorted(told.may_tell)}"
    if sorted(rejected) != sorted(told.rejected):
        yield f"told back: {rejected}, should be {sorted(told.rejected)}"


def _told(world: World, topic: str, member: str) -> list[str]:
    """What was told on a topic; the same event again (the same id and value) is not told again."""
    place = Place(topic, 0)
    records = world.broker.stable(place, 0) if place in world.broker.logs else []
    events = {(dict(record.headers)["ce_id"], record.value): record.value for record in records}
    return [json.loads(value or b"{}")[member] for value in events.values()]


def _at_rest(world: World) -> Iterator[str]:
    """At the end no lane waits, and only what was told back lies open."""
    for service, server in world.servers.items():
        for row in server.all("lanes"):
            if row["b"]:
                yield f"{service}: {row['_id']} waits for {row['b']} that are not there"
        if server.all("outbox_aside") or (service == "carrying" and server.all("parked")):
            yield f"{service} has put something aside that was well: {server.all('parked')}"
