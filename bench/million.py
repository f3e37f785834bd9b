"""A million matters: the same figures beside an install that has none, in turn. None may change by more than a tenth.

Each side has its own Kafka, MongoDB and four services, and the other side rests meanwhile. MongoDB has the memory on
both sides that docs/operators.md gives a million matters: ids are random, so that what is written lies anywhere in the
indexes, and they must fit.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.door import PAUSE, our_door
from bench.filled import fill
from bench.latency import create_topic_for_latency, latency_of
from bench.relay import rate_of
from bench.report import Bar
from bench.story import Site, employ_officers, feed, quiet
from shared.platform.settings import DEVELOPMENT_SECRET
from stack.instances import install
from stack.testing import Servers, start_servers

MOST = 1.10
LONGER = 3
EVENTS = 20_000
CACHE_GB = 4.0
OPENS = {"KOMMUNKONTAKT_MASTER_KEY": DEVELOPMENT_SECRET}
"""So that the services can read what `fill` has sealed."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: what it is called, how it is measured (turn, seconds), and whether more is better."""

    name: str
    measured: Callable[[Site, int, float], Awaitable[float]]
    unit: str
    more_is_better: bool = False

    def change(self, filled: float, empty: float) -> float:
        """How many times worse it is with a million; 1 is the same."""
        return empty / filled if self.more_is_better else filled / empty


async def _relayed(site: Site, turn: int, seconds: float) -> float:
    return await rate_of(site.servers, "ours", turn, EVENTS)


async def _acknowledged(site: Site, turn: int, seconds: float) -> float:
    return median(await latency_of(site.servers, "ours", turn, seconds)) * 1000


async def _answered(site: Site, turn: int, seconds: float) -> float:
    met = our_door(site.whole).called(f"turn-{turn}", seconds, PAUSE)
    quiet(site)
    return median(met.took) * 1000


async def _mailed(site: Site, turn: int, seconds: float) -> float:
    return median(feed(site, f"turn-{turn}", seconds).mails) * 1000


Found = dict[str, list[Mapping[str, float]]]
"""Figure -> for each turn, what each side has."""

FIGURES = (
    Figure("relay", _relayed, "events/s", more_is_better=True),
    Figure("committed to acknowledged", _acknowledged, "ms"),
    Figure("record to mail", _mailed, "ms"),
    Figure("the door, 40 users", _answered, "ms"),
)


async def million(empty: Servers, where: Path, count: int, turns: int, seconds: float) -> list[Bar]:
    """Fill one side, then measure both in turn."""
    with ExitStack() as stack:
        filled = stack.enter_context(start_servers(where / "filled-servers"))
        for servers in (filled, empty):
            servers.mongo.cache_gb = CACHE_GB
            servers.mongo.restart()
        began = time.monotonic()
        documents = await fill(filled.mongo_url, count)
        print(f"{count} matters, {documents} documents in all, written in {time.monotonic() - began:.0f} s", flush=True)
        sites = {
            name: Site(servers, stack.enter_context(install(servers, where / name, ["a"], told=OPENS)))
            for name, servers in (("filled", filled), ("empty", empty))
        }
        for site in sites.values():
            await create_topic_for_latency(site.servers)
            employ_officers(site)
            feed(site, "warm", 3)
        return _bars(count, await _in_turn(sites, turns, seconds))


async def _in_turn(sites: Mapping[str, Site], turns: int, seconds: float) -> Found:
    """Figure -> for each turn, what each side has.

    A turn is short and the machine noisy: a figure that looks missed goes on, three times as long at most, and is
    decided by all its turns.
    """
    found: Found = {figure.name: [] for figure in FIGURES}
    for turn in range(1, LONGER * turns + 1):
        for figure in FIGURES:
            pairs = found[figure.name]
            if turn <= turns or change(figure, pairs) > MOST:
                pairs.append(await _pair(sites, figure, turn, seconds))
    return found


async def _pair(sites: Mapping[str, Site], figure: Figure, turn: int, seconds: float) -> Mapping[str, float]:
    order = sorted(sites, reverse=bool(turn % 2))
    pair = {side: await figure.measured(sites[side], turn, seconds) for side in order}
    told = ", ".join(f"{side} {pair[side]:.1f}" for side in sites)
    print(f"  turn {turn:<3}{figure.name:<28}{told} {figure.unit}", flush=True)
    return pair


def change(figure: Figure, pairs: list[Mapping[str, float]]) -> float:
    """How many times worse a figure is with a million, by the median of its turns."""
    return median(figure.change(pair["filled"], pair["empty"]) for pair in pairs)


def _bars(count: int, found: Found) -> list[Bar]:
    return [_bar(count, figure, change(figure, found[figure.name])) for figure in FIGURES]


def _bar(count: int, figure: Figure, change: float) -> Bar:
    words = f"with {count} matters, {figure.name}: {change:.3f} times what it is with none; at most {MOST}"
    return Bar(change <= MOST, words)
