"""The door of the receipt: the number and the code of a form that was sent, for an hour."""

from datetime import datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from services.intake.model.contact import Contact
from services.intake.pages.site import AtSite, PageRoute
from services.intake.pages.wording import TEXTS, moment
from services.intake.rules.forms import RECEIPT_SHOWN, FormIds
from services.intake.rules.policy import Action
from services.intake.store.contacts import Contacts
from services.intake.store.follow_ups import FollowUps
from services.intake.who import open_to_all
from shared.contracts.refusal import Unknown
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.pages import answers, language_for
from shared.platform.web.who import Municipality

router = APIRouter(route_class=PageRoute, tags=["public form"], default_response_class=HTMLResponse)


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
