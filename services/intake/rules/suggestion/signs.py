"""Which signs a wish shows: words and phrases of the rules, but for what is denied or settled already.

A phrase is words in a row, up to three others at each `..`; `a + b` is two phrases in one sentence, in any order. Where
`!lunchrestaurang` stands among the phrases of a sign, those words are no such sign.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from services.intake.model.suggestion import Ruleset
from services.intake.rules.suggestion.vocabulary import MOST_WORDS, NONE, Ids, Vocabulary
from services.intake.rules.suggestion.words import Word, has_dots, words_of

GAP, LONGEST_GAP, NO, LONGEST_CALLER = "..", 3, "!", 2
DENIES, DENIES_NEXT, ASKS, INTENDS, VAGUE, KNOWN = "denies", "denies-next", "asks", "intends", "vague", "known"
SETTLES, SETTLES_ALL, CALLS = "settles", "settles-sentence", "calls"
REACH = {DENIES: 3, DENIES_NEXT: 1}
MOST_HITS = 100
"""What is said a hundred times is said: so no text takes long."""
Phrase = tuple[str, ...]
Led = tuple[tuple[str, tuple[int, ...]], ...]
"""The signs that a phrase leads, each with the numbers of the phrases that it needs besides."""
Steps = tuple[tuple[int, int], ...]
"""A phrase after its first word: the number of each word, and how many others may stand before it."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a sign is in a wish: from word to word, both counted."""

    first: int
    last: int
    sentence: int

    @property
    def words(self) -> range:
        """The places of its words."""
        return range(self.first, self.last + 1)

    def is_near(self, other: "Hit", words: int) -> bool:
        """Whether the other is in the same sentence, and no farther from it than that."""
        between = max(self.first, other.first) - min(self.last, other.last)
        return self.sentence == other.sentence and between <= words


Hits = Mapping[str, Sequence[Hit]]


@dataclass(frozen=True, slots=True)
class Seen:
    """A wish with its signs; those that were denied are under `!` and their name. `vague` words say nothing."""

    words: Sequence[Word]
    hits: Hits
    vague: Sequence[bool]


@dataclass(frozen=True, slots=True)
class Read:
    """For each word of a wish the words of the rules that it may be, and those that it and the next are together.

    Both have some words too many at the end, which are nothing.
    """

    alone: Sequence[Ids]
    joined: Sequence[Ids]

    def end(self, steps: Steps, last: int) -> int | None:
        """The last word of a phrase whose beginning ends at `last`; None when its rest is not there."""
        alone, joined = self.alone, self.joined
        for number, gap in steps:
            for at in range(last + 1, last + gap + 2):
                if number in alone[at]:
                    last = at
                    break
                if number in joined[at]:
                    last = at + 1
                    break
            else:
                return None
        return last


