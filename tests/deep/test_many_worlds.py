"""A hundred thousand seeds of the simulation that no other run has: the promises hold in each."""

import subprocess
import sys

FIRST, SEEDS = 10_000, 100_000


def test_the_promises_hold_in_a_hundred_thousand_worlds() -> None:
    command = [sys.executable, "-m", "tests.simulation", "--first", str(FIRST), "--seeds", str(SEEDS)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{SEEDS:,} seeds" in done.stdout
