"""intake's doors: register a contact, see one, list them; erase a party."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field

from services.intake import events, rules
from services.intake.model import Arrival, Contact, Erasure, Ground
from services.intake.rules import NewId, PartyIds
from services.intake.store import Contacts, Parties
from shared.contracts.refusal import Unknown
from shared.platform.desk import Once
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.doors import IdempotencyKey
from shared.platform.web.paging import Listing, Page, paged
from shared.platform.web.who import Municipality, Person, allowed

Reception = Annotated[Person, Depends(allowed("receptionist", "coordinator"))]
Eraser = Annotated[Person, Depends(allowed("coordinator", "manager"))]
CASE_TYPE = r"^[0-9A-Za-zÅÄÖåäö][0-9A-Za-zÅÄÖåäö._:/-]{0,99}$"


class CompanyAsked(BaseModel):
    """The company, as the caller names it."""

    organisation_number: str | None = Field(None, max_length=32, examples=["556016-0680"])
    name: str | None = Field(None, min_length=1, max_length=300)


class PersonAsked(BaseModel):
    """The person who calls."""

    name: str | None = Field(None, min_length=1, max_length=300)
    phone: str | None = Field(None, min_length=1, max_length=50)
    e_mail: str | None = Field(None, min_length=3, max_length=320, pattern=r"^[^@\s]+@[^@\s]+$")


class ContactAsked(BaseModel):
    """A contact to register: a channel and the wish in the caller's own words are enough."""

    channel: Literal["phone", "visit", "web", "e-mail", "letter", "chat", "system"]
    wish: str = Field(min_length=1, max_length=20_000, examples=["Vi vill öppna en uteservering i juni."])
    received_at: AwareDatetime | None = None
    case_type: str | None = Field(
        None, pattern=r"^[0-9A-Za-zÅÄÖåäö][0-9A-Za-zÅÄÖåäö._:/-]{0,99}$", examples=["serv_stad"]
    )
    language: Literal["sv", "en"] = "sv"
    company: CompanyAsked | None = None
    person: PersonAsked | None = None


class ContactShown(BaseModel):
    """A registered contact."""

    contact_id: str
    party_id: str | None
    channel: str
    case_types: list[str]
    language: str
    wish: str
    received_at: datetime
    registered_at: datetime
    registered_by: str
    reference: str | None


class ErasureAsked(BaseModel):
    """On which ground a party is to be erased: the General Data Protection Regulation, article 17.1 a-e."""

    ground: Ground


class ErasureShown(BaseModel):
    """That a party was erased."""

    party_id: str
    erased_at: datetime
    erased_by: str
    ground: Ground


router = APIRouter()


@router.post("/{municipality}/contacts", status_code=201, tags=["contacts"])
async def register_contact(
    municipality: Municipality, asked: ContactAsked, person: Reception, desk: AtDesk, key: IdempotencyKey = None
) -> ContactShown:
    """Register a contact. With an Idempotency-Key the same call is registered once, however often it is sent."""

    async def register(contacts: Contacts, parties: Parties, ids: PartyIds, new: NewId, at: datetime) -> ContactShown:
        arrival = arrived(asked, municipality, person.id, key or new.make(), at)
        party_id = rules.party_id_of(arrival, ids)
        before = await parties.known(party_id)
        party = rules.party_of(arrival, party_id, before)
        if party is not None and party != before:
            parties.save(party, says=[events.declared(party)])
        contact = rules.taken_down(arrival, party_id, at)
        contacts.save(contact, says=[events.registered(contact)])
        return shown(contact)

    return await desk.do(register, Once.under(key, municipality, person.id, "contacts", asked))


@router.get("/{municipality}/contacts/{contact_id}", tags=["contacts"])
async def see_contact(municipality: Municipality, contact_id: str, _: Reception, desk: AtDesk) -> ContactShown:
    """One contact."""

    async def see(contacts: Contacts) -> Contact | None:
        return await contacts.get(contact_id)

    contact = await desk.ask(see)
    if contact is None or contact.municipality != municipality:
        raise Unknown("no-such-contact", "Kontakten finns inte.", "There is no such contact.")
    return shown(contact)


@router.get("/{municipality}/contacts", tags=["contacts"])
async def list_contacts(
    municipality: Municipality, _: Reception, page: Annotated[Page, Depends(paged(datetime, str))], desk: AtDesk
) -> Listing[ContactShown]:
    """Contacts, the newest first."""

    async def newest(contacts: Contacts) -> list[Contact]:
        return await contacts.newest(municipality, page.after, page.limit + 1)

    listed = [shown(contact) for contact in await desk.ask(newest)]
    return page.listing(listed, key=lambda one: (one.registered_at, one.contact_id))


@router.post("/{municipality}/parties/{party_id}/erasure", tags=["parties"])
async def erase_party(
    municipality: Municipality,
    party_id: str,
    asked: ErasureAsked,
    person: Eraser,
    desk: AtDesk,
    key: IdempotencyKey = None,
) -> ErasureShown:
    """Erase who a party is, here and with all who have heard it. Asked again, all are told again to forget it."""

    async def erase(parties: Parties, at: datetime) -> ErasureShown:
        party = await parties.known(party_id)
        if party is None or party.municipality != municipality:
            raise Unknown("no-such-party", "Parten finns inte.", "There is no such party.")
        erasure = Erasure(at, person.id, asked.ground)
        erased = party.erased(erasure)
        parties.save(erased, says=[events.erased(party)])
        return ErasureShown(party_id=party_id, **asdict(erased.erasure or erasure))

    return await desk.do(erase, Once.under(key, municipality, person.id, f"erasure {party_id}", asked))


def arrived(asked: ContactAsked, municipality: str, by: str, key: str, at: datetime) -> Arrival:
    """What was asked at the door, as an arrival."""
    company, person = asked.company or CompanyAsked(), asked.person or PersonAsked()
    return Arrival(
        municipality=municipality,
        key=f"door {by} {key}",
        by=by,
        channel=asked.channel,
        wish=asked.wish,
        received_at=asked.received_at or at,
        case_type=asked.case_type,
        language=asked.language,
        organisation_number=company.organisation_number,
        name=person.name or company.name,
        e_mail=person.e_mail,
        phone=person.phone,
    )


def shown(contact: Contact) -> ContactShown:
    """A contact as the reception sees it."""
    named = {name: getattr(contact, name) for name in ContactShown.model_fields if name != "case_types"}
    return ContactShown(case_types=list(contact.case_types), **named)
