"""The simulated clock of development: how far ahead it is lies in one document that all processes read."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from shared.platform.clock import SimulatedClock
from shared.platform.database import Database
from shared.platform.mongo import connect
from shared.platform.settings import PlatformSettings
from shared.platform.web.who import Municipality, Person, allowed

DATABASE, COLLECTION, ROW = "kommunkontakt_development", "clock", "clock"


class Advance(BaseModel):
    """How many days pass."""

    days: int = Field(strict=True, ge=0, le=36_500)


class Told(BaseModel):
    """What time it is in the simulation."""

    now: datetime


class Ahead:
    """How far ahead of the wall clock the simulation is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self) -> timedelta:
        """Read it."""
        found = await self._database.find(COLLECTION, {"_id": ROW})
        return timedelta(days=found[0]["days"] if found else 0)

    async def advance(self, days: int) -> None:
        """Let days pass, in all processes."""
        await self._database.change(COLLECTION, {"_id": ROW}, {"$inc": {"days": days}}, upsert=True)


def ahead_of(settings: PlatformSettings) -> Ahead:
    """The shared offset at the database of the settings."""
    return Ahead(connect(settings.mongo_url, DATABASE, settings.mongo_driver))


def development_router(clock: SimulatedClock, ahead: Ahead) -> APIRouter:
    """The door through which days pass; it is there only when the clock is simulated."""
    router = APIRouter(tags=["development"])

    @router.post("/{municipality}/development/clock")
    async def let_days_pass(
        municipality: Municipality, advance: Advance, _: Annotated[Person, Depends(allowed("operator"))]
    ) -> Told:
        """Let days pass for all services at once."""
        await ahead.advance(advance.days)
        await clock.refresh()
        return Told(now=clock.now())

    return router
