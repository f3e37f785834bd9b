"""The doors of the public form: open it, and send it. Each form is registered once."""

from datetime import datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel

from services.intake.model.follow_up import FollowUp
from services.intake.pages.received import Received, let_go, receive
from services.intake.pages.sent import (
    ATTACHMENTS,
    DESCRIBED,
    FORM_ID,
    WHOLE_FORM,
    Faults,
    Sent,
    arrival,
    faults_of,
)
from services.intake.pages.shown import Opened, refused, shown
from services.intake.pages.site import AtSite, PageRoute
from services.intake.pages.wording.texts import Fault
from services.intake.registration import Registers, register
from services.intake.rules.arrival_day import day_of
from services.intake.rules.forms import LATEST, SOONEST, FormIds
from services.intake.rules.in_force import CaseTypes
from services.intake.rules.policy import Action
from services.intake.store.follow_ups import FollowUps
from services.intake.who import open_to_all
from shared.contracts.refusal import Invalid
from shared.platform.desk import Desk
from shared.platform.errors import TryAgain
from shared.platform.once import Once
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.pages import answers, language_for
from shared.platform.web.who import Municipality

router = APIRouter(route_class=PageRoute, tags=["public form"], default_response_class=HTMLResponse)


class Typed(BaseModel):
    """What was typed, to tell the same form from another under the same id."""

    values: dict[str, str]
    files: list[tuple[str, str]]


class Registered(BaseModel):
    """That a form was registered, with these files."""

    files: list[str]


async def opened(desk: Desk, municipality: str) -> Opened:
    """A form as it is opened now."""

    async def begun(ids: FormIds, types: CaseTypes, at: datetime) -> Opened:
        return Opened(ids.make(municipality, at), at, types.all_in_force(municipality, day_of(at)))

    return await desk.ask(begun)


@router.get("/{municipality}/form", dependencies=[open_to_all(Action.SEND_FORM)], responses=answers(404, 422))
async def see_form(municipality: Municipality, request: Request, site: AtSite, desk: AtDesk) -> Response:
    """The public form, as a page in Swedish or English (`language`)."""
    site.form_of(municipality)
    now = await opened(desk, municipality)
    return shown(site, request, now, Sent({FORM_ID: now.form_id}), {})


@router.post(
    "/{municipality}/form",
    dependencies=[open_to_all(Action.SEND_FORM)],
    status_code=303,
    response_class=RedirectResponse,
    responses=answers(400, 404, 413, 415, 422, 429),
    openapi_extra=DESCRIBED,
)
async def send_form(municipality: Municipality, request: Request, site: AtSite, desk: AtDesk) -> Response:
    """Send the public form. The same form sent again leads to the same receipt."""
    site.form_of(municipality)
    wait, now = site.sends.take(site.caller(request)), await opened(desk, municipality)

    async def judge(sent: Sent) -> Faults:
        return {WHOLE_FORM: Fault.TOO_OFTEN} if wait else await judged(desk, sent, now, municipality)

    received = await receive(request, municipality, desk, judge)
    faults = received.faults or await _registered(desk, received, municipality)
    if faults:
        await let_go(received.files, desk)
        return refused(site, request, now, received.sent, faults, wait or None)
    receipt = f"{request.url.path}/receipts/{received.sent.form_id}?language={language_for(request)}"
    return RedirectResponse(receipt, 303, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


async def judged(desk: Desk, sent: Sent, now: Opened, municipality: str) -> Faults:
    """What keeps a form from being registered: a field that is wrong, else an id that is not ours, too new or too old.

    Nobody who is a person is lost by it: the form comes back with all that was typed, and says what to do.
    """
    faults = faults_of(sent, now.case_types)

    async def age(ids: FormIds, follow_ups: FollowUps) -> Fault | None:
        at = ids.opened_at(municipality, sent.form_id)
        if at is None:
            return Fault.TOO_OLD
        if now.at - at > LATEST:
            known = await follow_ups.get(ids.follow_up_id(municipality, ids.code(sent.form_id)))
            return Fault.TOO_OLD if known is None else Fault.SENT_BEFORE
        return Fault.TOO_SOON if now.at - at < SOONEST else None

    fault = None if faults else await desk.ask(age)
    return faults if fault is None else {WHOLE_FORM: fault}


async def _registered(desk: Desk, received: Received, municipality: str) -> Faults:
    """Register what was sent; what keeps it from that is returned."""
    sent = received.sent

    async def take_down(registers: Registers, follow_ups: FollowUps, ids: FormIds, at: datetime) -> Registered:
        contact = await register(arrival(sent, received.files, municipality, at), registers, at)
        follow_up_id = ids.follow_up_id(municipality, ids.code(sent.form_id))
        follow_ups.save(FollowUp(municipality, follow_up_id, contact.contact_id, at))
        return Registered(files=[one.attachment_id for one in received.files])

    typed = Typed(values=dict(sent.values), files=[(one.name, one.sha256) for one in received.files])
    once = Once(municipality, "public", "form", sent.form_id, typed.model_dump_json())
    try:
        registered = await desk.do(take_down, once, turn=municipality)
    except TryAgain:
        return {WHOLE_FORM: Fault.AWAY, **_again(received)}
    except Invalid as refusal:
        if refusal.code != "idempotency-key-used":
            raise
        return {WHOLE_FORM: Fault.SENT_BEFORE, **_again(received)}
    await let_go([one for one in received.files if one.attachment_id not in registered.files], desk)
    return {}


def _again(received: Received) -> Faults:
    return {ATTACHMENTS: Fault.FILES_AGAIN} if received.files else {}
