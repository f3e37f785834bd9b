"""The tallies: the questions first, then the collection that answers them."""

from typing import Protocol

from services.intake.model.tally import Outcome, Tally
from services.intake.rules.tallies import step_of, tallies_of
from shared.platform.database import Index
from shared.platform.store import Store


class Tallies(Protocol):
    """What is counted of contacts (räkningar), of every municipality."""

    async def count(self, outcome: Outcome | None) -> None:
        """Count what there is to count, in the same unit as what it is about."""
        ...

    async def between(self, municipality: str, first_week: str, last_week: str) -> list[Tally]:
        """The tallies of these weeks, both counted."""
        ...


class KeptTallies(Store[Tally]):
    """Tallies in MongoDB. A batch writes each once; a few weeks' are a few hundred, however many contacts there are."""

    collection = "tallies"
    state = Tally
    identity = "tally_id"
    indexes = (Index((("municipality", 1), ("week", 1))),)

    async def count(self, outcome: Outcome | None) -> None:
        """See `Tallies`."""
        if outcome is None:
            return
        fresh, step = tallies_of(outcome), step_of(outcome)
        await self.load([one.tally_id for one in fresh])
        for one in fresh:
            known = await self.get(one.tally_id)
            self.save((known or one).counting(outcome, step))

    async def between(self, municipality: str, first_week: str, last_week: str) -> list[Tally]:
        """See `Tallies`."""
        query = {"municipality": municipality, "week": {"$gte": first_week, "$lte": last_week}}
        return await self.find(
            query, lambda one: one.municipality == municipality and first_week <= one.week <= last_week
        )
