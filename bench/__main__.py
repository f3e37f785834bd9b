"""`python -m bench [PART...]`: what the promises cost, measured on servers of its own; exit 1 when a bar is missed.

Without a part all of them, one after the other. Each part is told in bench/README.md.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from pymongo import monitoring

from bench.door import commands, doors
from bench.find import finding
from bench.first_page import first_pages
from bench.latency import latencies
from bench.million import million
from bench.outbox_watch import OUTBOX_WATCH
from bench.peers.race import race_of_peers
from bench.pipeline import cost_of_batches, pipeline
from bench.recovery import recovery
from bench.registering import registering
from bench.relay import race_of_relays
from bench.report import Bar, machine, told
from bench.round import WATCH
from bench.story import story
from stack.problem import Problem
from stack.testing import Servers, start_servers

MISSED, COMPLAINT = 1, 2
QUICK_MATTERS, MATTERS = 20_000, 1_000_000
QUICK_CONTACTS, CONTACTS = 20_000, 1_000_000

Part = Callable[[Servers, Path, bool], list[Bar]]
"""Measures on these servers, in this folder, quickly or in full; returns its bars."""


def _cost(servers: Servers, where: Path, quick: bool) -> list[Bar]:
    batches = asyncio.run(cost_of_batches(servers))
    return [*batches, asyncio.run(commands(servers, where))]


def _pipeline(servers: Servers, where: Path, quick: bool) -> list[Bar]:
    return asyncio.run(pipeline(servers, quick))


def _relay(servers: Servers, where: Path, quick: bool) -> list[Bar]:
    rounds, count = (7, 5_000) if quick else (9, 20_000)
    return asyncio.run(race_of_relays(servers, rounds, count))


def _latency(servers: Servers, where: Path, quick: bool) -> list[Bar]:
    rounds, seconds = (2, 3.0) if quick else (5, 5.0)
    return asyncio.run(latencies(servers, rounds, seconds))


def _door(servers: Servers, where: Path, quick: bool) -> list[Bar]:
    rounds, seconds = (2, 4.0) if quick else (4, 8.0)
    return doors(servers, where, rounds, seconds)


def _story(servers: Servers, where: Path, quick: bool) -> list[Bar]:
    return story(servers, where, 20.0 if quick else 300.0)


def _million(servers: Servers, where: Path, quick: bool) -> list[Bar]:
    count, turns, seconds = (QUICK_MATTERS, 2, 4.0) if quick else (MATTERS, 5, 8.0)
    return asyncio.run(million(servers, where, count, turns, seconds))


def _recovery(servers: Servers, where: Path, quick: bool) -> list[Bar]:
    return recovery(servers, where, 1 if quick else 4)


def _find(servers: Servers, where: Path, quick: bool) -> list[Bar]:
    return asyncio.run(finding(servers, quick))


def _register(servers: Servers, where: Path, quick: bool) -> list[Bar]:
    seconds, beside = (20.0, 10.0) if quick else (300.0, 60.0)
    return registering(servers, where, seconds, beside)


def _pages(servers: Servers, where: Path, quick: bool) -> list[Bar]:
    count, asks = (QUICK_CONTACTS, 100) if quick else (CONTACTS, 500)
    return first_pages(servers, where, count, asks)


def _peers(servers: Servers, where: Path, quick: bool) -> list[Bar]:
    asyncio.run(race_of_peers(servers, 1 if quick else 3, 6_000 if quick else 24_000))
    return []


PARTS: Mapping[str, Part] = {
    "cost": _cost,
    "pipeline": _pipeline,
    "relay": _relay,
    "latency": _latency,
    "door": _door,
    "story": _story,
    "recovery": _recovery,
    "find": _find,
    "register": _register,
    "pages": _pages,
    "peers": _peers,
    "million": _million,
}
GATE = ("cost", "relay", "story")
"""What gates on any machine, in three minutes: counts, the one ratio that is steady in small, no mail lost or twice,
and what the services hold in memory.
"""


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    options.add_argument("part", nargs="*", help=f"one of {', '.join(PARTS)}; without any all of them")
    options.add_argument("--quick", action="store_true", help="smaller and shorter: to try, not to tell figures from")
    options.add_argument("--gate", action="store_true", help=f"only what every change must hold: {', '.join(GATE)}")
    given = options.parse_args()
    unknown = set(given.part) - set(PARTS)
    if unknown:
        options.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return given


def run(part: str, quick: bool) -> list[Bar]:
    """One part on fresh servers; one that cannot be measured to its end is a bar missed, and the others follow."""
    print(f"\n== {part}", flush=True)
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as folder, start_servers(Path(folder) / "servers") as servers:
            bars = PARTS[part](servers, Path(folder) / "install", quick)
    except (AssertionError, TimeoutError, RuntimeError) as error:
        bars = [Bar(False, f"{part} was not measured to its end: {error or type(error).__name__}")]
    print(*told(bars), f"({time.monotonic() - began:.0f} s)", sep="\n", flush=True)
    return bars


def main() -> None:
    """Measure, tell, and exit 1 when a bar that gates was missed."""
    given = _options()
    parts = GATE if given.gate else given.part or PARTS
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    for listener in (WATCH, OUTBOX_WATCH):
        monitoring.register(listener)
    print(machine())
    try:
        bars = [bar for part in parts for bar in run(part, given.quick or given.gate)]
    except Problem as problem:
        sys.stderr.write(f"{problem}\n")
        sys.exit(COMPLAINT)
    print("\n== all bars", *told(bars), sep="\n")
    sys.exit(0 if all(bar.held for bar in bars if bar.gates) else MISSED)


if __name__ == "__main__":
    main()
