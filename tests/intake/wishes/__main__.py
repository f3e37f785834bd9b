"""Print how well rules and weights know the wishes, and the time that a long mail takes; nothing of the texts.

The sets are all that were measured before, or those named: `python -m tests.intake.wishes fresh-1 fresh-2`.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from time import process_time

from rich.console import Console
from rich.table import Table

from services.intake.rules.suggestion import Suggesters
from services.intake.store.datafiles import read_case_types, read_suggesters
from tests.intake.wishes.measure import ON, Figures, measured, share
from tests.intake.wishes.training_sets import FAMILIAR, STRANGE

HERE = Path(__file__).parent
SETS = (*FAMILIAR, *STRANGE, "fresh-8", "unseen")
"""All but fresh-5: that is for whoever tunes next. Nothing was learned or tuned on the last two."""
LONG_MAIL = "Hej! Vi vill öppna en restaurang med uteservering i den gamla järnhandeln och undrar vad som behövs. " * 20


def main(sets: Sequence[str]) -> None:
    """Measure sets of wishes."""
    console, suggesters = Console(width=110), read_suggesters(read_case_types())
    for name in sets:
        figures = measured(HERE / f"{name}.jsonl", suggesters)
        console.print(
            f"{name}: {figures.wishes} wishes, recall {figures.recall:.3f}, precision {figures.precision:.3f}"
        )
        console.print(by_case_type(figures))
        pairs = "; ".join(f"{label} > {other} {count}" for (label, other), count in figures.confused.most_common())
        console.print(f"missed > suggested instead: {pairs or 'none'}\n")
    console.print(f"a mail of {len(LONG_MAIL)} characters takes {milliseconds(suggesters):.2f} ms")


def by_case_type(figures: Figures) -> Table:
    """One row a case type."""
    table = Table("case type", "labels", "right", "missed", "too many", "recall", "precision")
    for code in sorted({*figures.right, *figures.missed, *figures.extra}):
        right, missed, extra = figures.right[code], figures.missed[code], figures.extra[code]
        counts = (right + missed, right, missed, extra)
        table.add_row(code, *map(str, counts), f"{share(right, missed):.2f}", f"{share(right, extra):.2f}")
    return table


def milliseconds(suggesters: Suggesters, times: int = 100) -> float:
    """How much processor time a suggestion for a long mail takes, the median of some."""
    taken = []
    for _ in range(times):
        before = process_time()
        suggesters.suggest("1460", LONG_MAIL, ON)
        taken.append(process_time() - before)
    return sorted(taken)[times // 2] * 1000


if __name__ == "__main__":
    main(sys.argv[1:] or SETS)
