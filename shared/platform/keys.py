"""`python -m shared.platform.keys look|rotate`: which master key wraps a service's data keys (docs/operators.md).

Run it with the service's own settings, while the service runs. Exit codes: 0 done, 1 run it again, 2 a wrong setting.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

import typer

from shared.platform.backup import REFUSED, WRONG_USE, settings_of
from shared.platform.database import Database, Document, statement
from shared.platform.errors import LostRace, TryAgain, WrongSetting
from shared.platform.mongo import connect
from shared.platform.service import vault_for
from shared.platform.vault import KEYS, Vault

AT_ONCE = 500
TRIES = 20

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)
Service = Annotated[str, typer.Option(envvar="KOMMUNKONTAKT_SERVICE", help="Its name, such as intake.")]
Told = Callable[[Database, Vault], Awaitable[tuple[bool, str]]]


async def rotate(database: Database, vault: Vault, at_once: int = AT_ONCE) -> int:
    """Wrap every data key by the first master key, and return how many were wrapped by another one.

    Stopped in between, it goes on where it was when it is run again. A key that is deleted meanwhile stays deleted.
    TryAgain when a key is wrapped by a master key that is not set.
    """
    last, done = "", 0
    while rows := await _wrapped_otherwise(database, vault, last, at_once):
        done += await _wrap(database, [(row, vault.unwrapped(row)) for row in rows], vault)
        last = rows[-1]["_id"]
    return done


async def left(database: Database, vault: Vault) -> int:
    """How many data keys another master key than the first one wraps."""
    return await database.count(KEYS.name, {"master": {"$ne": vault.current}})


async def _wrapped_otherwise(database: Database, vault: Vault, last: str, at_once: int) -> list[Document]:
    query = {"_id": {"$gt": last}, "master": {"$ne": vault.current}}
    return await database.find(KEYS.name, query, sort=(("_id", 1),), limit=at_once)


async def _wrap(database: Database, keys: list[tuple[Document, bytes]], vault: Vault) -> int:
    """Each statement matches only the row that was read: what was erased or wrapped meanwhile is left alone."""
    changes = [
        statement({"_id": row["_id"], "master": row["master"], "key": row["key"]}, vault.wrapped(row["_id"], key))
        for row, key in keys
    ]
    session = await database.session()
    try:
        for _ in range(TRIES):
            try:
                async with session.transaction() as transaction:
                    return await transaction.update(KEYS.name, changes)
            except LostRace:
                await asyncio.sleep(0.01)
        raise TryAgain("others write the same all the time")
    finally:
        await session.close()


async def _rotated(database: Database, vault: Vault) -> tuple[bool, str]:
    done, more = await rotate(database, vault), await left(database, vault)
    told = f"{done} data keys are wrapped anew by the master key {vault.current}"
    if more:
        return False, f"{told}, but {more} new ones are not: an instance still wraps by another. Then run it again."
    return True, f"{told}, and none by another: KOMMUNKONTAKT_MASTER_KEY_OTHER may go."


async def _looked(database: Database, vault: Vault) -> tuple[bool, str]:
    all_keys, other = await database.count(KEYS.name, {}), await left(database, vault)
    return True, f"{all_keys} data keys; {other} of them wrapped by another master key than {vault.current}."


@app.command("rotate")
def rotate_keys(service: Service) -> None:
    """Wrap every data key by KOMMUNKONTAKT_MASTER_KEY; KOMMUNKONTAKT_MASTER_KEY_OTHER is what wraps them now."""
    _carry_out(service, _rotated)


@app.command("look")
def look_at_keys(service: Service) -> None:
    """Say how many data keys there are, and how many another master key wraps."""
    _carry_out(service, _looked)


def _carry_out(service: str, action: Told) -> None:
    try:
        done, told = asyncio.run(_at(service, action))
    except WrongSetting as wrong:
        typer.echo(f"{service}: {wrong}", err=True)
        raise typer.Exit(WRONG_USE) from None
    except (TryAgain, LostRace) as away:
        done, told = False, f"{away}. What was wrapped stays so; run it again."
    typer.echo(f"{service}: {told}", err=not done)
    if not done:
        raise typer.Exit(REFUSED)


async def _at(service: str, action: Told) -> tuple[bool, str]:
    settings = settings_of(service)
    if faults := settings.platform.lacking(["master_key"]):
        raise WrongSetting(f"{faults[0]}.")
    database = connect(settings.platform.mongo_url, settings.database, settings.platform.mongo_driver)
    try:
        return await action(database, vault_for(settings.platform))
    finally:
        await database.close()


if __name__ == "__main__":
    app()
