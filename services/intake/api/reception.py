"""The reception's doors: hand a contact over, answer it at once, and see what waits."""

from datetime import datetime, time, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from services.intake.api.holders import HandOverShown, HolderShown, WhoHas
from services.intake.api.seen import seen
from services.intake.api.shapes import AnswerAsked, ContactShown, HandOverAsked, PromiseAsked, shown
from services.intake.api.tables import CSV, Format, answered_as
from services.intake.api.there import contact_there
from services.intake.model.contact import Contact, ContactState
from services.intake.model.reception import PromiseAlarm
from services.intake.reception import Reception, answer, hand_over
from services.intake.rules.arrival_day import SWEDEN, day_of
from services.intake.rules.policy import Action
from services.intake.store.contacts import Contacts
from services.intake.who import doing
from shared.platform.once import Once
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.doors import IdempotencyKey
from shared.platform.web.paging import Listing, Page, paged
from shared.platform.web.who import Municipality, Person

HandingOver = Annotated[Person, doing(Action.HAND_OVER_CONTACT)]
Answering = Annotated[Person, doing(Action.ANSWER_CONTACT)]
Seeing = Annotated[Person, doing(Action.SEE_RECEPTION)]
Which = Literal["waiting", "promised-today", "at-risk", "bounced"]

router = APIRouter()


class WaitingShown(BaseModel):
    """A contact on one of the reception's lists, without what was said."""

    contact_id: str
    number: str | None
    state: ContactState
    channel: str
    language: str
    case_types: list[str]
    received_at: datetime
    registered_at: datetime
    answer_by: datetime | None
    promised: PromiseAsked | None
    alarm: PromiseAlarm | None
    bounces: int
    bounced_at: datetime | None
    handed_over: HandOverShown | None
    held: list[HolderShown]


@router.post("/{municipality}/contacts/{contact_id}/hand-over", tags=["reception"])
async def hand_over_contact(
    municipality: Municipality,
    contact_id: str,
    asked: HandOverAsked,
    person: HandingOver,
    desk: AtDesk,
    key: IdempotencyKey = None,
) -> ContactShown:
    """Hand a contact over to a function, with what was promised and said. It waits here until somebody has it."""

    async def pass_on(reception: Reception, who: WhoHas, at: datetime) -> ContactShown:
        contact = contact_there(await reception.contacts.get(contact_id), municipality)
        return await shown(await hand_over(contact, asked.passed(), reception, person.id, at), who)

    once = Once.under(key, municipality, person.id, f"hand-over {contact_id}", asked)
    told = await desk.do(pass_on, once, turn=municipality)
    await seen(desk, person, Action.HAND_OVER_CONTACT, contact_id)
    return told


@router.post("/{municipality}/contacts/{contact_id}/answer", tags=["reception"])
async def answer_contact(
    municipality: Municipality,
    contact_id: str,
    asked: AnswerAsked,
    person: Answering,
    desk: AtDesk,
    key: IdempotencyKey = None,
) -> ContactShown:
    """A contact was answered at once, by a guidance card: it is closed."""

    async def close(reception: Reception, who: WhoHas, at: datetime) -> ContactShown:
        contact = contact_there(await reception.contacts.get(contact_id), municipality)
        return await shown(await answer(contact, asked.given(), reception, person.id, at), who)

    once = Once.under(key, municipality, person.id, f"answer {contact_id}", asked)
    told = await desk.do(close, once, turn=municipality)
    await seen(desk, person, Action.ANSWER_CONTACT, contact_id)
    return told


@router.get("/{municipality}/reception", tags=["reception"], response_model=Listing[WaitingShown], responses={200: CSV})
async def see_reception(
    municipality: Municipality,
    _: Seeing,
    page: Annotated[Page, Depends(paged(datetime, str))],
    desk: AtDesk,
    request: Request,
    wanted: Format = None,
    which: Annotated[Which, Query(alias="list")] = "waiting",
) -> Any:
    """The reception's lists: what waits, what is owed an answer before the day ends, whose promise is about to break or
    broken (the first owed first), and what has changed hands (the last first).
    """

    async def listed(contacts: Contacts, who: WhoHas, at: datetime) -> list[WaitingShown]:
        found = await _of_list(which, contacts, municipality, page, at)
        held = await who.has(found)
        return [_row(contact, by) for contact, by in zip(found, held, strict=True)]

    listing = page.listing(await desk.ask(listed), key=lambda one: _place(which, one))
    return answered_as(wanted, request, listing.items, listing, listing.next)


async def _of_list(which: Which, contacts: Contacts, municipality: str, page: Page, at: datetime) -> list[Contact]:
    after, limit = page.after, page.limit + 1
    match which:
        case "at-risk":
            return await contacts.at_risk(municipality, after, limit)
        case "bounced":
            return await contacts.bounced(municipality, after, limit)
        case "promised-today":
            return await contacts.waiting(municipality, _midnight(at), after, limit)
        case "waiting":
            return await contacts.waiting(municipality, None, after, limit)


def _midnight(at: datetime) -> datetime:
    """When the Swedish day ends."""
    return datetime.combine(day_of(at) + timedelta(days=1), time(0), SWEDEN)


def _row(contact: Contact, held: list[HolderShown]) -> WaitingShown:
    return WaitingShown.model_validate(contact, from_attributes=True).model_copy(update={"held": held})


def _place(which: Which, one: WaitingShown) -> tuple[datetime, str]:
    moment = one.bounced_at if which == "bounced" else one.answer_by
    return moment or one.registered_at, one.contact_id
