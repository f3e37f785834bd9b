"""The doors of the public form: open it, send it, see the receipt. Each form is registered once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel

from services.intake.model.case_type import CaseType
from services.intake.model.contact import Contact
from services.intake.model.follow_up import FollowUp
from services.intake.pages.sent import DESCRIBED, FORM_ID, HONEYPOT, LONGEST, Faults, Sent, arrival, faults_of, read
from services.intake.pages.site import AtSite, PageRoute, Site, open_to_all
from services.intake.pages.wording import TEXTS, moment
from services.intake.pages.wording.texts import Fault, Texts
from services.intake.registration import Registers, register
from services.intake.rules.arrival_day import day_of
from services.intake.rules.forms import LATEST, RECEIPT_SHOWN, SOONEST, FormIds
from services.intake.rules.in_force import CaseTypes
from services.intake.rules.policy import Action
from services.intake.store.contacts import Contacts
from services.intake.store.follow_ups import FollowUps
from shared.contracts.refusal import Invalid, Unknown
from shared.platform.desk import Desk, Once
from shared.platform.errors import TryAgain
from shared.platform.web import wording
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.errors import TooManyRequests, Wrong, problem
from shared.platform.web.pages import answers, language_for, wants_page
from shared.platform.web.who import Municipality

STATUS: Mapping[Fault, int] = {Fault.AWAY: 503, Fault.TOO_OFTEN: 429}
WHOLE_FORM = "form"
"""Where a fault stands that is no field's."""

router = APIRouter(route_class=PageRoute, tags=["public form"], default_response_class=HTMLResponse)


class Typed(BaseModel):
    """What was typed, to tell the same form from another under the same id."""

    values: dict[str, str]


class Registered(BaseModel):
    """That a form was registered."""

    number: str | None


@dataclass(frozen=True, slots=True)
class Opened:
    """What a form is shown with, and judged by: its id if it is new, the moment, and the case types in force."""

    form_id: str
    at: datetime
    case_types: Mapping[str, CaseType]


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
    wait = site.sends.take(site.caller(request))
    sent, now = await read(request), await opened(desk, municipality)
    faults = {WHOLE_FORM: Fault.TOO_OFTEN} if wait else await judged(desk, sent, now, municipality)
    if not faults:
        faults = await _registered(desk, sent, municipality)
    if faults:
        return refused(site, request, now, sent, faults, wait or None)
    receipt = f"{request.url.path}/receipts/{sent.form_id}?language={language_for(request)}"
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


async def _registered(desk: Desk, sent: Sent, municipality: str) -> Faults:
    """Register what was sent; what keeps it from that is returned."""

    async def take_down(registers: Registers, follow_ups: FollowUps, ids: FormIds, at: datetime) -> Registered:
        contact = await register(arrival(sent, municipality, at), registers, at)
        follow_up_id = ids.follow_up_id(municipality, ids.code(sent.form_id))
        follow_ups.save(FollowUp(municipality, follow_up_id, contact.contact_id, at))
        return Registered(number=contact.number)

    typed = Typed(values=dict(sent.values)).model_dump_json()
    try:
        await desk.do(take_down, Once(municipality, "public", "form", sent.form_id, typed), turn=municipality)
    except TryAgain:
        return {WHOLE_FORM: Fault.AWAY}
    except Invalid as refusal:
        if refusal.code != "idempotency-key-used":
            raise
        return {WHOLE_FORM: Fault.SENT_BEFORE}
    return {}


def refused(site: Site, request: Request, now: Opened, sent: Sent, faults: Faults, wait: int | None) -> Response:
    """The form again with what is wrong: a page for a browser, a problem for a program."""
    again = faults.get(WHOLE_FORM) in (Fault.TOO_OLD, Fault.SENT_BEFORE)
    kept = Sent({**sent.values, FORM_ID: now.form_id}) if again else sent
    if wants_page(request):
        return shown(site, request, now, kept, faults, wait)
    if wait:
        raise TooManyRequests(wait)
    if faults.get(WHOLE_FORM) is Fault.AWAY:
        raise TryAgain
    texts = TEXTS[language_for(request)]
    wrong = [Wrong(pointer=f"/{name}", detail=told(texts, name, fault)) for name, fault in faults.items()]
    return problem(request, 422, "invalid", wording.DETAILS[422].to(language_for(request)), wrong)


def shown(site: Site, request: Request, now: Opened, sent: Sent, faults: Faults, wait: int | None = None) -> Response:
    """The form with what was typed, and what is wrong with it."""
    language = language_for(request)
    texts = TEXTS[language]
    facts = {
        "sent": sent,
        "faults": {name: told(texts, name, fault) for name, fault in faults.items()},
        "case_types": {code: one.en if language == "en" else one.sv for code, one in now.case_types.items()},
        "longest": LONGEST,
        "honeypot": HONEYPOT,
    }
    status = max((STATUS.get(fault, 422) for fault in faults.values()), default=200)
    return site.show("form.html", request, facts, status, wait)


def told(texts: Texts, name: str, fault: Fault) -> str:
    """What is wrong, in words."""
    return texts.faults[fault].format(most=LONGEST.get(name, 0))


@router.get(
    "/{municipality}/form/receipts/{form_id}",
    dependencies=[open_to_all(Action.SEND_FORM)],
    responses=answers(404, 422),
)
async def see_receipt(
    municipality: Municipality, form_id: str, request: Request, site: AtSite, desk: AtDesk
) -> Response:
    """The receipt of a form with its number and its follow-up code, for an hour."""
    site.form_of(municipality)

    async def found(
        ids: FormIds, follow_ups: FollowUps, contacts: Contacts, at: datetime
    ) -> tuple[str, Contact] | None:
        if ids.opened_at(municipality, form_id) is None:
            return None
        code = ids.code(form_id)
        follow_up = await follow_ups.get(ids.follow_up_id(municipality, code))
        if follow_up is None or at - follow_up.made_at > RECEIPT_SHOWN:
            return None
        contact = await contacts.get(follow_up.contact_id)
        return None if contact is None else (code, contact)

    receipt = await desk.ask(found)
    if receipt is None:
        raise Unknown("no-such-receipt", TEXTS["sv"].no_receipt, TEXTS["en"].no_receipt)
    code, contact = receipt
    at = moment(contact.received_at, TEXTS[language_for(request)])
    return site.show("receipt.html", request, {"code": code, "number": contact.number, "at": at})
