"""Who has the matters of a contact, as the doors show it: whom the caller can be told of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel

from services.intake.model.contact import Contact
from services.intake.model.officer import Officer
from services.intake.model.reception import Holding
from services.intake.rules.arrival_day import day_of
from services.intake.rules.in_force import CaseTypes
from services.intake.store.officers import Officers


class HolderShown(BaseModel):
    """Who has a matter of the contact, since when and how to reach them; nobody while it waits."""

    matter_id: str
    case_type: str
    officer_id: str | None
    since: datetime | None
    name: str | None = None
    phone: str | None = None
    function_sv: str | None = None
    function_en: str | None = None


class HandOverShown(BaseModel):
    """That a contact was handed over."""

    function: str | None
    at: datetime
    by: str
    times: int


class AnswerShown(BaseModel):
    """That a contact was answered at once, by which guidance card."""

    case_type: str
    card: str | None
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class WhoHas:
    """Names those who have matters: one unit's officers, and the functions of the case types."""

    officers: Officers
    types: CaseTypes

    async def has(self, contacts: Sequence[Contact]) -> list[list[HolderShown]]:
        """Who has the matters of each contact; the officers are looked up in one question."""
        wanted = {one.officer_id for contact in contacts for one in contact.held if one.officer_id}
        known = await self.officers.all_of(wanted) if wanted else {}
        return [[self._holder(one, contact, known) for one in contact.held] for contact in contacts]

    def _holder(self, one: Holding, contact: Contact, known: Mapping[str, Officer]) -> HolderShown:
        officer = known.get(one.officer_id or "")
        kind = self.types.in_force(contact.municipality, one.case_type, day_of(contact.registered_at))
        return HolderShown(
            matter_id=one.matter_id,
            case_type=one.case_type,
            officer_id=one.officer_id,
            since=one.since,
            name=officer and officer.name,
            phone=officer and officer.phone,
            function_sv=kind and kind.function_sv,
            function_en=kind and kind.function_en,
        )
