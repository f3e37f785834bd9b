"""routing put together: the only file that knows all of it. `python -m services.routing.app` runs it."""

from fastapi import FastAPI

from services.routing.api import router
from services.routing.handlers import bus
from services.routing.rules import INTERVALS, Patience
from services.routing.settings import Settings
from services.routing.store import KeptMatters, KeptOfficers, KeptTies, Matters, Officers, Ties
from shared.platform.clock import Clock
from shared.platform.database import Database
from shared.platform.service import Parts, assemble, serve
from shared.platform.signed import Signer, grant_signer


def parts(settings: Settings) -> Parts:
    """What routing brings to the platform."""
    return Parts(
        bus=bus,
        shelf={Matters: KeptMatters, Officers: KeptOfficers, Ties: KeptTies},
        provided={Patience: Patience(INTERVALS), Signer: grant_signer(settings.platform)},
        doors=[router],
    )


def create_app(settings: Settings, database: Database, clock: Clock, wall: Clock) -> FastAPI:
    """routing on a database and a clock."""
    return assemble(parts(settings), settings, database, clock, wall)


def main() -> None:
    """Run routing."""
    serve(Settings.load, create_app, "routing")


if __name__ == "__main__":
    main()
