"""procurement put together: the only file that knows all of it. `python -m services.procurement.app` runs it."""

from functools import partial
from pathlib import Path
from typing import TypeVar

from fastapi import FastAPI
from pydantic import TypeAdapter

from services.procurement.api import router
from services.procurement.handlers import bus
from services.procurement.model import Dated, Division, LeadTime, Rulebook, Threshold
from services.procurement.rules import Holidays, PartyIds
from services.procurement.settings import Settings
from services.procurement.store import Contracts, KeptContracts
from shared.platform.clock import Clock
from shared.platform.database import Database
from shared.platform.free_days import swedish_free_days
from shared.platform.secrets import party_id
from shared.platform.service import Parts, assemble, serve

DATA = Path(__file__).with_name("data")

Row = TypeVar("Row", bound=Dated)


def rulebook() -> Rulebook:
    """The dated rows that stand beside this file."""
    return Rulebook(
        lead_times=_rows(LeadTime, "lead_times"),
        thresholds=_rows(Threshold, "thresholds"),
        divisions=_rows(Division, "cpv_divisions"),
    )


def swedish_holidays() -> Holidays:
    """Public holidays and the eves that nobody works."""
    return Holidays(swedish_free_days())


def parts(settings: Settings) -> Parts:
    """What procurement brings to the platform."""
    keyed = partial(party_id, settings.platform.party_secret)
    return Parts(
        bus=bus,
        shelf={Contracts: KeptContracts},
        provided={PartyIds: PartyIds(keyed), Rulebook: rulebook(), Holidays: swedish_holidays()},
        doors=[router],
    )


def create_app(settings: Settings, database: Database, clock: Clock, wall: Clock) -> FastAPI:
    """procurement on a database and a clock."""
    return assemble(parts(settings), settings, database, clock, wall)


def main() -> None:
    """Run procurement."""
    serve(Settings.load, create_app, "procurement")


def _rows(kind: type[Row], name: str) -> tuple[Row, ...]:
    return TypeAdapter(tuple[kind, ...]).validate_json((DATA / f"{name}.json").read_bytes())  # type: ignore[valid-type]


if __name__ == "__main__":
    main()
