"""The doors of what the register says of a contact: its summary, and what a person finds secret or public."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.intake.api.seen import seen
from services.intake.api.shapes import Summary
from services.intake.api.there import contact_there
from services.intake.model.contact import Contact
from services.intake.model.secrecy import Classification, SecrecyClass
from services.intake.model.secrecy import Field as RegisterField
from services.intake.rules.policy import Action
from services.intake.rules.secrecy import classified
from services.intake.store.contacts import Contacts
from services.intake.who import doing
from shared.platform.once import Once
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.doors import IdempotencyKey
from shared.platform.web.who import Municipality, Person

Classifying = Annotated[Person, doing(Action.CLASSIFY_CONTACT)]
Summarising = Annotated[Person, doing(Action.SUMMARISE_CONTACT)]

router = APIRouter()


class ClassificationAsked(BaseModel):
    """What is found of a field, by which paragraph and why."""

    field: RegisterField
    secrecy: SecrecyClass
    paragraph: str = Field(min_length=1, max_length=100, examples=["OSL 31:16"])
    why: str = Field(min_length=1, max_length=1_000, examples=["Affärsplanen är inte offentlig än."])


class ClassificationShown(ClassificationAsked):
    """What a person has found of a field."""

    at: datetime
    by: str


class ClassesShown(BaseModel):
    """All that persons have found of a contact's fields, the last at the end: that holds."""

    items: list[ClassificationShown]


class SummaryAsked(BaseModel):
    """What a contact concerns, in short."""

    summary: Summary


class SummaryShown(SummaryAsked):
    """What the register says that a contact concerns."""

    contact_id: str


@router.post("/{municipality}/contacts/{contact_id}/secrecy", tags=["register"])
async def classify_contact(
    municipality: Municipality,
    contact_id: str,
    asked: ClassificationAsked,
    person: Classifying,
    desk: AtDesk,
    key: IdempotencyKey = None,
) -> ClassesShown:
    """Find a field of a contact secret or public. It goes before the rule; what was found before stays."""

    async def classify(contacts: Contacts, at: datetime) -> ClassesShown:
        contact = contact_there(await contacts.get(contact_id), municipality)
        found = classified(contact, Classification(**asked.model_dump(), at=at, by=person.id))
        contacts.save(found)
        return _classes(found)

    told = await desk.do(classify, Once.under(key, municipality, person.id, f"secrecy {contact_id}", asked))
    await seen(desk, person, Action.CLASSIFY_CONTACT, contact_id)
    return told


@router.get("/{municipality}/contacts/{contact_id}/secrecy", tags=["register"])
async def read_classes(municipality: Municipality, contact_id: str, person: Classifying, desk: AtDesk) -> ClassesShown:
    """What persons have found of a contact's fields."""

    async def read(contacts: Contacts) -> ClassesShown:
        return _classes(contact_there(await contacts.get(contact_id), municipality))

    told = await desk.ask(read)
    await seen(desk, person, Action.CLASSIFY_CONTACT, contact_id)
    return told


@router.put("/{municipality}/contacts/{contact_id}/summary", tags=["register"])
async def summarise_contact(
    municipality: Municipality, contact_id: str, asked: SummaryAsked, _: Summarising, desk: AtDesk
) -> SummaryShown:
    """Say in short what a contact concerns, for the register."""

    async def summarise(contacts: Contacts) -> SummaryShown:
        contact = contact_there(await contacts.get(contact_id), municipality)
        contacts.save(replace(contact, summary=asked.summary))
        return SummaryShown(contact_id=contact_id, summary=asked.summary)

    return await desk.do(summarise)


def _classes(contact: Contact) -> ClassesShown:
    found = [ClassificationShown.model_validate(one, from_attributes=True) for one in contact.secrecy or ()]
    return ClassesShown(items=found)
