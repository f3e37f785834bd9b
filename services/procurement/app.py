"""procurement put together: the only file that knows all of it. `python -m services.procurement.app` runs it."""

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

import holidays
from fastapi import FastAPI
from pydantic import TypeAdapter

from services.procurement.api import router
from services.procurement.handlers import bus
from services.procurement.rules import Calendar, LeadTime, PartyIds
from services.procurement.settings import Settings
from services.procurement.store import Contracts, KeptContracts
from shared.platform.clock import Clock
from shared.platform.database import Database
from shared.platform.secrets import party_id
from shared.platform.service import Parts, assemble, serve

LEAD_TIMES = Path(__file__).with_name("lead_times.json")


def lead_times() -> list[LeadTime]:
    """The dated rows with their sources."""
    return TypeAdapter(list[LeadTime]).validate_json(LEAD_TIMES.read_bytes())


def swedish_holidays() -> Callable[[date], bool]:
    """Whether a day is a holiday: by law, or in fact (the eves of midsummer, Christmas and the new year)."""
    return holidays.country_holidays("SE", include_sundays=False, categories=("public", "de_facto")).__contains__


def parts(settings: Settings) -> Parts:
    """What procurement brings to the platform."""
    keyed = partial(party_id, settings.platform.party_secret)
    calendar = Calendar(lead_times(), swedish_holidays())
    return Parts(
        bus=bus,
        shelf={Contracts: KeptContracts},
        provided={PartyIds: PartyIds(keyed), Calendar: calendar},
        doors=[router],
    )


def create_app(settings: Settings, database: Database, clock: Clock, wall: Clock) -> FastAPI:
    """procurement on a database and a clock."""
    return assemble(parts(settings), settings, database, clock, wall)


def main() -> None:
    """Run procurement."""
    serve(Settings.load, create_app, "procurement")


if __name__ == "__main__":
    main()
