"""Python's garbage collector, told how a service lives: what the start made stays, what a batch makes is soon gone.

Untold, it looks through a batch's objects a dozen times while they are still in use, and now and then through every
module and schema of the process: a tenth of the time of a busy listener, and pauses of 100 ms.
"""

import gc

YOUNG = 50_000
"""So many more objects made than freed: several batches; they hold no cycles, so nearly none survives them."""


def settle() -> None:
    """Leave what is there now alone for good, and look at what is new less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)
