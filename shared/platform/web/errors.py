"""Every answer that is not a yes: RFC 9457 problems in Swedish or English, which never repeat what was sent.

`errors[].pointer` is a JSON pointer into the body ("" is the whole, "/company/name" a member); what was not in the body
has its place first: "/query/limit", "/path/municipality", "/header/Idempotency-Key". `instance` holds the correlation
id of the request, which stands in our logs too.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

from shared.contracts.refusal import Invalid, Refused
from shared.platform.errors import LostRace, NotYet, Outdated, TryAgain, Unwritable
from shared.platform.logs import correlation_id
from shared.platform.web import wording
from shared.platform.web.body import pointer
from shared.platform.web.wording import Language, language_of

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 50
RETRY_AFTER = "5"
METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
PLACES = frozenset({"query", "path", "header", "cookie"})
CODES = {400: "bad-request", 404: "no-such-address", 405: "wrong-method", 413: "too-large", 415: "wrong-media-type"}


class WithHeaders(Refused):
    """A refusal that tells a client what to do next in headers of the answer too."""

    headers: Mapping[str, str] = {}


class Unauthenticated(WithHeaders):
    """Nobody, or nobody we know, asks."""

    status = 401
    headers: Mapping[str, str] = {"WWW-Authenticate": "Bearer"}


class Forbidden(Refused):
    """The one who asks may not have it."""

    status = 403


class WrongMedia(WithHeaders):
    """The content is of a kind that is not read here: `accepted` are those that are."""

    status = 415

    def __init__(self, texts: tuple[str, str], accepted: Sequence[str]) -> None:
        super().__init__(CODES[415], *texts)
        self.headers = {"Accept": ", ".join(accepted)}


class TooManyRequests(WithHeaders):
    """More than was agreed on; after so many seconds it may be sent again."""

    status = 429

    def __init__(self, seconds: int) -> None:
        super().__init__("too-many", *wording.TOO_MANY.both({"seconds": seconds}))
        self.headers = {"Retry-After": str(seconds)}


class Several(Refused):
    """Several things are wrong at once, each with its place."""

    def __init__(self, faults: Sequence[Refused]) -> None:
        first, all_ = faults[0], wording.DETAILS[422]
        texts = (first.sv, first.en) if len(faults) == 1 else (all_.sv, all_.en)
        super().__init__(first.code, *texts)
        self.faults, self.status = faults, first.status


class Wrong(BaseModel):
    """One thing that is wrong: where, as a pointer, and what."""

    pointer: str = Field(examples=["/company/organisation_number"])
    detail: str


class Problem(BaseModel):
    """Why a request was not done (RFC 9457), in Swedish, or English when Accept-Language asks for it."""

    type: str = Field(examples=["/problems/invalid"], description="Programs compare this; it is never translated.")
    title: str
    status: int
    detail: str
    instance: str = Field(description="Holds the correlation id of the request.")
    errors: list[Wrong]


def problem(
    request: Request, status: int, code: str, detail: str, wrong: Sequence[Wrong] = (), headers: Mapping[str, str] = {}
) -> Response:
    """The response for a problem; `detail` is already in the reader's language."""
    language = language_for(request)
    body = Problem(
        type=f"/problems/{code}",
        title=wording.TITLES.get(status, wording.TITLES[400]).to(language),
        status=status,
        detail=detail,
        instance=f"urn:kommunkontakt:request:{correlation_id.get() or 'unknown'}",
        errors=list(wrong[:MOST_ERRORS]),
    )
    always = {"Content-Language": language, "Vary": "Accept-Language", "Cache-Control": "no-store"}
    return Response(body.model_dump_json(), status, {**headers, **always}, MEDIA_TYPE)


def language_for(request: Request) -> Language:
    """The language of the one who asks."""
    return language_of(request.headers.get("accept-language"))


def answer_errors(app: FastAPI) -> None:
    """Let the app answer every error as a problem; what none of these takes is caught by the Doorway around it."""
    app.add_exception_handler(Refused, on_refused)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    for away in (TryAgain, LostRace, Outdated):
        app.add_exception_handler(away, on_away)
    app.add_exception_handler(NotYet, on_not_yet)
    app.add_exception_handler(Unwritable, on_unwritable)
    app.add_exception_handler(ResponseValidationError, on_bug)


