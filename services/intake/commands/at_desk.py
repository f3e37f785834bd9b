"""Where a command works: at a desk of its own, through the same units of work as the doors."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import typer

from services.intake.app import parts
from services.intake.settings import Settings
from shared.platform.desk import Desk
from shared.platform.errors import TryAgain, WrongSetting
from shared.platform.hearing import Hearing
from shared.platform.mongo import connect
from shared.platform.restores import epoch_of
from shared.platform.service import clocks, hearing_for

REFUSED, WRONG_USE = 1, 2
Work = Callable[[Desk], Awaitable[None]]


@asynccontextmanager
async def hearing_of(settings: Settings) -> AsyncIterator[Hearing]:
    """What the service itself works with, on its database."""
    platform = settings.platform
    database = connect(platform.mongo_url, settings.database, platform.mongo_driver)
    try:
        hearing = hearing_for(parts(settings), platform, database, *clocks(platform))
        hearing.epoch = await epoch_of(database)
        await database.prepare([store.layout() for store in hearing.shelf.values()])
        yield hearing
    finally:
        await database.close()


async def at_desk(settings: Settings, work: Work) -> None:
    """Do something at a desk."""
    async with hearing_of(settings) as hearing:
        await work(Desk(hearing))


@contextmanager
def complaints(command: str) -> Iterator[None]:
    """What stops a command is one sentence on standard error, and an exit code."""
    try:
        yield
    except WrongSetting as wrong:
        sys.stderr.write(f"{command}: {wrong}\n")
        raise typer.Exit(WRONG_USE) from None
    except TryAgain as away:
        sys.stderr.write(f"{command}: {away}. What was done stays so; run it again.\n")
        raise typer.Exit(REFUSED) from None
