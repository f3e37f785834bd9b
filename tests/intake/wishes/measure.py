"""Recall and precision over the labels of a set of wishes, by case type; and the confusion."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from services.intake.rules.suggestion import Suggesters

ON = date(2026, 11, 24)
NOTHING = "(none)"


@dataclass
class Figures:
    """What was suggested of what should be: labels that were right, missed and too many, by case type."""

    wishes: int = 0
    right: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    extra: Counter[str] = field(default_factory=Counter)
    confused: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def recall(self) -> float:
        """The share of the labels that was suggested."""
        return share(self.right.total(), self.missed.total())

    @property
    def precision(self) -> float:
        """The share of the suggestions that was a label."""
        return share(self.right.total(), self.extra.total())

    def add(self, labels: frozenset[str], suggested: frozenset[str]) -> None:
        """Count one wish. What was suggested too much is confused with what was missed in the same wish."""
        self.wishes += 1
        self.right.update(labels & suggested)
        self.missed.update(labels - suggested)
        self.extra.update(suggested - labels)
        for label in labels - suggested or ({NOTHING} if suggested - labels else ()):
            self.confused.update((label, other) for other in suggested - labels or {NOTHING})


def share(part: int, rest: int) -> float:
    """Part of the whole; 1 of nothing."""
    return part / (part + rest) if part + rest else 1.0


def measured(file: Path, suggesters: Suggesters) -> Figures:
    """The figures of the wishes in a file."""
    figures = Figures()
    for line in file.read_text("utf-8").splitlines():
        wish = json.loads(line)
        suggestion = suggesters.suggest("1460", wish["text"], ON)
        figures.add(frozenset(wish["case_types"]), frozenset(suggestion.codes))
    return figures
