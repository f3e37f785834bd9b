"""How the form is shown: as it is opened, and again with what is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request, Response

from services.intake.model.case_type import CaseType
from services.intake.pages.received import MOST_FILES, MOST_IN_ALL
from services.intake.pages.sent import FORM_ID, HONEYPOT, LONGEST, WHOLE_FORM, Faults, Sent
from services.intake.pages.site import MB, Site
from services.intake.pages.wording import TEXTS
from services.intake.pages.wording.texts import Fault, Texts
from shared.platform.errors import TryAgain
from shared.platform.web import wording
from shared.platform.web.errors import TooManyRequests, Wrong, problem
from shared.platform.web.pages import language_for, wants_page

STATUS: Mapping[Fault, int] = {
    Fault.AWAY: 503,
    Fault.TOO_OFTEN: 429,
    Fault.FILE_LARGE: 413,
    Fault.FILES_LARGE: 413,
}


@dataclass(frozen=True, slots=True)
class Opened:
    """What a form is shown with, and judged by: its id if it is new, the moment, and the case types in force."""

    form_id: str
    at: datetime
    case_types: Mapping[str, CaseType]


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
    wrong = [Wrong(pointer=f"/{name}", detail=told(site, texts, name, fault)) for name, fault in faults.items()]
    return problem(request, 422, "invalid", wording.DETAILS[422].to(language_for(request)), wrong)


def shown(site: Site, request: Request, now: Opened, sent: Sent, faults: Faults, wait: int | None = None) -> Response:
    """The form with what was typed, and what is wrong with it."""
    language = language_for(request)
    texts = TEXTS[language]
    facts = {
        "sent": sent,
        "faults": {name: told(site, texts, name, fault) for name, fault in faults.items()},
        "case_types": {code: one.en if language == "en" else one.sv for code, one in now.case_types.items()},
        "honeypot": HONEYPOT,
        "most_files": MOST_FILES,
        "largest_mb": site.largest_mb,
    }
    status = max((STATUS.get(fault, 422) for fault in faults.values()), default=200)
    return site.show("form.html", request, facts, status, wait)


def told(site: Site, texts: Texts, name: str, fault: Fault) -> str:
    """What is wrong, in words."""
    most = {Fault.FILE_LARGE: site.largest_mb, Fault.FILES_LARGE: MOST_IN_ALL // MB, Fault.FILES_MANY: MOST_FILES}
    return texts.faults[fault].format(most=most.get(fault, LONGEST.get(name, 0)))
