"""A company's change, as a register tells of it: kept so that people are asked about it once."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

ChangeKind = Literal["owner", "number", "premises", "name", "ceased"]


@dataclass(frozen=True, slots=True)
class CompanyChange:
    """That a company has a new owner, number, premises or name, or has ceased (företagsändring), from a day on.

    The same change is one, however many tell of it. A company with a new number is another party, `new_party_id`.
    `contact_id` is the question to people that it has raised, None when it raises none.
    """

    municipality: str
    change_id: str
    party_id: str
    kind: ChangeKind
    on: date
    told_by: str
    told_at: datetime
    reference: str
    new_party_id: str | None = None
    contact_id: str | None = None
