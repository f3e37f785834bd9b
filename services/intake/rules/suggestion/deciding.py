"""The rules and the learned weights decide together which case types a wish seems to need, and say why.

A score that is enough alone is heard without a rule; one that is somewhat lower, where a rule says the same; a rule
that the weights speak against is not heard, but for a municipality's own.
"""

from collections.abc import Iterator, Mapping

from services.intake.model.suggestion import Ruleset, SpokenWord, SuggestedType, Suggestion, WeightTable
from services.intake.rules.suggestion.learned import Learned
from services.intake.rules.suggestion.signs import NO
from services.intake.rules.suggestion.weighing import Heard, Rules

TENTHS = 10
"""Strengths are tenths of log odds."""


class Suggester:
    """The rules of a day and the weights learned beside them, ready for wishes; rules alone without weights."""

    def __init__(self, ruleset: Ruleset, table: WeightTable | None = None) -> None:
        self._rules, self._least = Rules(ruleset), ruleset.enough
        self._table, self._learned = table, None if table is None else Learned(table)
        self._name = ruleset.name if table is None else f"{ruleset.name} + {table.name}"

    def suggest(self, text: str) -> Suggestion:
        """The case types that a wish in somebody's own words seems to need, the strongest first."""
        heard = self._rules.hear(text)
        if self._table is None or self._learned is None:
            return Suggestion(self._name, heard.types)
        types = self._decided(heard, self._table, self._learned, text)
        return Suggestion(self._name, tuple(sorted(types, key=lambda one: -one.strength)))

    def _decided(self, heard: Heard, table: WeightTable, learned: Learned, text: str) -> Iterator[SuggestedType]:
        said = {one.case_type: one for one in heard.types}
        denied = _denied(heard, table) - said.keys()
        for code, score in _asked(said, learned.scores(heard.seen)).items():
            margin = score - (table.enough_with_rules if code in said else table.enough)
            if code in heard.own and code in said:
                yield said[code]
            elif margin >= 0 and code not in denied and (words := _words(said.get(code), heard, learned, code, text)):
                yield SuggestedType(code, self._least + margin // TENTHS, words)


def _denied(heard: Heard, table: WeightTable) -> set[str]:
    """The case types of signs that are denied, and not said besides."""
    hits = heard.seen.hits
    signs = (sign for sign in table.denied_by if hits.get(NO + sign) and not hits.get(sign))
    return {code for sign in signs for code in table.denied_by[sign]}


def _asked(said: Mapping[str, SuggestedType], scores: Mapping[str, int]) -> Mapping[str, int]:
    """The scores of the case types that the weights know, or the rules say: then nothing speaks for or against."""
    return {**dict.fromkeys(said, 0), **scores}


def _words(said: SuggestedType | None, heard: Heard, learned: Learned, code: str, text: str) -> tuple[SpokenWord, ...]:
    if said is not None:
        return said.words
    words = learned.reasons(heard.seen, code)
    return tuple(SpokenWord(text[word.start : word.end], word.start, word.end) for word in words)
