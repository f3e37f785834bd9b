"""`python -m bench`: four ways to do the same work, in turn, on a Kafka and a MongoDB of their own; exit 1 when a bar
is missed."""

import argparse
import asyncio
import logging
import sys
import tempfile
from pathlib import Path

from pymongo import monitoring

from bench.bare import bare
from bench.case import calls
from bench.cost import HANDLERS, Cost, cost
from bench.fastest import fastest
from bench.load import on_the_wire
from bench.ours import ours
from bench.report import Bar, cost_bars, machine, speed_bars, table, told
from bench.round import CASES, LANES, PARTITIONS, WATCH, Entrant, Result, run_round
from bench.tutorial import tutorial
from stack.problem import Problem
from stack.testing import Servers, start_servers

EVERYTHING = ("taken in", "heard", "outbox", "journal")
MISSED, COMPLAINT = 1, 2


def entrants(count: int, of_tutorial: int) -> list[Entrant]:
    """The four ways; the tutorial way gets fewer events, since only rates are compared."""
    return [
        Entrant("a", "a bare loop in one function", bare, count, EVERYTHING),
        Entrant("b", "the FastStream tutorial way", tutorial, of_tutorial, ("taken in", "journal")),
        Entrant("c", "ours", ours, count, EVERYTHING),
        Entrant("d", "no promise but one transaction a batch", fastest, count, ("taken in", "outbox")),
    ]


async def race(ways: list[Entrant], rounds: int, servers: Servers) -> list[Result]:
    """All ways in turn, round after round."""
    results = []
    for number in range(1, rounds + 1):
        for entrant in ways:
            result = await run_round(entrant, number, servers.kafka_url, servers.mongo_url)
            print(f"  round {number} ({entrant.letter}) {result.per_second:8.0f} events/s", flush=True)
            results.append(result)
    return results


async def costs(servers: Servers) -> dict[int, Cost]:
    """A full batch with one, two and three state collections."""
    return {
        collections: await cost(collections, servers.kafka_url, servers.mongo_url)
        for collections in range(1, len(HANDLERS) + 1)
    }


async def measure(options: argparse.Namespace, servers: Servers) -> list[Bar]:
    """The cost gate, then the race; returns the bars that decide."""
    bars = cost_bars(await costs(servers))
    print(*told(bars), sep="\n")
    if options.cost:
        return bars
    count, rounds, of_tutorial = (6_000, 3, 200) if options.quick else (24_000, 5, 600)
    ways = entrants(count, of_tutorial)
    print(f"\n{_heading(count, options.rounds or rounds)}")
    results = await race(ways, options.rounds or rounds, servers)
    speed = speed_bars(results)
    print("", *table(ways, results), "", *told(bars + speed), sep="\n")
    return bars if options.quick else bars + speed


def _heading(count: int, rounds: int) -> str:
    wires = on_the_wire(calls(1_000, CASES))
    size = sum(len(value) for _, value, _ in wires) // len(wires)
    return (
        f"{machine()}\n{count} events of {size} B of data about {CASES} cases on {PARTITIONS} partitions, "
        f"{LANES} lanes in one process ((b): one), majority writes;\n{rounds} rounds, each way in turn, medians. "
        "(b) publishes by itself, the others leave what they say in an outbox: no relay runs."
    )


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    options.add_argument("--quick", action="store_true", help="fewer events, three rounds; only the cost gate decides")
    options.add_argument("--cost", action="store_true", help="the cost gate alone")
    options.add_argument("--rounds", type=int, help="so many rounds (usual: 5, with --quick 3)")
    return options.parse_args()


def main() -> None:
    """Measure, tell, and exit 1 when a bar was missed."""
    options = _options()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    monitoring.register(WATCH)
    try:
        with tempfile.TemporaryDirectory() as folder, start_servers(Path(folder), mail=False) as servers:
            bars = asyncio.run(measure(options, servers))
    except Problem as problem:
        sys.stderr.write(f"{problem}\n")
        sys.exit(COMPLAINT)
    sys.exit(0 if all(bar.held for bar in bars) else MISSED)


if __name__ == "__main__":
    main()
