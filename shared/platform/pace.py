"""When a listener's next batch may begin: a little after a small one, so that more records share its cost."""

MANY = 100
"""After a batch of so many more lie ready, most likely."""
APART = 0.15
"""Seconds from the beginning of a small batch to that of the next. What comes in quiet waits for nothing."""


class Pace:
    """The pace of one listener; all times are seconds on one clock."""

    def __init__(self) -> None:
        self._next = 0.0

    def began(self, at: float, records: int) -> None:
        """A batch of so many records began."""
        self._next = at if records >= MANY else at + APART

    def rest(self, at: float) -> float:
        """How long to wait for the next batch."""
        return max(0.0, self._next - at)
