"""What was announced and what runs took: the questions first, then the collections that answer them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from services.intake.model.retention import Announcement, RetentionRun
from shared.contracts.event import Event
from shared.platform.database import Index
from shared.platform.keyset import beyond
from shared.platform.store import Store


class Announcements(Protocol):
    """What was announced to go, and what has gone (aviserade gallringar)."""

    async def all_of(self, announcement_ids: Collection[str]) -> Mapping[str, Announcement]:
        """Those of these that were made."""
        ...

    async def taken_in(self, run_id: str, after: tuple[Any, ...] | None, limit: int) -> list[Announcement]:
        """What a run took, by id, after the one whose (announcement_id: str,) is given."""
        ...

    def save(self, announcement: Announcement, /, says: Sequence[Event] = ()) -> None:
        """Keep an announcement."""
        ...


class KeptAnnouncements(Store[Announcement]):
    """Announcements in MongoDB: ids and numbers, nothing personal."""

    collection = "retention_announcements"
    state = Announcement
    identity = "announcement_id"
    indexes = (Index((("run_id", 1), ("_id", 1)), where={"run_id": {"$gt": ""}}),)

    async def all_of(self, announcement_ids: Collection[str]) -> Mapping[str, Announcement]:
        """See `Announcements`."""
        return await self.get_all(announcement_ids)

    async def taken_in(self, run_id: str, after: tuple[Any, ...] | None, limit: int) -> list[Announcement]:
        """See `Announcements`."""
        query: dict[str, Any] = {"run_id": run_id}
        if after is not None:
            query["_id"] = {"$gt": after[0]}
        return await self.page(query, sort=(("_id", 1),), limit=limit)


class RetentionRuns(Protocol):
    """The runs (gallringskörningar) of every municipality, one a day."""

    async def get(self, run_id: str, /) -> RetentionRun | None:
        """One run; None before it has begun."""
        ...

    async def newest(self, municipality: str, after: tuple[Any, ...] | None, limit: int) -> list[RetentionRun]:
        """Runs, the newest first, after the one whose (began_at: datetime, run_id: str) is given."""
        ...

    def save(self, run: RetentionRun, /, says: Sequence[Event] = ()) -> None:
        """Keep a run. Two who go on with it at once run into each other, and the later finds it where it is."""
        ...


class KeptRetentionRuns(Store[RetentionRun]):
    """Runs in MongoDB."""

    collection = "retention_runs"
    state = RetentionRun
    identity = "run_id"
    indexes = (Index((("municipality", 1), ("began_at", -1), ("_id", -1))),)

    async def newest(self, municipality: str, after: tuple[Any, ...] | None, limit: int) -> list[RetentionRun]:
        """See `RetentionRuns`."""
        query = {"municipality": municipality, **beyond(after, "began_at", "$lt")}
        return await self.page(query, sort=(("began_at", -1), ("_id", -1)), limit=limit)
