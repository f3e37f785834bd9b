"""The door that tells somebody all that is held about them, as one document (GDPR, article 15)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, BeforeValidator, Field

from services.intake.api.disposal import DecisionAsked, HoldShown
from services.intake.api.notes import NoteShown
from services.intake.api.reads import ReadShown, read_shown
from services.intake.api.seen import seen
from services.intake.api.shapes import ContactShown
from services.intake.api.there import party_there
from services.intake.model.contact import Contact
from services.intake.model.note import Note
from services.intake.model.party import Ground, Party, PartyKind
from services.intake.rules.policy import Action
from services.intake.store.contacts import Contacts
from services.intake.store.notes import Notes
from services.intake.store.parties import Parties
from services.intake.store.reads import Reads
from services.intake.who import doing
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.who import Municipality, Person

Exporting = Annotated[Person, doing(Action.EXPORT_PARTY)]
AllHolds = Annotated[list[HoldShown], BeforeValidator(lambda kept: kept or ())]

router = APIRouter()


class ErasureHeld(BaseModel):
    """That the party was erased before, and told anew since."""

    erased_at: datetime
    erased_by: str
    ground: Ground
    decision: DecisionAsked | None


class PartyHeld(BaseModel):
    """All that is held about who a company or a person is."""

    party_id: str
    kind: PartyKind
    name: str | None
    e_mail: str | None
    phone: str | None
    language: str
    organisation_number: str | None
    company_name: str | None
    company_id: str | None
    role: str | None
    erasure: ErasureHeld | None
    holds: AllHolds


class DisposalHeld(BaseModel):
    """That what was written in a contact was erased."""

    at: datetime
    by: str
    decision: DecisionAsked


class ContactHeld(ContactShown):
    """A contact with all that is written in it and about it."""

    disposal: DisposalHeld | None
    holds: AllHolds
    notes: list[NoteShown] = Field(default_factory=list)


class Export(BaseModel):
    """All that is held about a party at a moment: who they are, who spoke for them, every contact in full, and who has
    read of it before.
    """

    at: datetime
    party: PartyHeld
    persons: list[PartyHeld]
    contacts: list[ContactHeld]
    reads: list[ReadShown]


@router.get("/{municipality}/parties/{party_id}/export", tags=["parties"])
async def export_party(municipality: Municipality, party_id: str, person: Exporting, desk: AtDesk) -> Export:
    """All that intake holds about a party, as one document. Files are listed, and fetched at their own door."""

    async def gather(parties: Parties, contacts: Contacts, notes: Notes, reads: Reads, at: datetime) -> Export:
        party = party_there(await parties.known(party_id), municipality)
        persons = await parties.persons_of(party_id)
        held = [_held(one, await notes.all_of(one.contact_id)) for one in await contacts.all_of(party_id)]
        about = [party_id, *(one.contact_id for one in held)]
        seen_by = [read_shown(one) for one in await reads.newest(municipality, about, None, 0)]
        return Export(at=at, party=_who(party), persons=[_who(one) for one in persons], contacts=held, reads=seen_by)

    told = await desk.ask(gather)
    persons, contacts = (one.party_id for one in told.persons), (one.contact_id for one in told.contacts)
    await seen(desk, person, Action.EXPORT_PARTY, party_id, *persons, *contacts)
    return told


def _who(party: Party) -> PartyHeld:
    return PartyHeld.model_validate(party, from_attributes=True)


def _held(contact: Contact, notes: Sequence[Note]) -> ContactHeld:
    held = ContactHeld.model_validate(contact, from_attributes=True)
    return held.model_copy(update={"notes": [NoteShown.model_validate(one, from_attributes=True) for one in notes]})
