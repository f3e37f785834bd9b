"""The uploads: the questions first, then the collection that answers them."""

from collections.abc import Sequence
from typing import Protocol

from services.intake.model.attachment import Upload
from shared.contracts.event import Event
from shared.platform.store import Store


class Uploads(Protocol):
    """The uploads (uppladdningar) that no contact has yet."""

    async def get(self, upload_id: str, /) -> Upload | None:
        """One upload; None once a contact has it, or its bytes have gone."""
        ...

    def save(self, upload: Upload, /, says: Sequence[Event] = ()) -> None:
        """Keep an upload."""
        ...

    def drop(self, upload_id: str, /) -> None:
        """An upload, read before, is none any more."""
        ...


class KeptUploads(Store[Upload]):
    """Uploads in MongoDB; the files themselves lie beside."""

    collection = "uploads"
    state = Upload
    identity = "upload_id"
