"""An attachment: a file that came with a contact."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

KeptOut = Literal["too-large", "infected"]
"""Why a file's bytes are not kept."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a contact (bilaga). `media_type` is what its bytes look like, not what was declared.

    Its bytes are kept apart, sealed with `key` (base64); where they were kept out, only this is left to tell of it.
    """

    attachment_id: str
    name: str
    declared_type: str
    media_type: str
    size: int
    sha256: str
    key: str = field(repr=False)
    scanned: bool = False
    kept_out: KeptOut | None = None
    threat: str | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is being taken in (uppladdning), until a contact has it: what no contact has in a day goes again."""

    municipality: str
    upload_id: str
    due_at: datetime | None
    going: bool = False

    def let_go(self, due_at: datetime) -> "Upload":
        """The upload when it is decided that no contact will have it; its bytes go at `due_at`."""
        return replace(self, going=True, due_at=due_at)
