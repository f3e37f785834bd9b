"""intake's doors, one subject a file; `routers` are all of them."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.intake.api import contacts, parties

routers: Sequence[APIRouter] = (contacts.router, parties.router)
