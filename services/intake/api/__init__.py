"""intake's doors, one subject a file; `routers` are all of them."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.intake.api import (
    attachments,
    cards,
    companies,
    contacts,
    disposal,
    export,
    links,
    notes,
    parties,
    reads,
    reception,
    register,
    reports,
    retention,
    secrecy,
    suggestions,
    timeline,
)

routers: Sequence[APIRouter] = (
    attachments.router,
    cards.router,
    companies.router,
    contacts.router,
    links.router,
    disposal.router,
    export.router,
    notes.router,
    parties.router,
    reads.router,
    reception.router,
    reports.router,
    register.router,
    retention.router,
    secrecy.router,
    suggestions.router,
    timeline.router,
)
