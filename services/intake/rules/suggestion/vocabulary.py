"""The words of the rules, so indexed that a word of a wish finds those it may be: inflected, compounded or misspelt.

A word is written `skylt` as it stands in a dictionary, `skylt-` where it may begin a compound (`skyltställ`), `-skylt`
where it may end one (`fasadskylt`), `-skylt-` for both, as words of seven letters always may, `=bar` where nothing but
that form will do, and `#150` for a number of 150 or more. What joins the parts of a compound (an s, an e, an o, a
hyphen) belongs to the other part.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from services.intake.rules.suggestion.index import Index
from services.intake.rules.suggestion.slips import Slips
from services.intake.rules.suggestion.words import DOTTED, folded, sounded, stems, swedish

SHORTEST_REST, SHORTEST_HEAD, LONG_PART, SHORTEST_TAIL = 3, 2, 7, 9
SHORTEST_SOUND, SHORTER = 4, 2
MOST_WORDS = 2_048
Ids = frozenset[int]
NONE: Ids = frozenset()


class Vocabulary:
    """The words of a set of rules, each with its number; words that are `known` are not taken for misspelt ones."""

    def __init__(self, words: Iterable[str], known: Iterable[str] = ()) -> None:
        self._known = Index((key, 0) for word in known for key in stems(folded(word.lower())))
        self.numbers: dict[str, int] = {word: number for number, word in enumerate(dict.fromkeys(words))}
        self._cores = [word.strip("=#").replace("-", "").lower() for word in self.numbers]
        named = [(number, word) for word, number in self.numbers.items()]
        self._at_least = [(int(self._cores[number]), number) for number, word in named if word[0] == "#"]
        cored = [(number, word, folded(self._cores[number])) for number, word in named if word[0] != "#"]
        self._whole = Index((key, number) for number, word, core in cored for key in _whole(word, core))
        self._first = Index((core, number) for number, word, core in cored if word[-1] == "-" or _is_long(word, core))
        self._last = Index((key, number) for number, word, core in cored for key in _last(word, core))
        self._sounds = Index((form, number) for number, word, _ in cored for form in _forms(word, self._cores[number]))
        self._slips = Slips(core for _, word, core in cored if word[0] != "=")
        self.find = lru_cache(maxsize=MOST_WORDS)(self._find)

    def whole(self, word: str, dotted: bool, shorter: int = SHORTER) -> Ids:
        """The words of the rules that this word is, however inflected, yet not so many letters shorter than they."""
        found = (number for key in stems(folded(word)) for number in self._whole[key])
        near = (number for number in found if len(self._cores[number]) - len(word) <= shorter)
        return frozenset(number for number in near if self._spelt(number, word, 0, dotted))

    def _find(self, word: str, dotted: bool, is_name: bool = False) -> Ids:
        """The words of the rules that this word is, has as a part, sounds like, or is but one letter from.

        `dotted` says that the writer knows å, ä and ö from a and o. A name is not taken for a misspelt word.
        """
        if word[0].isdigit():
            return self.whole(word, dotted) | self._number(word)
        whole, parts = self.whole(word, dotted), self._parts(word, dotted)
        if whole or is_name or any(self._known[key] for key in stems(folded(word))):
            return whole | parts
        return self._sounding(word) | parts or self._nearly(word)

    def _number(self, word: str) -> Ids:
        value = int("".join(digit for digit in word if digit in "0123456789") or "0")
        return frozenset(number for least, number in self._at_least if value >= least)

    def _parts(self, word: str, dotted: bool) -> Ids:
        bare = folded(word)
        found: set[int] = set()
        for at in range(SHORTEST_HEAD, len(bare) - SHORTEST_REST + 1):
            found.update(one for one in self._first[bare[:at]] if self._spelt(one, word, 0, dotted))
        stem = stems(bare)[1].removeprefix("sv:")
        for at in range(SHORTEST_HEAD, len(bare) - 1):
            last = (*self._last[bare[at:]], *self._last[f"sv:{stem[at:]}"])
            found.update(one for one in last if self._spelt(one, word, at, dotted))
        return frozenset(found)

    def _spelt(self, number: int, word: str, at: int, dotted: bool) -> bool:
        """Whether the word has the dots of that word of the rules: who writes an ö does not mean an o."""
        core = self._cores[number]
        pairs = [(a, b) for a, b in zip(word[at:], core, strict=False) if a != b and folded(a) == folded(b)]
        return not any(dotted or a in DOTTED for a, _ in pairs)

    def _sounding(self, word: str) -> Ids:
        return frozenset(self._sounds[sounded(word)]) if len(word) >= SHORTEST_SOUND else NONE

    def _nearly(self, word: str) -> Ids:
        bare, dots = folded(word), DOTTED.intersection(word)
        near = next((self._whole[key] for form in (bare, swedish(bare)) if (key := self._slips.nearest(form))), ())
        return frozenset(number for number in near if dots <= set(self._cores[number]))


def _is_long(word: str, core: str) -> bool:
    """Whether a word of the rules may begin or end a compound without saying so."""
    return len(core) >= LONG_PART and word[0] != "="


def _whole(word: str, core: str) -> Iterable[str]:
    """What a word is that is this one."""
    return (core,) if word[0] == "=" else stems(core)


def _last(word: str, core: str) -> Iterator[str]:
    """What a compound ends with that ends with this word."""
    for key in _whole(word, core):
        is_part = word[0] == "-" or (_is_long(word, core) and len(key) >= SHORTEST_TAIL)
        if is_part and not key.startswith("en:"):
            yield key


def _forms(word: str, spelt: str) -> Iterable[str]:
    """How a word sounds, and without its endings."""
    return () if word[0] == "=" else (sounded(spelt), sounded(swedish(spelt)))
