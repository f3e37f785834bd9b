"""Numbers found by words, in little room."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence

NOTHING: Sequence[int] = ()
BITS = 64


class Index:
    """Numbers by keys: the keys' hashes in order, and beside each its number, in a tenth of the room of a mapping.

    Hashes that begin with the same bits stand on one shelf, of which there are as many as hashes, or up to twice that.

    The keys themselves are not there: two with one hash of 64 bits would be taken for the same.
    """

    def __init__(self, pairs: Iterable[tuple[str, int]]) -> None:
        hashes, numbers = array("q"), array("l")
        for key, number in pairs:
            hashes.append(hash(key))
            numbers.append(number)
        in_order = sorted(range(len(hashes)), key=hashes.__getitem__)
        self._hashes = array("q", map(hashes.__getitem__, in_order))
        self._numbers = array("l", map(numbers.__getitem__, in_order))
        bits = max(len(hashes).bit_length(), 1)
        self._shift, self._half = BITS - bits, 1 << (bits - 1)
        firsts = (shelf << self._shift for shelf in range(-self._half, self._half))
        self._shelves = array("I", [*(bisect_left(self._hashes, first) for first in firsts), len(hashes)])

    def __getitem__(self, key: str) -> Sequence[int]:
        """The numbers of a key, in the order that they came; nothing when it has none."""
        hashes, wanted = self._hashes, hash(key)
        shelf = (wanted >> self._shift) + self._half
        first, end = self._shelves[shelf], self._shelves[shelf + 1]
        while first < end and hashes[first] < wanted:
            first += 1
        last = first
        while last < end and hashes[last] == wanted:
            last += 1
        return self._numbers[first:last] if last > first else NOTHING
