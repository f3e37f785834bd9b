"""Which case types a wish seems to need, by rules that are data; a person chooses.

Signs are looked for in the text (`signs.py`: `words.py` reads it, `vocabulary.py` knows inflections, compounds and
slips), and the rules weigh them (`weighing.py`).
"""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from services.intake.model.suggestion import Ruleset, Suggestion
from services.intake.rules.in_force import Rows
from services.intake.rules.suggestion.weighing import Suggester

__all__ = ["Suggester", "Suggesters"]


class Suggesters:
    """The rules of suggestion of every municipality."""

    def __init__(self, rulesets: Iterable[Ruleset]) -> None:
        self._rulesets = Rows(rulesets)

    def suggest(self, municipality: str, wish: str | None, day: date) -> Suggestion:
        """The case types that a wish seems to need, by the rules in force that day."""
        rules = self._rulesets.in_force(municipality, Ruleset.about, day)
        return Suggestion("") if rules is None else _ready(rules).suggest(wish or "")


@lru_cache(maxsize=64)
def _ready(rules: Ruleset) -> Suggester:
    """Made ready once in a process, when first asked: that takes a tenth of a second."""
    return Suggester(rules)
