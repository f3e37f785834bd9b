"""When what goes wrong: the faults of a run on the count of published records, drawn from its seed."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from signal import SIGKILL, SIGTERM

from stack.environment import SERVICES
from tests.chaos.faults import LONGER, TROUBLES, Fault, Kill
from tests.chaos.steps import STEPS

BEGIN, END = 0.04, 0.88
"""Between these shares of the records; the last are kept for what is left to do."""


@dataclass(frozen=True, slots=True)
class Form:
    """The size of a run. Each named step is killed at least once, so `kills` is at least their number."""

    seed: int
    events: int
    kills: int
    instances: int
    longer: bool

    def __post_init__(self) -> None:
        """Refuses a form that could not keep its word."""
        if self.kills < len(STEPS):
            raise ValueError(f"there are {len(STEPS)} named steps: KILLS must be at least that")


def timeline(form: Form) -> list[tuple[int, Fault]]:
    """(after so many records, what goes wrong), in order."""
    chance = random.Random(form.seed + 1)
    kills = _kills(form, chance)
    troubles = list(TROUBLES + LONGER if form.longer else TROUBLES)
    chance.shuffle(kills)
    chance.shuffle(troubles)
    return sorted([*_spread(kills, form.events), *_spread(troubles, form.events)], key=lambda one: one[0])


def _kills(form: Form, chance: random.Random) -> list[Kill]:
    """Two of three at the named steps, in turn and by both signals in turn; the others at random moments."""
    names = sorted(STEPS)
    at_steps = max(len(names), form.kills * 2 // 3)
    kills = [_at_step(names[nth % len(names)], nth // len(names) + nth + form.seed, chance) for nth in range(at_steps)]
    for _ in range(form.kills - at_steps):
        kills.append(Kill(chance.choice(SERVICES), chance.choice([SIGKILL, SIGTERM])))
    return kills


def _at_step(step: str, turn: int, chance: random.Random) -> Kill:
    return Kill(chance.choice(STEPS[step]), SIGTERM if turn % 2 else SIGKILL, step)


def _spread(faults: Sequence[Fault], events: int) -> list[tuple[int, Fault]]:
    width = events * (END - BEGIN) / len(faults)
    return [(round(events * BEGIN + width * (nth + 0.5)), fault) for nth, fault in enumerate(faults)]
