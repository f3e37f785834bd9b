"""The index of suggestion finds the same as a mapping would; and what suggestion remembers has an end."""

import gc
import tracemalloc
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import islice
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.intake.rules import finding
from services.intake.rules.suggestion.index import Index
from services.intake.store.datafiles import read_case_types, read_suggesters

ON = date(2026, 11, 24)
WISHES, WORDS_EACH, MOST_KEPT = 400, 20, 256 * 1024


@given(st.lists(st.tuples(st.text("abå", max_size=2), st.integers(0, 9))), st.text("abå", max_size=2))
def test_an_index_finds_what_a_mapping_would(pairs: list[tuple[str, int]], other: str) -> None:
    index, mapping = Index(pairs), defaultdict(list)
    for key, number in pairs:
        mapping[key].append(number)
    assert {key: list(index[key]) for key in (*mapping, other)} == {key: mapping[key] for key in (*mapping, other)}


def invented_words(random: Random) -> Iterator[str]:
    while True:
        yield "".join(random.choices("aeioulmnrstkåö", k=9))


def test_what_is_remembered_of_words_and_names_stops_growing() -> None:
    """8,000 new words fill every store; 8,000 more leave nothing behind."""
    suggesters, words = read_suggesters(read_case_types()), invented_words(Random(4))

    def hear_more() -> None:
        for _ in range(WISHES):
            wish = list(islice(words, WORDS_EACH))
            suggesters.suggest("1460", " ".join(wish), ON)
            for word in wish:
                finding.words_of(word)

    hear_more()
    tracemalloc.start()
    hear_more()
    hear_more()
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    hear_more()
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < MOST_KEPT
