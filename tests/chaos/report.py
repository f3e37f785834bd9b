"""What a run tells: the table of what went wrong, how long recovery took, and the verdict."""

import signal
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

from tests.chaos.keeper import TERM_WITHIN, Death
from tests.chaos.referee import Verdict
from tests.chaos.steps import STEPS
from tests.chaos.timeline import Form

MOST_SHOWN = 20


@dataclass(slots=True)
class Report:
    """Everything that was noted of a run."""

    form: Form
    written: str
    """The hash of the expectations as they were before the run."""
    verdict: Verdict
    deaths: list[Death]
    stuck: list[str]
    recoveries: list[tuple[str, float]]
    steps: Counter[str]
    kept: tuple[int, int]
    """How many records wait for a person, and how many should."""
    seconds: float
    notes: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """All that is wrong; nothing, when every promise was kept."""
        found = [*self.verdict.problems, *self.notes]
        found += [f"the step {name!r} was never reached" for name in STEPS if not self.steps[name]]
        found += [f"{name} did not end within {TERM_WITHIN:.0f} s after SIGTERM" for name in self.stuck]
        found += [f"{one.instance} ended by itself with {one.code}" for one in self.deaths if one.signal is None]
        found += [f"{one.instance} ended with {one.code} after SIGTERM ({one.step})" for one in self._unkind()]
        if self.kept[0] != self.kept[1]:
            found.append(f"{self.kept[0]} records wait for a person, expected {self.kept[1]}")
        return found

    def _unkind(self) -> list[Death]:
        return [one for one in self.deaths if one.signal is signal.SIGTERM and not one.kind]

    def __str__(self) -> str:
        form, verdict = self.form, self.verdict
        rows = [
            f"seed {form.seed}: {form.events} inbound events, {form.instances} instances of each service, "
            f"{self.seconds:.0f} s; expectations {self.written[:16]} written before the first record",
            f"lost {len(verdict.lost)}, twice {len(verdict.twice)}, disordered {len(verdict.disordered)}, "
            f"poison astray {len(verdict.poison)}, gaps overlooked {len(verdict.gaps)}",
            "",
            *_table("found", sorted(verdict.counts.items())),
            *_table("ended by", sorted(self._ends().items())),
            *_table("killed at", [(name, self.steps[name]) for name in STEPS]),
            "",
            *self._recovery(),
            "",
            *[f"! {problem}" for problem in self.problems[:MOST_SHOWN]],
            f"{len(self.problems)} problems" if self.problems else "every promise was kept",
        ]
        return "\n".join(rows)

    def _ends(self) -> Counter[str]:
        return Counter(one.signal.name if one.signal else "itself" for one in self.deaths)

    def _recovery(self) -> list[str]:
        times: dict[str, list[float]] = defaultdict(list)
        for name, seconds in self.recoveries:
            times[name].append(seconds)
        for one in self.deaths:
            if one.signal is not None and one.gone is not None:
                times[f"{one.signal.name}: until ready again"].append(one.gone)
            if one.signal is signal.SIGTERM:
                times["SIGTERM: until it had ended"].append(one.took)
        head = f"{'seconds':<70} {'times':>6} {'median':>8} {'worst':>8}"
        rows = [f"{name:<70} {len(all_):>6} {median(all_):>8.1f} {max(all_):>8.1f}" for name, all_ in times.items()]
        return [head, *rows]


def _table(head: str, rows: Iterable[tuple[str, int]]) -> list[str]:
    return [head, *(f"  {name:<68} {count:>6}" for name, count in rows)]