async def on_refused(request: Request, error: Exception) -> Response:
    """Say a refusal in the reader's language."""
    assert isinstance(error, Refused)  # noqa: S101 - the table above says so
    english = language_for(request) == "en"
    faults = error.faults if isinstance(error, Several) else [error] if error.pointer or error.status == 422 else []
    wrong = [Wrong(pointer=one.pointer, detail=one.en if english else one.sv) for one in faults]
    headers = error.headers if isinstance(error, WithHeaders) else {}
    return problem(request, error.status, error.code, error.en if english else error.sv, wrong, headers)


async def on_invalid(request: Request, error: Exception) -> Response:
    """Say all that pydantic found wrong, or that the content is not JSON at all."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    found = error.errors()[:MOST_ERRORS]
    # the framework hands over bytes only when the content type is no JSON
    if isinstance(error.body, bytes) and any(item["loc"][:1] == ("body",) for item in found):
        return _by_status(request, 415, {})
    language = language_for(request)
    wrong = [_wrong(item, error.body, language) for item in found]
    return problem(request, 422, "invalid", wording.DETAILS[422].to(language), wrong)


async def on_http(request: Request, error: Exception) -> Response:
    """Say what the framework refuses; a refusal of ours inside is what counts."""
    assert isinstance(error, HTTPException)  # noqa: S101
    if isinstance(error.__cause__, Refused):
        return await on_refused(request, error.__cause__)
    allowed = {"Allow": ", ".join(_methods_here(request))} if error.status_code == 405 else {}
    return _by_status(request, error.status_code, {**(error.headers or {}), **allowed})


async def on_away(request: Request, _: Exception) -> Response:
    """Ask to come back soon."""
    detail = wording.DETAILS[503].to(language_for(request))
    return problem(request, 503, "try-again", detail, headers={"Retry-After": RETRY_AFTER})


async def on_not_yet(request: Request, _: Exception) -> Response:
    """Ask to come back when the other thing has come."""
    detail = wording.NOT_YET.to(language_for(request))
    return problem(request, 409, "not-yet", detail, headers={"Retry-After": RETRY_AFTER})


async def on_unwritable(request: Request, _: Exception) -> Response:
    """Refuse what the database refuses."""
    return await on_refused(request, Invalid("cannot-be-kept", wording.UNWRITABLE.sv, wording.UNWRITABLE.en))


async def on_bug(request: Request, error: Exception) -> Response:
    """Log a bug, and tell nothing but the number to find it by."""
    log.error("a bug at a door", exc_info=error)
    return problem(request, 500, "our-error", wording.DETAILS[500].to(language_for(request)))


def _methods_here(request: Request) -> list[str]:
    """All methods that the address takes: the framework tells those of the first door alone."""
    routes = request.app.router.routes
    return [one for one in METHODS if any(_takes(route, {**request.scope, "method": one}) for route in routes)]


def _takes(route: BaseRoute, scope: Scope) -> bool:
    return route.matches(scope)[0] is Match.FULL


def _by_status(request: Request, status: int, headers: Mapping[str, str]) -> Response:
    detail = wording.DETAILS.get(status, wording.DETAILS[400]).to(language_for(request))
    return problem(request, status, CODES.get(status, "bad-request"), detail, headers=headers)


def _wrong(item: Mapping[str, Any], body: Any, language: Language) -> Wrong:
    place, *rest = item["loc"]
    where = pointer((place, *rest)) if place in PLACES else _in_body(rest, body, item["type"] == "missing")
    return Wrong(pointer=where, detail=wording.validation(item["type"], item.get("ctx", {}), language))


def _in_body(loc: Sequence[str | int], body: Any, missing: bool) -> str:
    """The pointer of what pydantic names, without the names of unions and validators that it puts between."""
    parts: list[str | int] = []
    for part in loc:
        if _holds(body, part):
            parts, body = [*parts, part], body[part]
    return pointer((*parts, loc[-1]) if missing and loc else tuple(parts))


def _holds(body: Any, part: str | int) -> bool:
    if isinstance(body, list):
        return isinstance(part, int) and part < len(body)
    return isinstance(body, dict) and part in body
