"""What a table of learned weights hears in a wish: a score for each case type, and the words that weighed most.

A feature is a piece of a word with its borders (`<tra`, `_rog>`), a whole word (`=krog`) or a sign of the rules
(`#eatery`). Each that a wish has counts once, over the root of how many different words the wish has.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from math import sqrt

from services.intake.model.suggestion import WeightTable
from services.intake.rules.suggestion.index import Index
from services.intake.rules.suggestion.signs import Seen
from services.intake.rules.suggestion.words import Word

SHORTEST_PIECE, LONGEST_PIECE, FEWEST_WORDS = 3, 5, 5
MOST_REASONS, MOST_WORDS = 3, 1_024
FIFTH = 20
"""Weights are fifths of log odds, scores hundredths."""


def features_of(word: str) -> Iterator[str]:
    """The features of a word alone; every number is the same."""
    whole = "0" if word[0].isdigit() else word
    edged = f"<{whole}>"
    yield f"={whole}"
    for length in range(SHORTEST_PIECE, LONGEST_PIECE + 1):
        yield edged[:length]
        yield from (f"_{edged[at : at + length]}" for at in range(1, len(edged) - length + 1))


def features(seen: Seen) -> frozenset[str]:
    """The features of a wish: those of its words, and its signs."""
    words = {word.written for word in seen.words}
    return frozenset(feature for word in words for feature in features_of(word)) | set(signs_of(seen))


def signs_of(seen: Seen) -> Iterator[str]:
    """The features that are signs; denied ones are others."""
    return (f"#{name}" for name, hits in seen.hits.items() if hits)


def breadth(seen: Seen) -> float:
    """What the sum of the weights is divided by, so that a long wish says no more than a short one."""
    return sqrt(len({word.written for word in seen.words}) + FEWEST_WORDS)


class Learned:
    """A table of learned weights, ready for wishes."""

    def __init__(self, table: WeightTable) -> None:
        self._table = table
        self._places = Index((feature, place) for place, feature in enumerate(table.features))
        self._known = lru_cache(maxsize=MOST_WORDS)(self._known_of)

    def scores(self, seen: Seen) -> Mapping[str, int]:
        """How much speaks for each case type, in hundredths of log odds."""
        found = {place for word in {word.written for word in seen.words} for place in self._known(word)}
        found.update(place for sign in signs_of(seen) for place in self._places[sign])
        scale, sums = FIFTH / breadth(seen), self._table.together(found)
        scores = (bias + round(total * scale) for bias, total in zip(self._table.bias, sums, strict=True))
        return dict(zip(self._table.case_types, scores, strict=True))

    def reasons(self, seen: Seen, case_type: str) -> Sequence[Word]:
        """The words that weighed most for a case type, as they stand; none of those that say nothing."""
        weighed = self._by_word(seen, self._table.case_types.index(case_type))
        heaviest = sorted(weighed, key=lambda at: (-weighed[at], at))[:MOST_REASONS]
        return [seen.words[at] for at in sorted(heaviest)]

    def _by_word(self, seen: Seen, which: int) -> Mapping[int, int]:
        """By its first place, what each telling word weighs for a case type, with its signs, if anything."""
        places = {word.written: at for at, word in reversed(list(enumerate(seen.words))) if not seen.vague[at]}
        weights = {at: self._weight(self._known(word), which) for word, at in places.items()}
        for name, hits in seen.hits.items():
            weight = self._weight(self._places[f"#{name}"], which)
            written = {seen.words[at].written for hit in hits for at in hit.words}
            for at in (places[word] for word in written if word in places):
                weights[at] += weight
        return {at: weight for at, weight in weights.items() if weight > 0}

    def _weight(self, places: Iterable[int], which: int) -> int:
        return sum(self._table.weight(place, which) for place in places)

    def _known_of(self, word: str) -> tuple[int, ...]:
        return tuple({place for feature in features_of(word) for place in self._places[feature]})
