"""Not by chance but one by one: every single call of a few small batches fails in every way, and comes right again."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.simulation.script import INBOX, KEYS, LETTERS, Ask, Fault, Kind, Put, Script
from tests.simulation.trial import tried
from tests.simulation.world import played

A, B = "1460-a", "1460-b"
WELL = Script(
    0,
    puts=(Put(0.1, LETTERS, A, 1), Put(0.1, LETTERS, A, 2, "promise"), Put(0.1, LETTERS, B, 1), Put(0.1, INBOX, A, 1)),
    asks=(Ask(0.102, A, 1),),
    jitter=False,
)
ILL = Script(
    0,
    puts=(
        Put(0.1, LETTERS, A, 1, "unreadable"),
        Put(0.1, LETTERS, A, 2),
        Put(0.1, LETTERS, B, 1, "key"),
        Put(0.1, LETTERS, B, 2, "big"),
        Put(0.1, INBOX, B, 1, "no"),
        Put(0.1, INBOX, B, 2, "bug"),
        Put(0.15, KEYS, B, 1),
        Put(0.2, LETTERS, A, 2, again=True),
    ),
    mended_at=0.5,
    jitter=False,
)
DONE = 0.9
BATCHES = {"well": WELL, "ill": ILL}
KINDS: Sequence[Kind] = ("crash before", "crash after", "cut before", "cut after", "stall before", "stall after")


@pytest.mark.parametrize("slot", ["sorting-0", "carrying-0", "person"])
@pytest.mark.parametrize("batch", BATCHES)
def test_every_single_call_may_fail_in_every_way(batch: str, slot: str) -> None:
    calm = BATCHES[batch]
    assert not tried(calm).breaches
    for nth in range(1, _calls(calm, slot) + 1):
        for kind in KINDS:
            ill = replace(calm, faults=(Fault(slot, "", nth, kind, 1.4),), sorters=1 + kind.startswith("stall"))
            assert not tried(ill).breaches, ill.told()


def _calls(calm: Script, slot: str) -> int:
    """How many calls the slot makes until all is done and told."""
    return sum(where == slot and at < DONE for at, where, _, _ in played(calm).trace)
