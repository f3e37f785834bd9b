"""Registering as a busy reception does: forty users, a call a second and a half of each, all four services at work.

Beside it, at the same pace and on the same servers, the bare door: FastAPI and motor that insert the same rows. A call
counts from its own moment on: one that must wait for the one before it has waited.
"""

from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles

from pymongo import MongoClient

from bench.callers import Met
from bench.door import USERS, bare_door, our_door
from bench.report import Bar
from bench.story import Site, employ_officers, quiet
from services.intake.model.series import number_of
from shared.platform.database import Document
from stack.instances import install
from stack.testing import Servers

OFFERED = 61
"""Calls a second in all: one more than must be accepted."""
ACCEPTED = 60
PAUSE = USERS / OFFERED
WITHIN = 0.050
OF_BARE = 0.98
WARM = 5.0


def registering(servers: Servers, where: Path, seconds: float, beside: float) -> list[Bar]:
    """Ours for so long without a break; before and after it the bare door, `beside` seconds each."""
    with install(servers, where, ["a"]) as whole, bare_door(servers, where) as bare:
        site, ours = Site(servers, whole), our_door(whole)
        employ_officers(site)
        bare.called("warm", WARM, PAUSE)
        before = bare.called("before", beside, PAUSE)
        warm = ours.called("warm", WARM, PAUSE)
        met = ours.called("register", seconds, PAUSE)
        quiet(site)
        after = bare.called("after", beside, PAUSE)
    print(f"{USERS} users, {OFFERED} calls a second in all, from a call's moment to its answer:")
    for name, one in {"bare, before": before, "ours": met, "bare, after": after}.items():
        print(f"  {name:<13}{_told(one.took)}   {rate(one):.1f} accepted/s for {one.seconds:.0f} s")
    return [_all_numbered(servers.mongo_url, len(warm.took) + len(met.took)), *_bars(met, before, after)]


def rate(met: Met) -> float:
    """Accepted a second."""
    return len(met.took) / met.seconds


def _told(took: Sequence[float]) -> str:
    cut = [one * 1000 for one in quantiles(took, n=100, method="inclusive")]
    return f"p50 {cut[49]:6.1f} ms   p95 {cut[94]:6.1f} ms   p99 {cut[98]:6.1f} ms"


def _bars(met: Met, before: Met, after: Met) -> list[Bar]:
    beside = min(rate(met) / rate(bare) for bare in (before, after))
    middle, accepted = quantiles(met.took, n=2)[0], rate(met)
    return [
        Bar(beside >= OF_BARE, f"registers {beside:.3f} of what a bare door does at that pace; at least {OF_BARE}"),
        Bar(middle < WITHIN, f"register p50 {middle * 1000:.1f} ms; under {WITHIN * 1000:.0f} ms", gates=False),
        Bar(accepted >= ACCEPTED, f"{accepted:.1f} registered a second; at least {ACCEPTED}", gates=False),
    ]


def _all_numbered(mongo_url: str, accepted: int) -> Bar:
    """Each accepted call is one contact, and their numbers have no gap."""
    with MongoClient[Document](mongo_url) as client:
        numbers = sorted(row["number"] for row in client["intake"]["contacts"].find({}, {"number": 1}))
        [series] = client["intake"]["series"].find()
    wanted = [number_of(series["year"], number) for number in range(1, accepted + 1)]
    words = f"{accepted} calls accepted are {len(numbers)} contacts, numbered 1 to {series['last']} without gap"
    return Bar(numbers == wanted, words)
