"""A run as data: what is published, asked and broken, and when. A seed makes one, and so does a hand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Literal

Topic = Literal["sending.letters.v1", "sending.keys.v1", "inbox.citizen.v1"]
Trouble = Literal["", "bug", "no", "key", "big", "unreadable", "promise"]
Kind = Literal["crash before", "crash after", "cut before", "cut after", "race", "stall before", "stall after"]

LETTERS: Topic = "sending.letters.v1"
KEYS: Topic = "sending.keys.v1"
INBOX: Topic = "inbox.citizen.v1"
KINDS: tuple[Kind, ...] = (
    "crash before",
    "crash after",
    "cut before",
    "cut after",
    "race",
    "stall before",
    "stall after",
)
TROUBLES: tuple[Trouble, ...] = ("bug", "no", "key", "big", "unreadable", "promise")
_BATCH = (
    "find positions",
    "end session",
    "change positions",
    "poll",
    "find lanes",
    "update positions *",
    "update lanes *",
    "commit",
    "commit offsets",
)
_RELAY = ("change leases", "begin producing", "find outbox", "produce", "transaction kept", "delete outbox")
_SENDING = ("find outbox", "produce", "transaction kept")
_FIRST = ("update positions *", "update boxes *")  # between what was read and the transaction's snapshot
_STATE = ("find boxes *", "update boxes *", "insert outbox *", "insert journal *", "commit")
_PARKED = ("find parked", "update parked *", "find parked *")
CALLS = {
    "sorting": (*_BATCH, *_RELAY, *_RELAY, *_STATE, *_PARKED, "find boxes", "find inbound", "insert inbound *"),
    "carrying": (*_BATCH, "find rounds", "update rounds *"),
    "desk": (*_STATE, "insert requests *"),
    "person": (*_STATE, *_PARKED, "update lanes *"),
}
"""The calls to servers that processes make, by what runs in them."""
BOXES = ("1460-a", "1460-b", "1460-c")
CHAOS = 2.2
"""Seconds after which nothing is broken any more."""


@dataclass(frozen=True, slots=True, order=True)
class Put:
    """A record that somebody publishes at a moment. `number` is its sequence, or what its inbound id is made of."""

    at: float
    topic: Topic
    box: str
    number: int
    trouble: Trouble = ""
    again: bool = False

    @property
    def letter(self) -> str:
        """What the handler writes down: the same for each copy of the same record."""
        return f"{self.topic.split('.')[0]}-{self.number}"


@dataclass(frozen=True, slots=True, order=True)
class Ask:
    """A request at the door, under its own key, sent until it is answered."""

    at: float
    box: str
    number: int

    @property
    def letter(self) -> str:
        """What the door writes down."""
        return f"door-{self.number}"


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """What befalls a slot's process at its `nth` call of a kind, "" for any: a crash, a cut line, a standstill."""

    slot: str
    what: str
    nth: int
    kind: Kind
    lasts: float = 0.0


@dataclass(frozen=True, slots=True, order=True)
class Jump:
    """The clock of the service, not of the machine, goes forward."""

    at: float
    hours: int


@dataclass(frozen=True, slots=True)
class Script:
    """Everything that a run depends on. `jitter` off: each call takes a millisecond, and polls take all there is."""

    seed: int
    puts: Sequence[Put] = ()
    asks: Sequence[Ask] = ()
    faults: Sequence[Fault] = ()
    jumps: Sequence[Jump] = ()
    sorters: int = 1
    carriers: int = 1
    mended_at: float = CHAOS
    jitter: bool = True

    def told(self) -> str:
        """The script for people."""
        head = f"seed {self.seed}: {self.sorters} sorting, {self.carriers} carrying, mended after {self.mended_at} s"
        puts = [
            f"  {put.at:.3f} s  {put.topic} {put.box} number {put.number} {put.trouble} {'again' * put.again}"
            for put in self.puts
        ]
        asks = [f"  {ask.at:.3f} s  at the door: {ask.box} {ask.letter}" for ask in self.asks]
        jumps = [f"  {jump.at:.3f} s  the clock goes forward {jump.hours} h" for jump in self.jumps]
        faults = [
            f"  {fault.slot}, call {fault.nth} {fault.what!r}: {fault.kind}"
            + (f" for {fault.lasts} s" if fault.kind.startswith("stall") else "")
            for fault in self.faults
        ]
        return "\n".join([head if self.jitter else f"{head}, without jitter", *puts, *asks, *jumps, *faults])


