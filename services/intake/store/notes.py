"""The notes: the questions first, then the collection that answers them."""

from collections.abc import Sequence
from typing import Any, Protocol

from services.intake.model.note import Note
from shared.contracts.event import Event
from shared.platform.database import Index
from shared.platform.keyset import beyond
from shared.platform.store import Store


class Notes(Protocol):
    """The notes (tjänsteanteckningar) of every contact, one document a version: a kept one is never written again."""

    async def latest(self, note_id: str) -> Note | None:
        """The latest version of a note; None when there is no such note."""
        ...

    async def of_contact(self, contact_id: str, after: tuple[Any, ...] | None, limit: int) -> list[Note]:
        """A contact's notes as they were begun, each version beside the one before, after the one whose (begun_at:
        datetime, version_id: str) is given.
        """
        ...

    async def all_of(self, contact_id: str, /) -> list[Note]:
        """Every version of every note of a contact, the oldest note first."""
        ...

    def save(self, note: Note, /, says: Sequence[Event] = ()) -> None:
        """Keep a new version. Two who correct at once run into each other, and the later makes the version after."""
        ...


class KeptNotes(Store[Note]):
    """Notes in MongoDB."""

    collection = "notes"
    state = Note
    identity = "version_id"
    sealed = ("text", "why")
    sealed_by = "contact_id"
    indexes = (
        Index((("contact_id", 1), ("begun_at", 1), ("_id", 1))),
        Index((("note_id", 1), ("version", -1))),
    )

    async def latest(self, note_id: str) -> Note | None:
        """See `Notes`."""
        found = await self.page({"note_id": note_id}, sort=(("version", -1),), limit=1)
        return found[0] if found else None

    async def all_of(self, contact_id: str) -> list[Note]:
        """See `Notes`."""
        return await self.of_contact(contact_id, None, 0)

    async def of_contact(self, contact_id: str, after: tuple[Any, ...] | None, limit: int) -> list[Note]:
        """See `Notes`."""
        query = {"contact_id": contact_id, **beyond(after, "begun_at", "$gt")}
        return await self.page(query, sort=(("begun_at", 1), ("_id", 1)), limit=limit)
