"""A disclosure: that a record was given out, and what of it was not."""

from dataclasses import dataclass
from datetime import datetime

from services.intake.model.dated import Dated
from services.intake.model.secrecy import Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal(Dated):
    """Where, and within how many weeks from being told of it, a decision can be appealed (överklagande)."""

    decision: str
    weeks: int
    court_sv: str
    court_en: str
    paragraph: str
    source: str

    @property
    def key(self) -> str:
        """See `Dated`."""
        return self.decision


@dataclass(frozen=True, slots=True)
class Masking:
    """What was left out of a record (maskering): `what` of which field, by which paragraph, by whose decision."""

    field: Field
    what: Field
    paragraph: str
    decided_by: str


@dataclass(frozen=True, slots=True)
class Disclosure:
    """That a contact's record was given out (utlämnande): when, by whom, and what of it was masked."""

    municipality: str
    disclosure_id: str
    contact_id: str
    number: str
    at: datetime
    by: str
    maskings: tuple[Masking, ...] = ()
