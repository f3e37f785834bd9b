"""When a listener's next batch may begin: a little after the one before, so that more records share its cost."""

AT_ONCE = 500
"""So many records are a full batch."""
APART = 0.15
"""Seconds from the beginning of one batch to that of the next. A record that comes in quiet waits for nothing."""


class Pace:
    """The pace of one listener; all times are seconds on one clock."""

    def __init__(self) -> None:
        self._next = 0.0

    def began(self, at: float, records: int) -> None:
        """A batch of so many records began; after a full one the next begins at once, for more lie ready."""
        self._next = at if records >= AT_ONCE else at + APART

    def rest(self, at: float) -> float:
        """How long to wait for the next batch."""
        return max(0.0, self._next - at)
