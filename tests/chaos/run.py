"""One run from beginning to end: expectations, traffic and faults, quiet, gaps, a person's replay, and the verdict."""

import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from signal import SIGKILL
from typing import Any

import httpx

from tests.chaos import records
from tests.chaos.faults import order, wait_for_slot
from tests.chaos.records import OFFICERS, Expected, roster
from tests.chaos.referee import GAP, Evidence, judge, read_all
from tests.chaos.report import Report
from tests.chaos.site import Site, site
from tests.chaos.steps import STEPS
from tests.chaos.timeline import Form, timeline
from tests.waiting import until_sync

QUIET = 6.0
STILL = 30.0
"""After so long without a mail none comes soon: what was refused before is tried again after minutes."""
PATIENCE = 1_800.0


def run(form: Form, where: Path) -> Report:
    """The whole run in this folder; what it noted."""
    began = time.monotonic()
    sent, expected = records.plan(form.seed, form.events)
    written = expected.write(where / "expected.json")
    with site(where, form.instances, sent, random.Random(form.seed + 2)) as place:
        _introduce(place)
        recoveries = _trouble(form, place)
        _left_over(place)
        place.publish_until(form.events)
        place.flush()
        expected = records.read(where / "expected.json")
        _quiet(place, expected.mails_before_replay)
        notes = _replay_gaps(place, expected)
        _quiet(place, expected.mails)
        until_sync("every instance is ready", place.whole.all_ready, 60)
        return Report(
            form=form,
            written=written,
            verdict=judge(_evidence(place), expected),
            deaths=place.keeper.deaths,
            stuck=place.keeper.stuck,
            recoveries=recoveries,
            steps=Counter(fired.step for fired in place.orders.fired()),
            kept=(
                sum(1 for service in place.doors.ports for _ in _parked(place, service)),
                sum(expected.poison.values()),
            ),
            seconds=time.monotonic() - began,
            notes=notes,
        )


def tell(line: str) -> None:
    """Say how far it has come."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {line}\n")


def _introduce(place: Site) -> None:
    """The officers are known before the first contact comes."""
    place.publish(roster())
    place.flush()
    until_sync("the officers are known", lambda: _declared(place) > len(OFFICERS), 60)


def _declared(place: Site) -> int:
    heard = read_all(place.servers.kafka_url)
    return sum(one.short == "officer-declared" for one in heard)


def _trouble(form: Form, place: Site) -> list[tuple[str, float]]:
    recoveries = []
    for count, fault in timeline(form):
        place.publish_until(count)
        seconds = fault.strike(place)
        tell(f"{place.published:>6} published, {fault.name}" + (f": recovered in {seconds:.1f} s" if seconds else ""))
        if seconds is not None:
            recoveries.append((fault.name, seconds))
        if place.keeper.failed is not None:
            raise place.keeper.failed
    return recoveries


def _left_over(place: Site) -> None:
    """Steps that nobody has passed while the order stood are ordered once more, with the last of the traffic."""
    for service in place.doors.ports:
        wait_for_slot(place, service)
    left = sorted(set(STEPS) - {fired.step for fired in place.orders.fired()})
    for nth, step in enumerate(left):
        service = STEPS[step][-1]
        tell(f"once more: {step} in {service}")
        order(place, service, step, SIGKILL)
        place.publish_until(place.published + (len(place.sent) - place.published) // (len(left) - nth))
        wait_for_slot(place, service)


def _quiet(place: Site, mails: int) -> None:
    """Until so many mails are there and no more come. What waits for another attempt gets it: a day passes, twice."""
    _still(place, mails)
    for _ in range(2):
        if len(place.seen.ids) >= mails:
            return
        tell(f"{mails - len(place.seen.ids)} mails wait: a day passes")
        place.doors.call("operator", "POST", "notify", "development/clock", {"days": 1})
        _still(place, mails)


def _still(place: Site, mails: int) -> None:
    """Until no mail has come for a while; a shorter one when all are there."""
    last, since, end = -1, time.monotonic(), time.monotonic() + PATIENCE
    while time.monotonic() < end:
        place.seen.look()
        if place.seen.total != last:
            last, since = place.seen.total, time.monotonic()
            tell(f"{len(place.seen.ids)} of {mails} mails")
        if time.monotonic() - since > (QUIET if len(place.seen.ids) >= mails else STILL):
            return
        time.sleep(1)


def _replay_gaps(place: Site, expected: Expected) -> list[str]:
    """What stands behind a hole has sent nothing; then a person replays it through the door."""
    early = place.seen.addresses & {f"{name}@company.example" for name in expected.holes}
    notes = [f"{name} got a mail although an event was missing" for name in sorted(early)]
    for service in ("notify", "intake"):
        gaps = [one for one in _parked(place, service) if one["reason_en"].startswith(GAP)]
        for one in gaps:
            place.doors.call("operator", "POST", service, f"parked/{one['id']}/replay", {"reason": "looked into"})
        if len(gaps) != len(expected.holes):
            notes.append(f"{len(gaps)} gaps waited for a person in {service}, expected {len(expected.holes)}")
    return notes


def _kept(place: Site) -> int:
    return sum(1 for service in place.doors.ports for _ in _parked(place, service))


def _parked(place: Site, service: str) -> Iterator[Mapping[str, Any]]:
    """What waits for a person in a service, asked through its door."""
    cursor = ""
    while cursor is not None:
        page = place.doors.call("operator", "GET", service, f"parked?limit=100{cursor and f'&cursor={cursor}'}")
        yield from page["items"]
        cursor = page["next"]


def _evidence(place: Site) -> Evidence:
    tray = place.seen.tray
    mails = tray.newest(tray.total())
    again = [name for name, count in Counter(mail["MessageID"] for mail in mails).items() if count > 1]
    unknown = {name for name in again if _says_unknown(place, name.partition("@")[0])}
    return Evidence(read_all(place.servers.kafka_url), mails, unknown)


def _says_unknown(place: Site, message_id: str) -> bool:
    """Whether the ledger of a message says of an attempt that nobody knows its outcome."""
    try:
        return bool(place.doors.call("operator", "GET", "notify", f"messages/{message_id}")["unknown_outcomes"])
    except httpx.HTTPStatusError:
        return False
