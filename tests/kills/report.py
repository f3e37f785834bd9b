"""What a run tells: how much was sent and kept by each way, what was lost or doubled, who was killed where."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.chaos.keeper import Death
from tests.kills.clients import Told
from tests.kills.plan import TOWNS, WAYS, Form
from tests.kills.referee import Verdict

MOST_SHOWN = 20


@dataclass(slots=True)
class Report:
    """Everything that was noted of a run."""

    form: Form
    written: str
    """The hash of the expectations as they were before the run."""
    sent: "Counter[str]"
    again: "Counter[str]"
    told: Told
    verdict: Verdict
    deaths: Sequence[Death]
    steps: "Counter[str]"
    unreached: Sequence[str]
    seconds: float

    @property
    def problems(self) -> list[str]:
        """All that is wrong; nothing, when every promise was kept."""
        found = [*self.verdict.problems, *self.told.refused]
        found += [f"the step {name!r} was never passed" for name in self.unreached]
        found += [f"{one.instance} ended by itself with {one.code}" for one in self.deaths if one.signal is None]
        return found

    def __str__(self) -> str:
        form, verdict = self.form, self.verdict
        rows = [
            f"seed {form.seed}: {form.events} registrations, {form.instances} instances of intake, "
            f"{self.seconds:.0f} s; expectations {self.written[:16]} written before the first was sent",
            f"{'':<8}{'sent':>8}{'again':>8}{'retried':>9}{'kept':>8}",
            *(
                f"{way:<8}{self.sent[way]:>8}{self.again[way]:>8}{self.told.retries[way]:>9}{verdict.kept[way]:>8}"
                for way in WAYS
            ),
            f"sent {form.events}, kept {sum(verdict.kept[town] for town in TOWNS)}, lost {len(verdict.lost)}, "
            f"doubled {len(verdict.doubled)}, gaps {len(verdict.gaps)}, otherwise wrong {len(verdict.wrong)}; "
            f"killed {len(self.deaths)} times, of these at named steps {self.steps.total()}",
            *(f"  {name:<40}{count:>6}" for name, count in sorted(self.steps.items())),
            *(f"! {problem}" for problem in self.problems[:MOST_SHOWN]),
            f"{len(self.problems)} problems" if self.problems else "every promise was kept",
        ]
        return "\n".join(rows)
