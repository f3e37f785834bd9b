"""The door of links: undo one."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.intake import events
from services.intake.api.holders import WhoHas
from services.intake.api.seen import seen
from services.intake.api.shapes import ContactShown, shown
from services.intake.api.there import contact_there
from services.intake.reception import Reception, part
from services.intake.rules.linking import without_link
from services.intake.rules.policy import Action
from services.intake.store.contacts import Contacts
from services.intake.who import doing
from shared.platform.once import Once
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.doors import IdempotencyKey
from shared.platform.web.who import Municipality, Person

Unlinking = Annotated[Person, doing(Action.UNLINK_CONTACT)]

router = APIRouter()


class UnlinkingAsked(BaseModel):
    """Why it is about something of its own."""

    why: str = Field(min_length=1, max_length=1_000, examples=["Gäller en annan lokal."])


@router.post("/{municipality}/contacts/{contact_id}/links/{case_type}/undo", tags=["contacts"])
async def unlink_contact(
    municipality: Municipality,
    contact_id: str,
    case_type: str,
    asked: UnlinkingAsked,
    person: Unlinking,
    desk: AtDesk,
    key: IdempotencyKey = None,
) -> ContactShown:
    """Undo a contact's link of a case type: it is about something of its own, and a matter is opened for it."""

    async def unlink(contacts: Contacts, reception: Reception, who: WhoHas, at: datetime) -> ContactShown:
        contact = contact_there(await contacts.get(contact_id), municipality)
        parted, link = without_link(contact, case_type, asked.why, person.id, at)
        alone = part(parted, case_type, reception, at)
        contacts.save(alone, says=[events.unlinked(alone, link, at)])
        return await shown(alone, who)

    once = Once.under(key, municipality, person.id, f"undo {contact_id} {case_type}", asked)
    told = await desk.do(unlink, once)
    await seen(desk, person, Action.UNLINK_CONTACT, contact_id)
    return told
