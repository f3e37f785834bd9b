"""routing's doors: see a matter and who has it, list matters, list officers."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from services.routing.model import Matter, MatterState, Officer
from services.routing.store import Matters, Officers
from shared.contracts.refusal import Unknown
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.paging import Listing, Page, paged
from shared.platform.web.who import Municipality, Person, allowed

Staff = Annotated[Person, Depends(allowed("officer", "coordinator", "receptionist", "manager"))]


class OfficerShown(BaseModel):
    """An officer, how they are reached, and how many matters they have in hand."""

    officer_id: str
    name: str
    e_mail: str | None
    phone: str | None
    case_types: list[str]
    active: bool
    open_matters: int


class MatterShown(BaseModel):
    """A matter: who has it, since when and why; or since when and why it waits."""

    matter_id: str
    contact_id: str
    party_id: str | None
    case_type: str
    state: MatterState
    officer_id: str | None
    reason_sv: str | None
    reason_en: str | None
    opened_at: datetime
    since: datetime
    more_contacts: list[str]


class MatterInFull(MatterShown):
    """A matter with its officer as they are now."""

    officer: OfficerShown | None


router = APIRouter()


@router.get("/{municipality}/matters", tags=["matters"])
async def list_matters(
    municipality: Municipality,
    _: Staff,
    page: Annotated[Page, Depends(paged(datetime, str))],
    desk: AtDesk,
    officer_id: Annotated[str | None, Query(max_length=200, examples=["1460-o-lind"])] = None,
    state: MatterState | None = None,
) -> Listing[MatterShown]:
    """Matters, the newest first; those of one officer, or in one state, when that is asked."""

    async def newest(matters: Matters) -> list[Matter]:
        return await matters.newest(municipality, officer_id, state, page.after, page.limit + 1)

    listed = [shown(matter) for matter in await desk.ask(newest)]
    return page.listing(listed, key=lambda one: (one.opened_at, one.matter_id))


@router.get("/{municipality}/matters/{matter_id}", tags=["matters"])
async def see_matter(municipality: Municipality, matter_id: str, _: Staff, desk: AtDesk) -> MatterInFull:
    """One matter: who has it, since when and why."""

    async def see(matters: Matters, officers: Officers) -> MatterInFull | None:
        matter = await matters.get(matter_id)
        if matter is None or matter.municipality != municipality:
            return None
        officer = await officers.get(matter.officer_id) if matter.officer_id else None
        return MatterInFull(**shown(matter).model_dump(), officer=officer and officer_shown(officer))

    matter = await desk.ask(see)
    if matter is None:
        raise Unknown("no-such-matter", "Ärendet finns inte.", "There is no such matter.")
    return matter


@router.get("/{municipality}/officers", tags=["officers"])
async def list_officers(
    municipality: Municipality, _: Staff, page: Annotated[Page, Depends(paged(str))], desk: AtDesk
) -> Listing[OfficerShown]:
    """Officers in the order of their ids, also those who are not active."""

    async def some(officers: Officers) -> list[Officer]:
        return await officers.listed(municipality, page.after, page.limit + 1)

    listed = [officer_shown(officer) for officer in await desk.ask(some)]
    return page.listing(listed, key=lambda one: (one.officer_id,))


def shown(matter: Matter) -> MatterShown:
    """A matter as the staff sees it."""
    return MatterShown(
        matter_id=matter.matter_id,
        contact_id=matter.contact_id,
        party_id=matter.party_id,
        case_type=matter.case_type,
        state=matter.state,
        officer_id=matter.officer_id,
        reason_sv=matter.reason and matter.reason.sv,
        reason_en=matter.reason and matter.reason.en,
        opened_at=matter.opened_at,
        since=matter.since,
        more_contacts=list(matter.more_contacts),
    )


def officer_shown(officer: Officer) -> OfficerShown:
    """An officer as colleagues see them."""
    named = {name: getattr(officer, name) for name in OfficerShown.model_fields if name != "case_types"}
    return OfficerShown(case_types=list(officer.case_types), **named)
