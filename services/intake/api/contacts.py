"""The doors of contacts: register one, see one, list them."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends

from services.intake.api.shapes import ContactAsked, ContactShown, shown
from services.intake.api.who import doing
from services.intake.model.contact import Contact
from services.intake.registration import Registers, register
from services.intake.rules.ids import NewId
from services.intake.rules.policy import Action
from services.intake.store.contacts import Contacts
from shared.contracts.refusal import Unknown
from shared.platform.desk import Once
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.doors import IdempotencyKey
from shared.platform.web.paging import Listing, Page, paged
from shared.platform.web.who import Municipality, Person

Registering = Annotated[Person, doing(Action.REGISTER_CONTACT)]
Reading = Annotated[Person, doing(Action.READ_CONTACT)]
Overview = Annotated[Person, doing(Action.LIST_CONTACTS)]

router = APIRouter()


@router.post("/{municipality}/contacts", status_code=201, tags=["contacts"])
async def register_contact(
    municipality: Municipality, asked: ContactAsked, person: Registering, desk: AtDesk, key: IdempotencyKey = None
) -> ContactShown:
    """Register a contact. With an Idempotency-Key the same call is registered once, however often it is sent."""

    async def take_down(registers: Registers, new: NewId, at: datetime) -> ContactShown:
        return shown(await register(asked.arrival(municipality, person.id, key or new.make(), at), registers, at))

    once = Once.under(key, municipality, person.id, "contacts", asked)
    return await desk.do(take_down, once, turn=municipality)


@router.get("/{municipality}/contacts/{contact_id}", tags=["contacts"])
async def see_contact(municipality: Municipality, contact_id: str, _: Reading, desk: AtDesk) -> ContactShown:
    """One contact."""

    async def see(contacts: Contacts) -> Contact | None:
        return await contacts.get(contact_id)

    contact = await desk.ask(see)
    if contact is None or contact.municipality != municipality:
        raise Unknown("no-such-contact", "Kontakten finns inte.", "There is no such contact.")
    return shown(contact)


@router.get("/{municipality}/contacts", tags=["contacts"])
async def list_contacts(
    municipality: Municipality, _: Overview, page: Annotated[Page, Depends(paged(datetime, str))], desk: AtDesk
) -> Listing[ContactShown]:
    """Contacts, the newest first."""

    async def newest(contacts: Contacts) -> list[Contact]:
        return await contacts.newest(municipality, page.after, page.limit + 1)

    listed = [shown(contact) for contact in await desk.ask(newest)]
    return page.listing(listed, key=lambda one: (one.registered_at, one.contact_id))
