"""What all pages share: which municipalities have them, how they are rendered, and how often one caller may come."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request, Response

from services.intake.pages.wording import TEXTS
from services.intake.settings import Networks, PublicForm, Settings
from shared.contracts.refusal import Unknown
from shared.platform.logs import correlation_id
from shared.platform.web import wording
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.callers import Allowance, caller_of
from shared.platform.web.pages import Pages, language_for, page_route

MB = 1024 * 1024
STEADY_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Site:
    """The pages of every municipality that has them (webbplats)."""

    forms: Mapping[str, PublicForm]
    pages: Pages
    sends: Allowance
    looks: Allowance
    trusted: Networks
    largest_mb: int
    steadily: Callable[[], Awaitable[None]]
    """Waited for beside each look-up of a code, so that a wrong one takes as long as a right one."""

    @classmethod
    def of(cls, settings: Settings) -> "Site":
        """The site that the settings describe. Who follows up may look as often as another may send, and as much."""
        forms = {form.municipality: form for form in settings.forms}
        sends, looks = (Allowance(settings.forms_an_hour) for _ in range(2))
        largest = max(1, settings.attachment_bytes // MB)
        return cls(
            forms,
            Pages(Path(__file__).parent / "templates"),
            sends,
            looks,
            settings.trusted_proxies,
            largest,
            _steadily,
        )

    def form_of(self, municipality: str) -> PublicForm:
        """The form of a municipality; Unknown when it has none."""
        if municipality not in self.forms:
            raise Unknown("no-such-form", TEXTS["sv"].no_form, TEXTS["en"].no_form)
        return self.forms[municipality]

    def caller(self, request: Request) -> str:
        """Who calls, for counting only."""
        return caller_of(request, self.trusted)

    def show(
        self, template: str, request: Request, facts: Mapping[str, Any], status: int = 200, wait: int | None = None
    ) -> Response:
        """A page in the reader's language."""
        language = language_for(request)
        municipality = request.path_params.get("municipality", "")
        shared = {
            "t": TEXTS[language],
            "other": "sv" if language == "en" else "en",
            "here": request.url.path,
            "can_switch": request.method == "GET",
            "home": f"/intake/v1/{municipality}/form",
            "form": self.forms.get(municipality),
        }
        return self.pages.show(template, language, {**shared, **facts}, status, wait)


async def _steadily() -> None:
    await asyncio.sleep(STEADY_SECONDS)


async def _site(desk: AtDesk) -> Site:
    async def site(kept: Site) -> Site:
        return kept

    return await desk.ask(site)


AtSite = Annotated[Site, Depends(_site)]


async def show_error(request: Request, status: int, told: str) -> Response:
    """An error as a page."""
    site = await _site(request.app.state.desk)
    language = language_for(request)
    facts = {
        "title": wording.TITLES.get(status, wording.TITLES[400]).to(language),
        "told": TEXTS[language].too_large if status == 413 else told,
        "number": correlation_id.get() if status >= 500 else None,
    }
    return site.show("error.html", request, facts, status)


PageRoute = page_route(show_error)