@dataclass(frozen=True, slots=True)
class Theme:
    """What a seed is about: each kind of trouble gets worlds in which there is much of it, and little else."""

    kinds: Sequence[Kind] = KINDS
    stalls: Sequence[float] = (0.15, 0.7, 1.5)
    sorters: Sequence[int] = (1, 1, 2)
    asks: Sequence[int] = (0, 0, 1, 2)
    most_faults: int = 6
    calls: Mapping[str, Sequence[str]] = field(default_factory=lambda: CALLS)


MIXED = Theme()
CRASHES = Theme(kinds=("crash before", "crash after"), most_faults=8)
CUTS = Theme(kinds=("cut before", "cut after", "race"), most_faults=8)
STALLS = Theme(kinds=("stall before", "stall after"), stalls=(0.7, 1.5), sorters=(2,))
ZOMBIES = Theme(("stall before",), stalls=(1.4,), sorters=(2,), asks=(2, 4), calls={"sorting": _SENDING})
CROWDS = Theme(("stall before",), stalls=(0.02, 0.1), asks=(2, 4), calls={"sorting": _FIRST, "desk": _FIRST})
THEMES = (MIXED, CRASHES, CUTS, STALLS, ZOMBIES, CROWDS)


def script(seed: int, theme: Theme | None = None) -> Script:
    """The script of a seed, about one theme or any."""
    random = Random(seed)
    about = random.choice(THEMES)
    theme = theme or about
    boxes = BOXES[: random.choice((1, 1, 2, 2, 3))]
    sorters, carriers = random.choice(theme.sorters), random.choice((1, 1, 2))
    puts = tuple(sorted(_puts(random, boxes)))
    return Script(
        seed,
        puts=puts,
        asks=tuple(_asks(random, puts, random.choice(theme.asks))),
        faults=tuple(sorted(_faults(random, theme, sorters, carriers))),
        jumps=tuple(Jump(random.uniform(0.2, 1.5), random.choice((1, 200))) for _ in range(random.choice((0, 0, 1)))),
        sorters=sorters,
        carriers=carriers,
        mended_at=random.choice((0.8, CHAOS)),
    )


def _puts(random: Random, boxes: Sequence[str]) -> list[Put]:
    puts: list[Put] = []
    for box in boxes:
        letters = _stream(random, LETTERS, box, random.randint(1, 4), TROUBLES)
        if random.random() < 0.2 or any(put.trouble == "key" for put in letters):
            puts += _stream(random, KEYS, box, random.randint(1, 2), ())
        puts += letters
        puts += _stream(random, INBOX, box, random.choice((0, 0, 1, 2)), ("bug", "no", "big"))
    return puts


def _asks(random: Random, puts: Sequence[Put], count: int) -> Iterator[Ask]:
    """At the door comes what concerns a box just as its letters come."""
    for number in range(count):
        put = random.choice(puts)
        yield Ask(put.at + random.uniform(0, 0.01), put.box, number)


def _stream(random: Random, topic: Topic, box: str, count: int, troubles: Sequence[Trouble]) -> list[Put]:
    """One box's records in their order, some in trouble, some twice, and now and then one that never comes."""
    at, puts = random.uniform(0, 0.5), list[Put]()
    skipped = random.randint(1, count) if topic == LETTERS and random.random() < 0.15 else 0
    for number in range(1, count + 1):
        at += random.choice((0.0, 0.0, 0.1, 0.3))
        trouble: Trouble = random.choice(troubles) if troubles and random.random() < 0.25 else ""
        one = Put(at, topic, box, number + (skipped > 0 and number >= skipped), trouble)
        puts.append(one)
        if trouble != "unreadable" and random.random() < 0.15:
            puts.append(replace(one, at=at + random.choice((0.0001, 0.5)), again=True))
    return puts


def _faults(random: Random, theme: Theme, sorters: int, carriers: int) -> list[Fault]:
    """As likely at a rare call as at a frequent one, and rather early than late."""
    all_slots = [
        *(f"sorting-{n}" for n in range(sorters)),
        *(f"carrying-{n}" for n in range(carriers)),
        "desk",
        "person",
    ]
    slots = [slot for slot in all_slots if slot.split("-")[0] in theme.calls]
    return [_fault(random, theme, random.choice(slots)) for _ in range(random.randint(1, theme.most_faults))]


def _fault(random: Random, theme: Theme, slot: str) -> Fault:
    what = random.choice(theme.calls[slot.split("-")[0]])
    nth = 1 + int(7 * random.random() ** 2)
    return Fault(slot, what, nth, random.choice(theme.kinds), random.choice(theme.stalls))
