"""How a listener keeps time: a moment between small batches, so that more records share their cost, and pauses."""

AT_ONCE = 500
"""So many records are a full batch."""
MANY = 100
"""After a batch of so many more lie ready, most likely."""
APART = 0.15
"""Seconds from the beginning of a small batch to that of the next. What comes in quiet waits for nothing."""
PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
"""Seconds after the first failure in a row, the second, and so on."""


class Pace:
    """The pace of one listener; all times are seconds on one clock."""

    def __init__(self) -> None:
        self._next, self._failures = 0.0, 0

    def began(self, at: float, records: int) -> None:
        """A batch of so many records began."""
        self._next = at if records >= MANY else at + APART

    def rest(self, at: float) -> float:
        """How long to wait for the next batch."""
        return max(0.0, self._next - at)

    def went_well(self) -> None:
        """The failures in a row are over."""
        self._failures = 0

    def after_failure(self) -> float:
        """How long to pause after one failure more."""
        self._failures += 1
        return PAUSES[min(self._failures, len(PAUSES)) - 1]
