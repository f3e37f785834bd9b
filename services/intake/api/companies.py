"""The doors of companies: find one while they talk."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.intake.api.seen import seen
from services.intake.finding import Hit, Sources, find
from services.intake.model.party import PartyKind
from services.intake.rules.finding import Sought
from services.intake.rules.ids import PartyIds
from services.intake.rules.policy import Action
from services.intake.who import doing
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.who import Municipality, Person

Finding = Annotated[Person, doing(Action.FIND_COMPANY)]

router = APIRouter()


class SearchAsked(BaseModel):
    """What is written in the search box: an organisation number, a phone number, an e-mail, or words of names."""

    q: str = Field(min_length=2, max_length=200, examples=["åsas café", "556016-0680", "0531-123 45"])


class PersonFound(BaseModel):
    """A person who speaks for a company."""

    party_id: str
    name: str | None
    role: str | None
    phone: str | None
    e_mail: str | None


class CompanyFound(BaseModel):
    """A company, or a person who speaks for themselves, with how many contacts wait and matters there are."""

    party_id: str
    kind: PartyKind
    name: str | None
    organisation_number: str | None
    phone: str | None
    e_mail: str | None
    language: str
    last_contact_on: date | None
    open_contacts: int
    matters: int
    persons: list[PersonFound]


class CompaniesFound(BaseModel):
    """At most ten, the best first."""

    items: list[CompanyFound]


@router.post("/{municipality}/companies/search", tags=["companies"])
async def find_companies(
    municipality: Municipality, asked: SearchAsked, person: Finding, desk: AtDesk
) -> CompaniesFound:
    """Find a company by what the caller says of it. What is sought is personal, so it is asked in the body."""

    async def found(sources: Sources, ids: PartyIds) -> list[Hit]:
        return await find(Sought.of(asked.q), municipality, sources, ids.printed)

    hits = await desk.ask(found)
    await seen(desk, person, Action.FIND_COMPANY, *(one.party_id for hit in hits for one in hit.parties))
    return CompaniesFound(items=[_shown(hit) for hit in hits])


def _shown(hit: Hit) -> CompanyFound:
    party = hit.party
    return CompanyFound(
        party_id=party.party_id,
        kind=party.kind,
        name=party.known_as,
        organisation_number=party.organisation_number,
        phone=party.phone,
        e_mail=party.e_mail,
        language=party.language,
        last_contact_on=party.last_contact_on,
        open_contacts=hit.open_contacts,
        matters=hit.matters,
        persons=[PersonFound.model_validate(person, from_attributes=True) for person in hit.persons],
    )
