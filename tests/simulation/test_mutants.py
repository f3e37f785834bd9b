"""The simulation can fail: each known way of breaking the pipeline is caught soon, and told in few words."""

import pytest

from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.script import Script, script
from tests.simulation.shrink import shrunk
from tests.simulation.trial import tried

SOON = 250
"""So many seeds at most: `make simulate` has forty times as many."""
TRIES = 60
FEW = 12


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_broken_pipeline_is_caught_and_told_in_few_words(mutant: Mutant) -> None:
    with mutant.alive():
        caught = next(one for seed in range(SOON) if _breaks(one := script(seed, mutant.theme)))
        small = shrunk(caught, _breaks, TRIES)
        assert _breaks(small)
    assert _parts(small) <= FEW, small.told()
    assert not _breaks(small), "the pipeline as it is keeps its promises in the same world"


def _breaks(one: Script) -> bool:
    return bool(tried(one).breaches)


def _parts(one: Script) -> int:
    return sum(map(len, (one.puts, one.asks, one.faults, one.jumps)))
