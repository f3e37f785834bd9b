"""A failing script made as small as it can be while it still fails."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tests.simulation.script import Script

Broken = Callable[[Script], bool]
MEMBERS = ("faults", "puts", "asks", "jumps")


class Shrinking:
    """Takes parts out, halves first and then single ones, for at most so many tries."""

    def __init__(self, broken: Broken, tries: int) -> None:
        self._broken, self.left = broken, tries

    def if_still(self, smaller: Script, script: Script) -> Script:
        """The smaller one when it fails still."""
        self.left -= 1
        return smaller if self.left >= 0 and self._broken(smaller) else script

    def fewer(self, script: Script, member: str) -> Script:
        """The script with the fewest parts of one kind."""
        size = len(getattr(script, member))
        while size >= 1:
            script = self._without(script, member, size)
            size //= 2
        return script

    def _without(self, script: Script, member: str, size: int) -> Script:
        """Leave out so many at a time, wherever that can be."""
        at = 0
        while at < len(getattr(script, member)):
            parts: Sequence[Any] = getattr(script, member)
            left: Any = {member: (*parts[:at], *parts[at + size :])}
            smaller = self.if_still(replace(script, **left), script)
            at += size if smaller is script else 0
            script = smaller
        return script


def shrunk(script: Script, broken: Broken, tries: int = 300) -> Script:
    """A small script that fails as this one does."""
    work, before = Shrinking(broken, tries), None
    for plainer in ({"jitter": False}, {"carriers": 1}, {"sorters": 1}):
        change: Any = plainer
        script = work.if_still(replace(script, **change), script)
    while script != before and work.left > 0:
        before = script
        for member in MEMBERS:
            script = work.fewer(script, member)
    return script
