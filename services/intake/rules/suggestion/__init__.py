"""Which case types a wish seems to need, by rules and learned weights that are data; a person chooses.

Signs are looked for in the text (`signs.py`: `words.py` reads it, `vocabulary.py` knows inflections, compounds and
slips), the rules weigh them (`weighing.py`), a table of weights hears words and signs in its way (`learned.py`), and
the two decide together (`deciding.py`).
"""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from services.intake.model.suggestion import Ruleset, Suggestion, WeightTable
from services.intake.rules.in_force import Rows
from services.intake.rules.suggestion.deciding import Suggester

__all__ = ["Suggester", "Suggesters"]


class Suggesters:
    """The rules of suggestion of every municipality, and the weights learned beside them."""

    def __init__(self, rulesets: Iterable[Ruleset], tables: Iterable[WeightTable] = ()) -> None:
        self._rulesets, self._tables = Rows(rulesets), Rows(tables)

    def suggest(self, municipality: str, wish: str | None, day: date) -> Suggestion:
        """The case types that a wish seems to need, by the rules and the weights in force that day."""
        rules = self._rulesets.in_force(municipality, Ruleset.about, day)
        table = self._tables.in_force(municipality, WeightTable.about, day)
        return Suggestion("") if rules is None else _ready(rules, table).suggest(wish or "")


@lru_cache(maxsize=64)
def _ready(rules: Ruleset, table: WeightTable | None) -> Suggester:
    """Made ready once in a process, when first asked: that takes a tenth of a second."""
    return Suggester(rules, table)
