"""intake's pages for people: the public form, its receipt, and the way back to what was sent; with their doors."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.intake.pages import follow_up, form, receipt

routers: Sequence[APIRouter] = (form.router, receipt.router, follow_up.router)
