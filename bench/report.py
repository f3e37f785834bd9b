"""What is told at the end: the rates, and whether each bar was held."""

import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import cpu_count
from pathlib import Path
from statistics import median

from bench.cost import Cost
from bench.round import Entrant, Result

OF_BARE = 0.85
OF_TUTORIAL = 100
COMMANDS = 9
COMMANDS_MORE = 2
OFFSET_COMMITS = 1


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what was measured, in words, and whether it was held. One that does not gate belongs to the machine."""

    held: bool
    words: str
    gates: bool = True

    @property
    def verdict(self) -> str:
        """In one word."""
        words = ("held", "MISSED") if self.gates else ("met", "not met")
        return words[not self.held]


def rates(results: Sequence[Result]) -> dict[str, list[float]]:
    """Events a second of each way, round by round."""
    found: dict[str, list[float]] = {}
    for result in results:
        found.setdefault(result.way, []).append(result.per_second)
    return found


def table(entrants: Sequence[Entrant], results: Sequence[Result]) -> list[str]:
    """One line for each way: the median first."""
    found = rates(results)
    bare = median(found["a"])
    head = f"{'':<42}{'events/s':>10}{'of (a)':>9}{'events':>9}   each round"
    return [head, *(_line(entrant, found[entrant.letter], bare) for entrant in entrants)]


def _line(entrant: Entrant, rounds: Sequence[float], bare: float) -> str:
    middle = median(rounds)
    each = " ".join(f"{rate:.0f}" for rate in rounds)
    name = f"({entrant.letter}) {entrant.name}"
    return f"{name:<42}{middle:>10.0f}{middle / bare:>9.3f}{entrant.count:>9}   {each}"


def speed_bars(results: Sequence[Result]) -> list[Bar]:
    """Ours beside the bare loop and beside the tutorial way, by their medians."""
    middle = {way: median(found) for way, found in rates(results).items()}
    of_bare, of_tutorial = middle["c"] / middle["a"], middle["c"] / middle["b"]
    journals = {result.journal for result in results if result.way in "ac"}
    return [
        Bar(of_bare >= OF_BARE, f"(c) is {of_bare:.3f} of (a); at least {OF_BARE}"),
        Bar(of_tutorial >= OF_TUTORIAL, f"(c) is {of_tutorial:.0f} times (b); at least {OF_TUTORIAL}"),
        Bar(len(journals) == 1, "(a) and (c) leave the same journal, link by link, in every round"),
    ]


def cost_bars(costs: Mapping[int, Cost]) -> list[Bar]:
    """Commands for a full batch with one, two and three state collections, and offset commits."""
    counts = {collections: len(cost.commands) for collections, cost in costs.items()}
    one, commits = counts[1], max(cost.offset_commits for cost in costs.values())
    more = max(counts[collections] - counts[collections - 1] for collections in counts if collections > 1)
    listed = ", ".join(costs[1].commands)
    return [
        Bar(one <= COMMANDS, f"{one} MongoDB commands for a full batch; at most {COMMANDS} ({listed})"),
        Bar(more <= COMMANDS_MORE, f"{more} more for each further state collection; at most {COMMANDS_MORE}"),
        Bar(commits == OFFSET_COMMITS, f"{commits} offset commit for a full batch; exactly {OFFSET_COMMITS}"),
    ]


def told(bars: Sequence[Bar]) -> list[str]:
    """The bars in words."""
    return [f"{bar.verdict:<8}{bar.words}" for bar in bars]


def machine() -> str:
    """What it ran on."""
    return f"{cpu_count()} cores, {_processor()}, {platform.system()} {platform.machine()}, Python {_python()}"


def _python() -> str:
    return ".".join(map(str, sys.version_info[:3]))


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "unknown processor")
