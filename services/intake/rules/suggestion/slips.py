"""Which known words a misspelt one may be: those that are but one letter from it."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from zlib import crc32

SHORTEST, LONG = 5, 8
NOT = "o"


class Slips:
    """Known words, each found by what is left of it when any of its letters is taken out.

    Those rests are some fifty thousand: their sums in order take a tenth of the room that they would in a mapping.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = sorted({word for word in words if len(word) >= SHORTEST})
        rests = sorted((_sum(rest), at) for at, word in enumerate(self._words) for rest in (word, *_shortened(word)))
        self._sums = array("L", (one for one, _ in rests))
        self._places = array("L", (at for _, at in rests))

    def nearest(self, word: str) -> str | None:
        """The first in order of the known words that are one letter from this one, which must have five itself."""
        if len(word) < SHORTEST:
            return None
        near = {at for rest in (word, *_shortened(word)) for at in self._found(_sum(rest))}
        return next((one for one in (self._words[at] for at in sorted(near)) if _is_one_off(word, one)), None)

    def _found(self, wanted: int) -> Iterator[int]:
        at = bisect_left(self._sums, wanted)
        while at < len(self._sums) and self._sums[at] == wanted:
            yield self._places[at]
            at += 1


def _sum(rest: str) -> int:
    return crc32(rest.encode())


def _shortened(word: str) -> Iterator[str]:
    return (word[:at] + word[at + 1 :] for at in range(len(word)))


def _is_one_off(left: str, right: str) -> bool:
    """Whether a letter too many, too few or swapped is all between them; in long words also a wrong or a first one.

    But `otrevlig` is not `trevlig`.
    """
    is_long = min(len(left), len(right)) >= LONG
    if left == right or (left[0] != right[0] and not is_long) or NOT + left == right or left == NOT + right:
        return False
    same = next((at for at, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
    rest_left, rest_right = left[same:], right[same:]
    if len(left) != len(right):
        return rest_left[1:] == rest_right or rest_left == rest_right[1:]
    is_swapped = rest_left[:2] == rest_right[:2][::-1] and rest_left[2:] == rest_right[2:]
    return is_swapped or (is_long and rest_left[1:] == rest_right[1:])