class Signs:
    """The signs of a set of rules, ready to be looked for."""

    def __init__(self, ruleset: Ruleset) -> None:
        self._permits, self._mentions, self._callers = frozenset(ruleset.permits), ruleset.mentions, ruleset.callers
        vague, known = ruleset.signs.get(VAGUE, ()), ruleset.signs.get(KNOWN, ())
        patterns = {name: some for name, some in ruleset.signs.items() if name not in (VAGUE, KNOWN)}
        numbers: dict[Phrase, int] = {}
        self._led_by = _led_by(patterns, numbers)
        words = (word for phrase in numbers for word in phrase if word != GAP)
        self._vocabulary, vague_ones = Vocabulary(words, (*vague, *known)), Vocabulary(vague)
        self._is_vague = lru_cache(MOST_WORDS)(lambda word: bool(vague_ones.whole(word, dotted=False)))
        self._begins: dict[int, tuple[tuple[int, Steps], ...]] = {}
        for (first, *rest), number in numbers.items():
            begun = (number, tuple(self._steps(rest)))
            at = self._vocabulary.numbers[first]
            self._begins[at] = (*self._begins.get(at, ()), begun)

    def _steps(self, rest: Iterable[str]) -> Iterator[tuple[int, int]]:
        gap = 0
        for word in rest:
            if word == GAP:
                gap = LONGEST_GAP
            else:
                yield self._vocabulary.numbers[word], gap
                gap = 0

    def look(self, text: str) -> Seen:
        """The signs in a text."""
        words = words_of(text)
        found = self._phrases(words, self._read(words))
        hits: defaultdict[str, list[Hit]] = defaultdict(list)
        for first, there in found.items():
            for name, others in self._led_by.get(first, ()):
                hits[name] += _together(there, [found.get(other, ()) for other in others]) if others else there
        for name in hits:
            del hits[name][MOST_HITS:]
        vague = [self._is_vague(word.written) for word in words]
        return Seen(words, self._sorted_out(_without(hits), words), vague)

    def _read(self, words: Sequence[Word]) -> Read:
        dotted = has_dots(words)
        written = [word.written for word in words]
        pairs = {(one, after): self._vocabulary.whole(one + after, dotted, 0) for one, after in set(pairwise(written))}
        too_many = [NONE] * (LONGEST_GAP + 3)
        return Read(
            [*(self._vocabulary.find(word.written, dotted, word.is_name) for word in words), *too_many],
            [*(pairs[pair] for pair in pairwise(written)), *too_many],
        )

    def _phrases(self, words: Sequence[Word], read: Read) -> Mapping[int, Sequence[Hit]]:
        found: defaultdict[int, list[Hit]] = defaultdict(list)
        for at, word in enumerate(words):
            alone = read.alone[at]
            for number in alone | read.joined[at]:
                ends = at if number in alone else at + 1
                for phrase, steps in self._begins.get(number, ()):
                    last = read.end(steps, ends) if steps else ends
                    if last is not None and words[last].sentence == word.sentence:
                        found[phrase].append(Hit(at, last, word.sentence))
        return found

    def _sorted_out(self, hits: Hits, words: Sequence[Word]) -> Hits:
        """Denied signs under another name; settled ones, and what is only mentioned, left out."""
        settled = {words[hit.first].clause for hit in hits.get(SETTLES, ())}
        denials = {hit.first for hit in hits.get(DENIES, ())}
        over = {hit.sentence for hit in hits.get(SETTLES_ALL, ())}
        denied = _denied(hits, words)
        mentioned = {*self._mentioned(hits), *self._calling(hits, words)}
        kept: defaultdict[str, list[Hit]] = defaultdict(list)
        for name, found in hits.items():
            for hit in found:
                is_settled = hit.sentence in over or words[hit.first].clause in settled
                if not ((name in self._permits and is_settled) or (name, hit.first) in mentioned):
                    is_denied = hit.first in denied or (name in self._permits and not denials.isdisjoint(hit.words))
                    kept[NO + name if is_denied else name].append(hit)
        return kept

    def _mentioned(self, hits: Hits) -> Iterator[tuple[str, int]]:
        for after, names in self._mentions.items():
            for hit in hits.get(after, ()):
                yield from ((name, hit.last + 1) for name in names)

    def _calling(self, hits: Hits, words: Sequence[Word]) -> Iterator[tuple[str, int]]:
        for hit in hits.get(CALLS, ()):
            begins = max(hit.first - LONGEST_CALLER, 0)
            if begins == 0 or words[begins - 1].sentence < hit.sentence:
                yield from ((name, hit.first - 1) for name in self._callers)


def _led_by(patterns: Mapping[str, Iterable[str]], numbers: dict[Phrase, int]) -> Mapping[int, Led]:
    """What each phrase leads, by its number; each phrase that is new gets the next of the numbers."""
    led: dict[int, Led] = {}
    for name, some in patterns.items():
        for pattern in some:
            phrases = (tuple(part.split()) for part in pattern.removeprefix(NO).split(" + "))
            first, *others = (numbers.setdefault(phrase, len(numbers)) for phrase in phrases)
            led[first] = (*led.get(first, ()), (NO * pattern.startswith(NO) + name, tuple(others)))
    return led


def _without(hits: Hits) -> Hits:
    """The signs without what is none of them: each of those words stands under `!` and the sign's name."""
    no_signs = {name: {at for hit in no for at in hit.words} for name, no in hits.items() if name[0] == NO}
    kept = {name: found for name, found in hits.items() if name[0] != NO}
    for no, places in no_signs.items():
        name = no.removeprefix(NO)
        kept[name] = [hit for hit in kept.get(name, ()) if places.isdisjoint(hit.words)]
    return kept


def _together(first: Sequence[Hit], others: Sequence[Sequence[Hit]]) -> Iterator[Hit]:
    """Where the first is, and the others in the same sentence."""
    by_sentence = [{hit.sentence: hit for hit in hits} for hits in others]
    for hit in first:
        if all(hit.sentence in other for other in by_sentence):
            yield hit
            yield from (other[hit.sentence] for other in by_sentence)


def _denied(hits: Hits, words: Sequence[Word]) -> frozenset[int]:
    """The places of words that come soon after a denial in its clause."""
    return frozenset(
        at
        for name, reach in REACH.items()
        for hit in hits.get(name, ())
        for at in range(hit.last + 1, min(hit.last + 1 + reach, len(words)))
        if words[at].clause == words[hit.last].clause
    )
