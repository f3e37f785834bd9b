"""The doors of disposal: hold a party or a contact, lift the hold, erase what is written in a contact."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal, NamedTuple

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.intake.api.seen import seen
from services.intake.api.there import contact_there, party_there
from services.intake.erasing import dispose_of
from services.intake.model.disposal import Disposal, DisposalDecision, Holds, LegalHold, is_held
from services.intake.rules.disposal import all_lifted, insist_disposable, one_more
from services.intake.rules.policy import Action
from services.intake.store.contacts import Contacts
from services.intake.store.parties import Parties
from services.intake.store.uploads import Uploads
from services.intake.who import doing
from shared.contracts.members import Day
from shared.platform.once import Once
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.doors import IdempotencyKey
from shared.platform.web.who import Municipality, Person

Holding = Annotated[Person, doing(Action.HOLD)]
Disposing = Annotated[Person, doing(Action.DISPOSE_OF_CONTACT)]

Kind = Literal["contacts", "parties"]

router = APIRouter()


class Subject(NamedTuple):
    """What is held: a contact or a party, as the address names it."""

    municipality: str
    kind: Kind
    id: str


class DecisionAsked(BaseModel):
    """The decision that something may be erased: who decided, when, under which number and paragraph."""

    decided_by: str = Field(min_length=1, max_length=200, examples=["Kommunstyrelsen"])
    decided_on: Day
    reference: str = Field(min_length=1, max_length=100, examples=["KS 2026/12"])
    paragraph: str = Field(min_length=1, max_length=200, examples=["AL 10 §"])

    def decision(self) -> DisposalDecision:
        """The same, as the model has it."""
        return DisposalDecision(**self.model_dump())


class ReasonAsked(BaseModel):
    """Why."""

    reason: str = Field(min_length=1, max_length=1_000, examples=["Beslutet är överklagat."])


class HoldShown(BaseModel):
    """One hold: why nothing may be erased, and how that ended."""

    since: datetime
    by: str
    reason: str
    lifted_at: datetime | None
    lifted_by: str | None
    lifted_because: str | None


class HoldsShown(BaseModel):
    """All holds there were, the oldest first."""

    is_held: bool
    holds: list[HoldShown]


class DisposalShown(BaseModel):
    """That what was written in a contact was erased."""

    contact_id: str
    number: str | None
    at: datetime
    by: str
    decision: DecisionAsked


@router.post("/{municipality}/{kind}/{subject_id}/holds", status_code=201, tags=["disposal"])
async def hold(
    municipality: Municipality,
    kind: Kind,
    subject_id: str,
    asked: ReasonAsked,
    person: Holding,
    desk: AtDesk,
    key: IdempotencyKey = None,
) -> HoldsShown:
    """Let nothing of a party, or of what is written in a contact, be erased until the hold is lifted."""

    async def begin(contacts: Contacts, parties: Parties, at: datetime) -> HoldsShown:
        subject, begun = Subject(municipality, kind, subject_id), LegalHold(at, person.id, asked.reason)
        return await _changed(subject, contacts, parties, lambda holds: one_more(holds, begun))

    told = await desk.do(begin, Once.under(key, municipality, person.id, f"hold {kind} {subject_id}", asked))
    await seen(desk, person, Action.HOLD, subject_id)
    return told


@router.post("/{municipality}/{kind}/{subject_id}/holds/lifting", tags=["disposal"])
async def lift_hold(
    municipality: Municipality,
    kind: Kind,
    subject_id: str,
    asked: ReasonAsked,
    person: Holding,
    desk: AtDesk,
    key: IdempotencyKey = None,
) -> HoldsShown:
    """Lift the hold of a party or a contact."""

    async def lift(contacts: Contacts, parties: Parties, at: datetime) -> HoldsShown:
        subject = Subject(municipality, kind, subject_id)
        return await _changed(subject, contacts, parties, lambda holds: all_lifted(holds, at, person.id, asked.reason))

    told = await desk.do(lift, Once.under(key, municipality, person.id, f"lifting {kind} {subject_id}", asked))
    await seen(desk, person, Action.HOLD, subject_id)
    return told


@router.post("/{municipality}/contacts/{contact_id}/disposal", tags=["disposal"])
async def dispose_of_contact(
    municipality: Municipality,
    contact_id: str,
    asked: DecisionAsked,
    person: Disposing,
    desk: AtDesk,
    key: IdempotencyKey = None,
) -> DisposalShown:
    """Erase what is written in a contact and about it, by a decision. Its number, days and case types stay."""

    async def dispose(contacts: Contacts, parties: Parties, uploads: Uploads, at: datetime) -> DisposalShown:
        contact = contact_there(await contacts.get(contact_id), municipality)
        insist_disposable(contact, await parties.known(contact.party_id))
        disposal = dispose_of(contact, Disposal(at, person.id, asked.decision()), contacts, uploads, at)
        told = DecisionAsked.model_validate(disposal.decision, from_attributes=True)
        return DisposalShown(
            contact_id=contact_id, number=contact.number, at=disposal.at, by=disposal.by, decision=told
        )

    return await desk.do(dispose, Once.under(key, municipality, person.id, f"disposal {contact_id}", asked))


async def _changed(
    subject: Subject, contacts: Contacts, parties: Parties, change: Callable[[Holds], Holds]
) -> HoldsShown:
    if subject.kind == "contacts":
        contact = contact_there(await contacts.get(subject.id), subject.municipality)
        holds = change(contact.holds)
        contacts.save(replace(contact, holds=holds))
    else:
        party = party_there(await parties.known(subject.id), subject.municipality)
        holds = change(party.holds)
        parties.save(replace(party, holds=holds))
    shown = [HoldShown.model_validate(one, from_attributes=True) for one in holds or ()]
    return HoldsShown(is_held=is_held(holds), holds=shown)
