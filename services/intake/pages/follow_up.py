"""The way back: who has the code of a form sees how it stands, and nothing else."""

import asyncio

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from services.intake.model.contact import Contact
from services.intake.pages.sent import MOST_BYTES
from services.intake.pages.site import AtSite, PageRoute, Site
from services.intake.pages.wording import TEXTS, moment
from services.intake.pages.wording.texts import Fault
from services.intake.rules.forms import FormIds
from services.intake.rules.policy import Action
from services.intake.store.contacts import Contacts
from services.intake.store.follow_ups import FollowUps
from services.intake.store.officers import Officers
from services.intake.who import open_to_all
from shared.contracts.refusal import Unknown
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.errors import TooManyRequests
from shared.platform.web.forms import parts_of
from shared.platform.web.pages import answers, language_for, wants_page
from shared.platform.web.who import Municipality

LONGEST_CODE = 100
CODE_SCHEMA = {"type": "object", "properties": {"code": {"type": "string"}}, "required": ["code"]}
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
DESCRIBED = {"requestBody": {"required": True, "content": {kind: {"schema": CODE_SCHEMA} for kind in FORMS}}}
"""What the OpenAPI document tells of the form."""

router = APIRouter(route_class=PageRoute, tags=["public form"], default_response_class=HTMLResponse)


@router.get(
    "/{municipality}/form/follow-up",
    dependencies=[open_to_all(Action.FOLLOW_UP)],
    responses=answers(404, 422),
)
async def ask_for_code(municipality: Municipality, request: Request, site: AtSite) -> Response:
    """The page where a follow-up code is typed."""
    site.form_of(municipality)
    return site.show("follow_up.html", request, {"code": "", "faults": {}})


@router.post(
    "/{municipality}/form/follow-up",
    dependencies=[open_to_all(Action.FOLLOW_UP)],
    responses=answers(400, 404, 413, 415, 422, 429),
    openapi_extra=DESCRIBED,
)
async def follow_up(municipality: Municipality, request: Request, site: AtSite, desk: AtDesk) -> Response:
    """How the contact stands that a follow-up code belongs to."""
    site.form_of(municipality)
    wait = site.looks.take(site.caller(request))
    if wait:
        raise TooManyRequests(wait)
    code = await _code_in(request)

    async def found(
        ids: FormIds, follow_ups: FollowUps, contacts: Contacts, officers: Officers
    ) -> tuple[Contact, list[str]] | None:
        follow_up = await follow_ups.get(ids.follow_up_id(municipality, code))
        contact = None if follow_up is None else await contacts.get(follow_up.contact_id)
        return None if contact is None else (contact, await _names(contact, officers))

    standing, _ = await asyncio.gather(desk.ask(found), site.steadily())
    return _unknown(site, request, code) if standing is None else _standing(site, request, *standing)


async def _names(contact: Contact, officers: Officers) -> list[str]:
    """Those who have it now, by name."""
    known = await officers.all_of([one.officer_id for one in contact.held if one.officer_id])
    return sorted({officer.name for officer in known.values() if officer.name})


async def _code_in(request: Request) -> str:
    """The code that was typed; of one that is far too long the beginning, which leads nowhere."""
    async for part in parts_of(request):
        if part.name == "code" and part.file_name is None:
            return (await part.text(MOST_BYTES) or "")[:LONGEST_CODE]
    return ""


def _unknown(site: Site, request: Request, code: str) -> Response:
    if not wants_page(request):
        raise Unknown("no-such-code", *(TEXTS[language].faults[Fault.NO_SUCH_CODE] for language in ("sv", "en")))
    told = TEXTS[language_for(request)].faults[Fault.NO_SUCH_CODE]
    return site.show("follow_up.html", request, {"code": code, "faults": {"code": told}}, 404)


def _standing(site: Site, request: Request, contact: Contact, names: list[str]) -> Response:
    texts = TEXTS[language_for(request)]
    promised = contact.promised
    promise = promised and texts.promise.format(at=moment(promised.at, texts), by=promised.by)
    facts = {"standing": texts.standings[contact.state], "promise": promise, "names": names}
    return site.show("standing.html", request, facts)
