"""The pipeline: four ways to do the same work, in turn, and what a full batch asks of MongoDB."""

from bench.bare import bare
from bench.case import calls
from bench.cost import HANDLERS, cost
from bench.fastest import fastest
from bench.load import on_the_wire
from bench.ours import ours
from bench.report import Bar, cost_bars, speed_bars, table
from bench.round import CASES, LANES, PARTITIONS, Entrant, Result, run_round
from bench.tutorial import tutorial
from stack.testing import Servers

EVERYTHING = ("taken in", "heard", "outbox", "journal")


def entrants(count: int, of_tutorial: int) -> list[Entrant]:
    """The four ways; the tutorial way gets fewer events, since only rates are compared."""
    return [
        Entrant("a", "a bare loop in one function", bare, count, EVERYTHING),
        Entrant("b", "the FastStream tutorial way", tutorial, of_tutorial, ("taken in", "journal")),
        Entrant("c", "ours", ours, count, EVERYTHING),
        Entrant("d", "no promise but one transaction a batch", fastest, count, ("taken in", "outbox")),
    ]


async def pipeline(servers: Servers, quick: bool) -> list[Bar]:
    """All ways in turn, round after round. A quick race is too short to decide anything."""
    count, rounds, of_tutorial = (6_000, 3, 200) if quick else (24_000, 5, 600)
    ways = entrants(count, of_tutorial)
    print(_heading(count, rounds))
    results = await _race(ways, rounds, servers)
    print(*table(ways, results), sep="\n")
    return [] if quick else speed_bars(results)


async def _race(ways: list[Entrant], rounds: int, servers: Servers) -> list[Result]:
    results = []
    for number in range(1, rounds + 1):
        for entrant in ways:
            result = await run_round(entrant, number, servers.kafka_url, servers.mongo_url)
            print(f"  round {number} ({entrant.letter}) {result.per_second:8.0f} events/s", flush=True)
            results.append(result)
    return results


async def cost_of_batches(servers: Servers) -> list[Bar]:
    """A full batch with one, two and three state collections."""
    several = range(1, len(HANDLERS) + 1)
    return cost_bars({number: await cost(number, servers.kafka_url, servers.mongo_url) for number in several})


def _heading(count: int, rounds: int) -> str:
    wires = on_the_wire(calls(1_000, CASES))
    size = sum(len(value) for _, value, _ in wires) // len(wires)
    return (
        f"{count} events of {size} B of data about {CASES} cases on {PARTITIONS} partitions, "
        f"{LANES} lanes in one process ((b): one), majority writes;\n{rounds} rounds, each way in turn, medians. "
        "(b) publishes by itself, the others leave what they say in an outbox: no relay runs."
    )
