"""notify put together: the only file that knows all of it. `python -m services.notify.app` runs it."""

from collections.abc import Mapping

from fastapi import FastAPI

from services.notify.api import router
from services.notify.channels.email import EmailChannel
from services.notify.handlers import bus
from services.notify.sender import Sender
from services.notify.settings import Settings
from services.notify.store import (
    HandedBefores,
    KeptHandedBefores,
    KeptMessages,
    KeptRecipients,
    Messages,
    Recipients,
)
from shared.platform.clock import Clock
from shared.platform.database import Database
from shared.platform.hearing import Hearing
from shared.platform.leases import Lease
from shared.platform.service import Parts, assemble, serve
from shared.platform.work import Worker


def parts(settings: Settings) -> Parts:
    """What notify brings to the platform."""

    def workers(hearing: Hearing, instance: str) -> Mapping[str, Worker]:
        channel = EmailChannel(settings.mail_server, settings.sender, hearing.wall)
        lease = Lease(hearing.database, "sender", instance, hearing.wall, hearing.metrics)
        return {"sender": Sender(hearing, channel, lease)}

    return Parts(
        bus=bus,
        shelf={Recipients: KeptRecipients, Messages: KeptMessages, HandedBefores: KeptHandedBefores},
        doors=[router],
        workers=workers,
    )


def create_app(settings: Settings, database: Database, clock: Clock, wall: Clock) -> FastAPI:
    """notify on a database and a clock."""
    return assemble(parts(settings), settings, database, clock, wall)


def main() -> None:
    """Run notify."""
    serve(Settings.load, create_app, "notify")


if __name__ == "__main__":
    main()
