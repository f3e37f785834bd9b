"""intake put together: the only file that knows all of it. `python -m services.intake.app` runs it."""

from functools import partial
from uuid import uuid4

from fastapi import FastAPI

from services.intake.api import router
from services.intake.handlers import bus
from services.intake.rules import NewId, PartyIds
from services.intake.settings import Settings
from services.intake.store import Contacts, KeptContacts, KeptParties, Parties
from shared.platform.clock import Clock
from shared.platform.database import Database
from shared.platform.secrets import party_id
from shared.platform.service import Parts, assemble, serve


def parts(settings: Settings) -> Parts:
    """What intake brings to the platform."""
    keyed = partial(party_id, settings.platform.party_secret)
    return Parts(
        bus=bus,
        shelf={Contacts: KeptContacts, Parties: KeptParties},
        provided={PartyIds: PartyIds(keyed), NewId: NewId(lambda: uuid4().hex)},
        doors=[router],
    )


def create_app(settings: Settings, database: Database, clock: Clock, wall: Clock) -> FastAPI:
    """intake on a database and a clock."""
    return assemble(parts(settings), settings, database, clock, wall)


def main() -> None:
    """Run intake."""
    serve(Settings.load, create_app, "intake")


if __name__ == "__main__":
    main()
