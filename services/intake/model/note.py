"""A note: what somebody must write down about a contact, so that it stands."""

from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Note:
    """One version of a note (tjänsteanteckning): what was said or seen, when and by whom it was written down (FL 27).

    It is never changed. A correction is the next `version`, beside it, with the reason; all versions of a note have the
    moment of the first, `begun_at`. `text` and `why` are None once the contact's key was forgotten.
    """

    municipality: str
    version_id: str
    note_id: str
    contact_id: str
    version: int
    text: str | None
    begun_at: datetime
    at: datetime
    by: str
    why: str | None = None

    def corrected(self, text: str, why: str, by: str, at: datetime) -> "Note":
        """The version that stands beside this one, the latest, from now on."""
        version = self.version + 1
        return replace(
            self, version_id=version_id_of(self.note_id, version), version=version, text=text, why=why, by=by, at=at
        )


def version_id_of(note_id: str, version: int) -> str:
    """The id of a version: as text they sort as they came."""
    return f"{note_id}-{version:06d}"
