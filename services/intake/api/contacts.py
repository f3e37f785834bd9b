"""The doors of contacts: register one, see one, list them."""

import asyncio
from datetime import datetime
from time import monotonic
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.intake.api.holders import WhoHas
from services.intake.api.leads import FROM_A_CONTACT
from services.intake.api.seen import seen
from services.intake.api.shapes import ContactAsked, ContactShown, all_shown, shown
from services.intake.api.there import contact_there
from services.intake.model.contact import ContactState
from services.intake.reception import Reception, answer
from services.intake.registration import Registers, early_of, register
from services.intake.rules.ids import NewId, PartyIds
from services.intake.rules.policy import Action
from services.intake.store.contacts import Contacts
from services.intake.who import Visitor, doing, insist, visiting
from shared.contracts.refusal import Invalid
from shared.platform.desk import Early
from shared.platform.once import Once
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.doors import IdempotencyKey
from shared.platform.web.paging import Listing, Page, paged
from shared.platform.web.who import Municipality, Person

Registering = Annotated[Person, doing(Action.REGISTER_CONTACT)]
Reading = Annotated[Visitor, visiting(Action.READ_CONTACT)]
Overview = Annotated[Person, doing(Action.LIST_CONTACTS)]
Wait = Annotated[
    int, Query(ge=0, le=8, description="Seconds to wait for somebody to have it: the caller can be told who.")
]
LOOK_EVERY = 0.2
ONE_OF_TWO = (
    "Kontakten är antingen besvarad eller lämnad vidare: ange answered eller case_types.",
    "The contact is either answered or handed over: give answered or case_types.",
)

router = APIRouter()


@router.post("/{municipality}/contacts", status_code=201, tags=["contacts"], responses={**FROM_A_CONTACT})
async def register_contact(
    municipality: Municipality, asked: ContactAsked, person: Registering, desk: AtDesk, key: IdempotencyKey = None
) -> ContactShown:
    """Register a contact. With an Idempotency-Key the same call is registered once, however often it is sent."""

    call = key or desk.given(NewId).make()

    def looked_at(ids: PartyIds, at: datetime) -> Early:
        return early_of(asked.arrival(municipality, person.id, call, at), ids, at)

    async def take_down(registers: Registers, reception: Reception, who: WhoHas, at: datetime) -> ContactShown:
        contact = await register(asked.arrival(municipality, person.id, call, at), registers, at)
        if asked.answered is not None and contact.answered is None:
            contact = await answer(contact, asked.answered.given(), reception, person.id, at)
        return await shown(contact, who)

    if asked.answered is not None:
        insist(person, Action.ANSWER_CONTACT)
    if asked.answered is not None and asked.case_types:
        raise Invalid("answered-or-handed-over", *ONE_OF_TWO, "/case_types")
    once = Once.under(key, municipality, person.id, "contacts", asked)
    return await desk.do(take_down, once, turn=municipality, about=looked_at)


@router.get("/{municipality}/contacts/{contact_id}", tags=["contacts"])
async def see_contact(
    municipality: Municipality, contact_id: str, visitor: Reading, desk: AtDesk, wait: Wait = 0
) -> ContactShown:
    """One contact, and who has it. With `wait` a handed-over one is answered as soon as somebody has it."""

    async def see(contacts: Contacts, who: WhoHas) -> ContactShown:
        contact = contact_there(await contacts.get(contact_id), municipality)
        return await shown(contact, who)

    until = monotonic() + wait
    contact = await desk.ask(see)
    while contact.state is ContactState.HANDED_OVER and monotonic() < until:
        await asyncio.sleep(LOOK_EVERY)
        contact = await desk.ask(see)
    await seen(desk, visitor, Action.READ_CONTACT, contact_id)
    return contact


@router.get("/{municipality}/contacts", tags=["contacts"])
async def list_contacts(
    municipality: Municipality, person: Overview, page: Annotated[Page, Depends(paged(datetime, str))], desk: AtDesk
) -> Listing[ContactShown]:
    """Contacts, the newest first."""

    async def newest(contacts: Contacts, who: WhoHas) -> list[ContactShown]:
        found = await contacts.newest(municipality, page.after, page.limit + 1)
        return await all_shown(found, who)

    listing = page.listing(await desk.ask(newest), key=lambda one: (one.registered_at, one.contact_id))
    await seen(desk, person, Action.LIST_CONTACTS, *(one.contact_id for one in listing.items))
    return listing
