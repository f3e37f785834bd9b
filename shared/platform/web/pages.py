"""Pages for people: rendered from templates that nothing typed can break out of, with headers that allow no more."""

import hashlib
from base64 import b64encode
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from fastapi.routing import APIRoute
from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from shared.contracts.refusal import Refused
from shared.platform.web import wording
from shared.platform.web.doors import ALWAYS, described
from shared.platform.web.errors import on_bug
from shared.platform.web.wording import Language, language_of

ShowError = Callable[[Request, int, str], Awaitable[Response]]
"""Shows an error as a page: the request, its status and a sentence in the reader's language."""


class Pages:
    """The templates of a folder, and their one style sheet `style.css`, which stands in each page.

    A name that a template asks for and does not get is an error, never an empty place.
    """

    def __init__(self, folder: Path) -> None:
        self._templates = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(folder),
            undefined=StrictUndefined,
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._style = (folder / "style.css").read_text("utf-8")
        self._headers = _safe(self._style)

    def show(
        self, template: str, language: Language, facts: Mapping[str, Any], status: int = 200, wait: int | None = None
    ) -> Response:
        """A page; with `wait` the browser is told after how many seconds to come again."""
        style = Markup(self._style)  # noqa: S704 - our own file
        text = self._templates.get_template(template).render(facts, language=language, style=style)
        again = {} if wait is None else {"Retry-After": str(wait)}
        return HTMLResponse(text, status, {**self._headers, **again, "Content-Language": language})


def _safe(style: str) -> Mapping[str, str]:
    """No script at all, no style but ours, nothing from elsewhere, in nobody's frame, kept nowhere, told to nobody."""
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "X-Robots-Tag": "noarchive",
        "Cache-Control": "no-store",
        "Vary": "Accept-Language",
    }


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What the OpenAPI document tells of errors that a browser sees as pages, a program as problems."""
    told = {status: described(status) for status in (*statuses, *ALWAYS)}
    return {status: {**one, "content": {"text/html": {}, **one["content"]}} for status, one in told.items()}


def language_for(request: Request) -> Language:
    """The language that the address asks for, else the browser's."""
    asked = request.query_params.get("language")
    return "sv" if asked == "sv" else "en" if asked == "en" else language_of(request.headers.get("accept-language"))


def wants_page(request: Request) -> bool:
    """Whether a browser asks, rather than a program."""
    return "text/html" in request.headers.get("accept", "").lower()


def page_route(show: ShowError) -> type[APIRoute]:
    """The route class of doors for people: to a browser every error is a page, to a program a problem as elsewhere."""

    class PageRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def handled(request: Request) -> Response:
                try:
                    return await handle(request)
                except Exception as error:
                    if not wants_page(request):
                        raise
                    return await _shown(request, error, show)

            return handled

    return PageRoute


async def _shown(request: Request, error: Exception, show: ShowError) -> Response:
    """The error as a page, with the status and headers that the problem has."""
    handlers: Mapping[Any, Callable[[Request, Exception], Awaitable[Response]]] = request.app.exception_handlers
    handler = next((handlers[kind] for kind in type(error).__mro__ if kind in handlers), on_bug)
    problem = await handler(request, error)
    language = language_for(request)
    refused = error if isinstance(error, Refused) else error.__cause__
    if isinstance(refused, Refused):
        told = refused.en if language == "en" else refused.sv
    else:
        told = wording.DETAILS.get(problem.status_code, wording.DETAILS[400]).to(language)
    page = await show(request, problem.status_code, told)
    if "retry-after" in problem.headers:
        page.headers["Retry-After"] = problem.headers["retry-after"]
    return page
