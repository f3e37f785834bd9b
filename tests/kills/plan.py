"""What is to be registered, by which way and where: drawn from a seed, and written down before anything is sent."""

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

Way = Literal["http", "kafka", "smtp"]
WAYS: tuple[Way, ...] = ("http", "kafka", "smtp")
TOWNS = ("1460", "1438")
COMPANIES = 40
"""So few that the three ways meet at the same parties and threads all the time."""
NAMED, FILED, AGAIN = 0.6, 0.1, 0.05
FILE = b"%PDF-1.7\n" + bytes(range(256)) * 40


@dataclass(frozen=True, slots=True)
class Form:
    """The size of a run: half of the kills are at named steps, in turn; at those of intake when none are chosen."""

    seed: int
    events: int
    kills: int
    instances: int
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """One registration that somebody wants once, however often it is sent; its name stands in the wish."""

    way: Way
    town: str
    name: str
    company: str | None
    has_file: bool
    again: bool
    """Sent once more, although it was taken."""

    @property
    def wish(self) -> str:
        """What the company says."""
        return f"Vi vill öppna en uteservering. [{self.name}]"


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be found: the names of each municipality's contacts, and which of them have the file."""

    names: Mapping[str, Sequence[str]]
    filed: Sequence[str]
    sha256: str

    def write(self, file: Path) -> str:
        """Write it down, and return the hash of what was written."""
        file.write_text(json.dumps(asdict(self), indent=1, sort_keys=True))
        return hashlib.sha256(file.read_bytes()).hexdigest()

    @classmethod
    def read(cls, file: Path) -> "Expected":
        """What was written down."""
        return cls(**json.loads(file.read_text()))


def plan(form: Form) -> tuple[list[Wanted], Expected]:
    """All that is wanted, the three ways in turn, and what must come of it."""
    chance = random.Random(form.seed)
    companies = [organisation_number(chance) for _ in range(COMPANIES)]
    wanted = [_wanted(number, companies, chance) for number in range(form.events)]
    names = {town: [one.name for one in wanted if one.town == town] for town in TOWNS}
    filed = [one.name for one in wanted if one.has_file]
    return wanted, Expected(names, filed, hashlib.sha256(FILE).hexdigest())


def _wanted(number: int, companies: Sequence[str], chance: random.Random) -> Wanted:
    way = WAYS[number % len(WAYS)]
    company = chance.choice(companies) if way != "smtp" and chance.random() < NAMED else None
    has_file = way == "smtp" and chance.random() < FILED
    return Wanted(way, chance.choice(TOWNS), f"{way}-{number:06d}", company, has_file, chance.random() < AGAIN)


def organisation_number(chance: random.Random) -> str:
    """A limited company's number, with its check digit (Luhn)."""
    nine = f"55{chance.randrange(10**7):07d}"
    doubled = [int(digit) * (2 - nth % 2) for nth, digit in enumerate(nine)]
    return f"{nine}{-sum(each // 10 + each % 10 for each in doubled) % 10}"
