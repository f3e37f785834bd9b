"""routing's doors: see a matter and who has it, list matters and officers, get a grant, declare a tie."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from services.routing import rules
from services.routing.model import Matter, MatterState, Officer, Tie, TieGround
from services.routing.store import Matters, Officers, Ties
from shared.contracts.grant import Grant
from shared.contracts.refusal import Unknown
from shared.platform.signed import Signer
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.paging import Listing, Page, paged
from shared.platform.web.who import Municipality, Person, allowed

Staff = Annotated[Person, Depends(allowed("officer", "coordinator", "receptionist", "manager"))]

Granted = Annotated[Person, Depends(allowed("officer"))]
Declaring = Annotated[Person, Depends(allowed("officer", "coordinator", "manager"))]
Lifting = Annotated[Person, Depends(allowed("coordinator", "manager"))]
NO_MATTER = ("no-such-matter", "Ärendet finns inte.", "There is no such matter.")
NO_OFFICER = ("no-such-officer", "Handläggaren finns inte.", "There is no such officer.")


class GrantAsked(BaseModel):
    """Which of the matter's contacts; the one that opened it when absent."""

    contact_id: str | None = Field(None, max_length=200)


class GrantShown(BaseModel):
    """The grant: give it as the header `Grant` at intake's doors to that contact, until it ends."""

    grant: str
    contact_id: str
    matter_id: str
    until: datetime


class TieAsked(BaseModel):
    """To whom the officer is tied, and on which ground: the number in FL 16, first paragraph."""

    party_id: str = Field(min_length=1, max_length=200, pattern=r"^[!-~]+$")
    ground: TieGround


class TieLifted(BaseModel):
    """To whom the officer is not tied any more."""

    party_id: str = Field(min_length=1, max_length=200, pattern=r"^[!-~]+$")


class TieShown(BaseModel):
    """That an officer is tied to a party, or was."""

    tie_id: str
    officer_id: str
    party_id: str
    ground: TieGround
    declared_at: datetime
    declared_by: str
    lifted_at: datetime | None
    lifted_by: str | None


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
        raise Unknown(*NO_MATTER)
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


@router.post("/{municipality}/matters/{matter_id}/grants", status_code=201, tags=["grants"])
async def grant(
    municipality: Municipality, matter_id: str, asked: GrantAsked, person: Granted, desk: AtDesk
) -> GrantShown:
    """A grant to read a contact of one's own matter at intake, for ten minutes; none for the tied, none for others'."""

    async def given(matters: Matters, officers: Officers, ties: Ties, signer: Signer, at: datetime) -> GrantShown:
        matter = await matters.get(matter_id)
        if matter is None or matter.municipality != municipality:
            raise Unknown(*NO_MATTER)
        officer_id = rules.officer_of(municipality, person.id)
        tie = await ties.get(rules.tie_id_of(municipality, officer_id, matter.party_id)) if matter.party_id else None
        contact_id = rules.granted(matter, await officers.get(officer_id), tie, asked.contact_id)
        until = rules.granted_until(at)
        told = Grant(officer=person.id, municipality=municipality, contact_id=contact_id, matter_id=matter_id)
        return GrantShown(grant=signer.sign(told, until), contact_id=contact_id, matter_id=matter_id, until=until)

    return await desk.ask(given)


@router.post("/{municipality}/officers/{officer_id}/ties", status_code=201, tags=["ties"])
async def declare_tie(
    municipality: Municipality, officer_id: str, asked: TieAsked, person: Declaring, desk: AtDesk
) -> TieShown:
    """Declare that an officer is tied to a party (FL 18); an officer does so of themselves. It is on no topic."""

    async def declare(officers: Officers, ties: Ties, at: datetime) -> TieShown:
        await _whom(municipality, officer_id, person, officers)
        tie_id = rules.tie_id_of(municipality, officer_id, asked.party_id)
        tie = Tie(municipality, tie_id, officer_id, asked.party_id, asked.ground, at, person.id)
        before = await ties.get(tie_id)
        if before is not None and before.lifted_at is None:
            return tie_shown(before)
        ties.save(tie)
        return tie_shown(tie)

    return await desk.do(declare)


@router.post("/{municipality}/officers/{officer_id}/ties/lifting", tags=["ties"])
async def lift_tie(
    municipality: Municipality, officer_id: str, asked: TieLifted, person: Lifting, desk: AtDesk
) -> TieShown:
    """Say that an officer is tied to a party no more."""

    async def lift(ties: Ties, at: datetime) -> TieShown:
        tie = await ties.get(rules.tie_id_of(municipality, officer_id, asked.party_id))
        if tie is None:
            raise Unknown("no-such-tie", "Jävet finns inte.", "There is no such tie.")
        lifted = tie.lifted(person.id, at)
        ties.save(lifted)
        return tie_shown(lifted)

    return await desk.do(lift)


@router.get("/{municipality}/officers/{officer_id}/ties", tags=["ties"])
async def list_ties(
    municipality: Municipality,
    officer_id: str,
    person: Declaring,
    page: Annotated[Page, Depends(paged(str))],
    desk: AtDesk,
) -> Listing[TieShown]:
    """An officer's ties; an officer sees their own."""

    async def some(officers: Officers, ties: Ties) -> list[Tie]:
        await _whom(municipality, officer_id, person, officers)
        return await ties.of_officer(officer_id, page.after, page.limit + 1)

    listed = [tie_shown(tie) for tie in await desk.ask(some)]
    return page.listing(listed, key=lambda one: (one.tie_id,))


async def _whom(municipality: str, officer_id: str, person: Person, officers: Officers) -> None:
    """Unknown when there is no such officer; NotTheirs when an officer asks about another."""
    if person.roles.isdisjoint(("coordinator", "manager")) and rules.officer_of(municipality, person.id) != officer_id:
        raise rules.NotTheirs("not-you", *rules.NOT_YOU)
    officer = await officers.get(officer_id)
    if officer is None or officer.municipality != municipality:
        raise Unknown(*NO_OFFICER)


def tie_shown(tie: Tie) -> TieShown:
    """A tie as those see it who may."""
    return TieShown.model_validate(tie, from_attributes=True)


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
