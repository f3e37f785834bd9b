"""A few hundred seeds of the simulation, and that a seed is a seed. `make simulate` runs ten thousand."""

import os
import subprocess
import sys

import pytest

from tests.simulation.script import script
from tests.simulation.trial import report, tried

SHARES, SHARE = 4, 60


@pytest.mark.parametrize("share", range(SHARES))
def test_whatever_goes_wrong_the_promises_hold(share: int) -> None:
    for seed in range(share * SHARE, (share + 1) * SHARE):
        assert not tried(script(seed)).breaches, report(seed)


def test_a_seed_takes_the_same_course_each_time() -> None:
    assert [tried(script(seed)).fingerprint for seed in range(20)] == [
        tried(script(seed)).fingerprint for seed in range(20)
    ]


def test_a_seed_takes_the_same_course_in_every_process() -> None:
    told = {_course_under(hash_seed) for hash_seed in ("1", "2")}
    assert told == {tried(script(3)).fingerprint}


def _course_under(hash_seed: str) -> str:
    command = [sys.executable, "-m", "tests.simulation", "--seed", "3"]
    done = subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": hash_seed}, capture_output=True, check=True)
    return done.stdout.decode().split()[-1]
