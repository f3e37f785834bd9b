"""`make simulate`: many seeds on all cores, a table of what befell them, and each broken promise made small.

`make simulate SEED=7` runs one and prints its course.
"""

import argparse
import gc
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.script import script
from tests.simulation.trial import Trial, report, tried

CHUNK = 25
Say = sys.stdout.write


def main() -> int:
    """Run what was asked for; 1 when a promise was broken."""
    asked = argparse.ArgumentParser(prog="make simulate")
    asked.add_argument("--seeds", type=int, default=10_000)
    asked.add_argument("--first", type=int, default=0)
    asked.add_argument("--seed", type=int)
    options = asked.parse_args()
    if options.seed is not None:
        return one(options.seed)
    return many(range(options.first, options.first + options.seeds))


def one(seed: int) -> int:
    """One seed: its script, its course and what came of it."""
    trial = tried(script(seed))
    Say("\n".join([script(seed).told(), *trial.course, f"fingerprint {trial.fingerprint}", ""]))
    if trial.breaches:
        Say(report(seed))
    return bool(trial.breaches)


def many(seeds: range) -> int:
    """All seeds, the table, and the first of those that broke a promise, made small."""
    began = time.perf_counter()
    befell: Counter[str] = Counter()
    broken: list[int] = []
    for counts, failed in _all(seeds):
        befell += counts
        broken += failed
    took = time.perf_counter() - began
    Say(table(befell))
    Say(f"{len(seeds):,} seeds in {took:.1f} s, {len(seeds) / took:.0f} a second; broken promises: {len(broken)}\n")
    for seed in sorted(broken)[:3]:
        Say(report(seed))
    return bool(broken)


def _all(seeds: range) -> Iterator[tuple[Counter[str], list[int]]]:
    chunks = [seeds[at : at + CHUNK] for at in range(0, len(seeds), CHUNK)]
    with ProcessPoolExecutor(min(os.cpu_count() or 1, 8), initializer=_settle) as pool:
        yield from pool.map(_chunk, chunks)


def _settle() -> None:
    """What the start made stays; what a world made is let go of at the end of each share."""
    gc.collect()
    gc.freeze()
    gc.disable()


def _chunk(seeds: range) -> tuple[Counter[str], list[int]]:
    """A share of the seeds, in one process."""
    befell: Counter[str] = Counter()
    failed: list[int] = []
    for seed in seeds:
        trial: Trial = tried(script(seed))
        befell += trial.befell
        failed += [seed] if trial.breaches else []
    gc.collect()
    return befell, failed


def table(befell: Counter[str]) -> str:
    """What befell all of them together."""
    return "".join(f"{what:<24}{count:>12,}\n" for what, count in sorted(befell.items()))


if __name__ == "__main__":
    sys.exit(main())
