"""The series of numbers: the questions first, then the collection that answers them."""

from collections.abc import Sequence
from typing import Protocol

from services.intake.model.series import Series
from shared.contracts.event import Event
from shared.platform.store import Store


class AllSeries(Protocol):
    """The series of numbers (nummerserier) of every municipality and year."""

    async def get(self, series_id: str, /) -> Series | None:
        """One series; None before its first number."""
        ...

    def save(self, series: Series, /, says: Sequence[Event] = ()) -> None:
        """Keep a series. Two who give a number at once run into each other, and the later gives the next."""
        ...


class KeptSeries(Store[Series]):
    """Series in MongoDB: one document a municipality and year, which a batch writes once."""

    collection = "series"
    state = Series
    identity = "series_id"
