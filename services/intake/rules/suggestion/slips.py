"""Which known words a misspelt one may be: those that are but one letter from it."""

from collections.abc import Iterable, Iterator

from services.intake.rules.suggestion.index import Index

SHORTEST, LONG = 5, 8
NOT = "o"


class Slips:
    """Known words, each found by what is left of it when any of its letters is taken out."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = sorted({word for word in words if len(word) >= SHORTEST})
        self._by_rest = Index((rest, at) for at, word in enumerate(self._words) for rest in _rests(word))

    def nearest(self, word: str) -> str | None:
        """The first in order of the known words that are one letter from this one, which must have five itself."""
        if len(word) < SHORTEST:
            return None
        near = sorted({at for rest in _rests(word) for at in self._by_rest[rest]})
        return next((one for one in (self._words[at] for at in near) if _is_one_off(word, one)), None)


def _rests(word: str) -> Iterator[str]:
    yield word
    yield from (word[:at] + word[at + 1 :] for at in range(len(word)))


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
