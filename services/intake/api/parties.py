"""The doors of parties: erase one, by a decision, and tell what is gone and what the archive law keeps."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel

from services.intake.api.disposal import DecisionAsked
from services.intake.api.there import party_there
from services.intake.erasing import erase
from services.intake.model.contact import Contact
from services.intake.model.party import Erasure, Ground, Party, PartyKind
from services.intake.rules.disposal import WHY_KEPT_EN, WHY_KEPT_SV, insist_not_held, what_goes
from services.intake.rules.policy import Action
from services.intake.store.contacts import Contacts
from services.intake.store.parties import Parties
from services.intake.who import doing
from shared.platform.once import Once
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.doors import IdempotencyKey
from shared.platform.web.who import Municipality, Person

Erasing = Annotated[Person, doing(Action.ERASE_PARTY)]

router = APIRouter()


class ErasureAsked(BaseModel):
    """On which ground (General Data Protection Regulation, article 17.1 a-e), and by which decision."""

    ground: Ground
    decision: DecisionAsked


class Gone(BaseModel):
    """One whose key was deleted, and which of their members are gone."""

    party_id: str
    kind: PartyKind
    members: list[str]


class ContactKept(BaseModel):
    """A contact that stays, as the register tells of it."""

    contact_id: str
    number: str | None
    received_at: datetime
    arrived_on: date
    case_types: list[str]
    is_disposed_of: bool


class Kept(BaseModel):
    """What stays, and why."""

    why_sv: str = WHY_KEPT_SV
    why_en: str = WHY_KEPT_EN
    contacts: list[ContactKept]


class ErasureShown(BaseModel):
    """That a party was erased: what is gone with it, and what stays."""

    party_id: str
    erased_at: datetime
    erased_by: str
    ground: Ground
    decision: DecisionAsked | None
    gone: list[Gone]
    kept: Kept


@router.post("/{municipality}/parties/{party_id}/erasure", tags=["parties"])
async def erase_party(
    municipality: Municipality,
    party_id: str,
    asked: ErasureAsked,
    person: Erasing,
    desk: AtDesk,
    key: IdempotencyKey = None,
) -> ErasureShown:
    """Erase who a party is, with the persons who spoke for it, here and with all who have heard of it.

    Asked again, all are told again to forget it, and the first erasure stands.
    """

    async def decide(parties: Parties, contacts: Contacts, at: datetime) -> ErasureShown:
        party = party_there(await parties.known(party_id), municipality)
        all_parties = [party, *await parties.persons_of(party_id)]
        insist_not_held(one.holds for one in all_parties)
        erasure = Erasure(at, person.id, asked.ground, asked.decision.decision())
        erase(party, all_parties[1:], erasure, parties)
        kept = [contact for one in all_parties for contact in await contacts.all_of(one.party_id)]
        return _report(party.erased(erasure).erasure or erasure, all_parties, kept)

    return await desk.do(decide, Once.under(key, municipality, person.id, f"erasure {party_id}", asked))


def _report(erasure: Erasure, parties: list[Party], contacts: list[Contact]) -> ErasureShown:
    unlike = {contact.contact_id: contact for contact in contacts}  # a person's are their company's too
    return ErasureShown(
        party_id=parties[0].party_id,
        erased_at=erasure.erased_at,
        erased_by=erasure.erased_by,
        ground=erasure.ground,
        decision=erasure.decision and DecisionAsked.model_validate(erasure.decision, from_attributes=True),
        gone=[Gone(party_id=one.party_id, kind=one.kind, members=gone) for one in parties if (gone := what_goes(one))],
        kept=Kept(contacts=[_kept(contact) for contact in unlike.values()]),
    )


def _kept(contact: Contact) -> ContactKept:
    return ContactKept(
        contact_id=contact.contact_id,
        number=contact.number,
        received_at=contact.received_at,
        arrived_on=contact.arrived_on,
        case_types=list(contact.case_types),
        is_disposed_of=contact.disposal is not None,
    )
