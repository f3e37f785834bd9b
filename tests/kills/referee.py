"""The referee: reads doors and topics, and compares with what was written down before and what clients were told."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from tests.chaos.referee import Heard
from tests.kills.plan import WAYS, Expected

NAME = re.compile(r"\[((?:http|kafka|smtp)-\d{6})\]")
NUMBER = re.compile(r"K (\d{4})/(\d{6})")
HERE = ZoneInfo("Europe/Stockholm")
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was read after the run: each municipality's contacts from its door, and all that was ever said on topics."""

    contacts: Mapping[str, Sequence[Row]]
    heard: Sequence[Heard]
    told: Mapping[str, Sequence[str]]
    """The contacts that clients were told, by name."""


@dataclass(slots=True)
class Verdict:
    """What was found; all lists are empty when every promise was kept."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    kept: "Counter[str]" = field(default_factory=Counter)
    """How many contacts each way has, and each municipality."""

    @property
    def problems(self) -> list[str]:
        """All that is wrong."""
        return [*self.lost, *self.doubled, *self.gaps, *self.wrong]


def contacts_of(port: int, token: str, town: str) -> Iterator[Row]:
    """All contacts of a municipality, from the list that its receptionists have."""
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
        asked: dict[str, Any] = {"limit": 100}
        while True:
            page = client.get(f"http://127.0.0.1:{port}/intake/v1/{town}/contacts", params=asked).raise_for_status()
            yield from page.json()["items"]
            if (cursor := page.json()["next"]) is None:
                return
            asked["cursor"] = cursor


def judge(evidence: Evidence, expected: Expected) -> Verdict:
    """Compare what is there with what must be."""
    verdict, by_name = Verdict(), dict[str, list[str]]()
    for town, rows in evidence.contacts.items():
        found = _named(rows, verdict)
        _once(town, found, expected.names[town], verdict)
        _numbered(town, rows, verdict)
        by_name |= found
    _files([row for rows in evidence.contacts.values() for row in rows], expected, verdict)
    _as_told(by_name, evidence.told, verdict)
    _said(evidence, verdict)
    return verdict


def _named(rows: Sequence[Row], verdict: Verdict) -> dict[str, list[str]]:
    """The ids of the contacts by the name that stands in the wish."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        name = NAME.search(row["wish"] or "")
        if name is None:
            verdict.wrong.append(f"{row['contact_id']} was wanted by nobody")
        else:
            found[name[1]].append(row["contact_id"])
    return found


def _once(town: str, found: Mapping[str, Sequence[str]], wanted: Sequence[str], verdict: Verdict) -> None:
    verdict.kept[town] += sum(map(len, found.values()))
    for way in WAYS:
        verdict.kept[way] += sum(len(ids) for name, ids in found.items() if name.startswith(way))
    verdict.lost += [f"{town} {name} is lost" for name in sorted(set(wanted) - found.keys())]
    verdict.doubled += [f"{town} {name} is {len(ids)} contacts" for name, ids in found.items() if len(ids) > 1]
    verdict.wrong += [f"{town} {name} belongs elsewhere" for name in sorted(found.keys() - set(wanted))]


def _numbered(town: str, rows: Iterable[Row], verdict: Verdict) -> None:
    """In each year the numbers are 1, 2, 3, ..., each once, and of the year in which they were given."""
    years: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        number = NUMBER.fullmatch(row["number"] or "")
        given = datetime.fromisoformat(row["registered_at"]).astimezone(HERE)
        if number is None or int(number[1]) != given.year:
            verdict.wrong.append(f"{row['contact_id']} has the number {row['number']}")
        else:
            years[number[1]].append(int(number[2]))
    for year, numbers in years.items():
        missing = sorted(set(range(1, max(numbers) + 1)) - set(numbers))
        verdict.gaps += [f"{town}: K {year}/{one:06d} is nobody's" for one in missing]
        again = [one for one, count in Counter(numbers).items() if count > 1]
        verdict.doubled += [f"{town}: K {year}/{one:06d} is had by several" for one in again]


def _files(rows: Iterable[Row], expected: Expected, verdict: Verdict) -> None:
    """Those that came with the file have it once and whole, the others have none."""
    filed = set(expected.filed)
    for row in rows:
        name = NAME.search(row["wish"] or "")
        had = [one["sha256"] for one in row["attachments"]]
        if name and had != ([expected.sha256] if name[1] in filed else []):
            verdict.wrong.append(f"{name[1]} has {len(had)} files, or others")


def _as_told(found: Mapping[str, Sequence[str]], told: Mapping[str, Sequence[str]], verdict: Verdict) -> None:
    """Whatever a client was told, each time, is the one contact that is there."""
    for name, ids in told.items():
        if set(ids) != set(found.get(name, ())):
            verdict.wrong.append(f"{name}: clients were told {sorted(set(ids))}, there is {found.get(name)}")


def _said(evidence: Evidence, verdict: Verdict) -> None:
    """Each contact was said to be registered once: the same event again is no other; and nothing was refused."""
    events = {(one.subject, one.epoch, one.sequence) for one in evidence.heard if one.short == "contact-registered"}
    said = Counter(subject for subject, _, _ in events)
    there = {row["contact_id"] for rows in evidence.contacts.values() for row in rows}
    verdict.lost += [f"{one} was never said" for one in sorted(there - said.keys())]
    verdict.doubled += [f"{one} was said {count} times" for one, count in said.items() if count > 1]
    verdict.wrong += [f"{one} was said and is not there" for one in sorted(said.keys() - there)]
    kinds = Counter(one.short for one in evidence.heard)
    verdict.wrong += [f"{kinds[one]} times {one}" for one in ("inbound-rejected", "event-parked") if kinds[one]]
