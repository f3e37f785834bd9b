"""routing as the next release would be: it says assignments of version 1, with a new field, and of version 2.

`python -m tests.end_to_end.routing_next`; with the word `alone` it says version 2 only, as once the last listener to
version 1 has moved.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace

from fastapi import FastAPI

from services.routing.app import parts
from services.routing.model import Matter
from services.routing.settings import Settings
from services.routing.store import KeptMatters, Matters
from shared.contracts import routing_matters
from shared.contracts.event import Event
from shared.platform.clock import Clock
from shared.platform.database import Database
from shared.platform.service import assemble, serve
from shared.platform.unit import Shelf
from tests.end_to_end.next_contracts import NEXT, URGENT, MatterAssigned, MatterAssignedMore

ALONE = sys.argv[1:] == ["alone"]


class NextMatters(KeptMatters):
    """Matters, and what the next release says of them."""

    def save(self, matter: Matter, says: Sequence[Event] = ()) -> None:
        """The same state; an assignment is said anew."""
        super().save(matter, [event for one in says for event in anew(one)])


def anew(event: Event) -> list[Event]:
    """What is said in the place of an event."""
    if not isinstance(event, routing_matters.MatterAssigned):
        return [event]
    first, second = MatterAssignedMore(**event.model_dump(), urgency=URGENT), MatterAssigned.of(event)
    return [second] if ALONE else [first, second]


def create_app(settings: Settings, database: Database, clock: Clock, wall: Clock) -> FastAPI:
    """The next routing."""
    of_today = parts(settings)
    shelf: Shelf = {**of_today.shelf, Matters: NextMatters}
    return assemble(replace(of_today, shelf=shelf, release=NEXT), settings, database, clock, wall)


if __name__ == "__main__":
    serve(Settings.load, create_app, "routing")
