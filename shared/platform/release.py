"""`python -m shared.platform.release back`: the work of a service goes back to this release, from a newer one.

Run from this release's image, with the service's own settings, when no instance of the newer one runs. It is refused
once the newer release has written what this one would lose or never know. Exit codes: 0 done, 1 refused, 2 wrong use.
"""

import asyncio
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Annotated

import typer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from fastapi import FastAPI

from shared.contracts.catalogue import all_events
from shared.platform.acts import acted_on_below, adopted
from shared.platform.database import Document
from shared.platform.errors import LostPosition, TryAgain, WrongSetting
from shared.platform.hearing import Hearing
from shared.platform.kafka import KafkaAccess, client_options
from shared.platform.mongo import connect
from shared.platform.outbox import JOURNAL
from shared.platform.parked import PARKED, Kind
from shared.platform.positions import POSITIONS, position_id
from shared.platform.service import clocks
from shared.platform.settings import ServiceSettings

REFUSED, WRONG_USE = 1, 2

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)
Look = Annotated[bool, typer.Option("--look", help="Only say whether it is possible still.")]


async def hindrances(hearing: Hearing, known: Iterable[str] | None = None) -> list[str]:
    """Why the work can't go back to this release, one sentence each; `known`: the types of its catalogue."""
    types = sorted(event.type for event in all_events()) if known is None else sorted(known)
    return [*await _newer_documents(hearing), *await _unknown_events(hearing, types), *await _parked(hearing)]


async def _newer_documents(hearing: Hearing) -> list[str]:
    found = []
    for store in dict.fromkeys(hearing.shelf.values()):
        count = await hearing.database.count(store.collection, {"_schema": {"$gt": store.schema}})
        if count:
            found.append(f"{store.collection} has documents of a newer schema than {store.schema}: {count}.")
    return found


async def _unknown_events(hearing: Hearing, known: list[str]) -> list[str]:
    """The journal is gone through: minutes, when it is long."""
    query = {"y": {"$exists": True, "$nin": [type_.encode() for type_ in known]}}
    said = await hearing.database.find(JOURNAL.name, query, limit=1)
    return [f"An event was said that this release does not know: {bytes(one['y']).decode()}." for one in said]


async def _parked(hearing: Hearing) -> list[str]:
    """What the newer release has not acted on is lost to this one, which does not know how, and blocks its lanes."""
    rows = {row["_id"]: row for row in await hearing.database.find(POSITIONS.name, {})}
    kinds = [Kind.PARKED.value, Kind.BEHIND.value, Kind.AWAITING.value]
    waiting = await hearing.database.find(PARKED.name, {"open": True, "kind": {"$in": kinds}})
    theirs = [found["_id"] for found in waiting if _is_theirs(hearing, rows, found)]
    return [f"Parked events wait for the newer release: {len(theirs)}, the first is {theirs[0]}."] if theirs else []


def _is_theirs(hearing: Hearing, rows: dict[str, Document], found: Document) -> bool:
    topic = hearing.topics.get(found["topic"])
    if topic is None:
        return True
    if found["type"] is None or found["type"] in topic.handlers:
        return False
    position = position_id(hearing.service, found["topic"], int(found["place"].split("/")[1]))
    return bool(found["order"] < acted_on_below(rows.get(position, {}), found["type"]))


async def go_back(hearing: Hearing) -> int:
    """Put our list of types where a newer release has put its own, and remember how far that one has heard.

    Returns in how many partitions. LostPosition: somebody is at work there.
    """
    changed = 0
    for row in await hearing.database.find(POSITIONS.name, {}):
        topic = hearing.topics.get(row["_id"].split("|")[1])
        if topic is None or tuple(row.get("release", ())) <= hearing.release:
            continue
        ours = adopted(row, hearing.release, frozenset(topic.handlers))
        stands = {"_id": row["_id"], "token": row["token"], "next": row.get("next")}
        if await hearing.database.change(POSITIONS.name, stands, {"$inc": {"token": 1}, "$set": ours}) is None:
            raise LostPosition(row["_id"])
        changed += 1
    return changed


async def at_work(kafka: KafkaAccess | str, group: str) -> int:
    """How many consumers a group has."""
    admin = AIOKafkaAdminClient(**client_options(kafka))
    await admin.start()
    try:
        [answer] = await admin.describe_consumer_groups([group])
        return sum(len(described[5]) for described in answer.groups)
    finally:
        await admin.close()


@app.callback()
def main() -> None:
    """Releases of one service."""


@app.command()
def back(
    service: Annotated[str, typer.Option(envvar="KOMMUNKONTAKT_SERVICE", help="Its name, such as intake.")],
    look: Look = False,
) -> None:
    """Give a service's work back to this release, from a newer one."""
    try:
        settings: ServiceSettings = import_module(f"services.{service}.settings").Settings.load()
        create = import_module(f"services.{service}.app").create_app
        refused, told = asyncio.run(_back(settings, create, look=look))
    except (ModuleNotFoundError, WrongSetting) as wrong:
        typer.echo(f"release: {wrong}", err=True)
        raise typer.Exit(WRONG_USE) from None
    except (LostPosition, TryAgain, KafkaError) as away:
        refused, told = True, [f"Nothing more was changed ({type(away).__name__}: {away}). Try again."]
    for sentence in told:
        typer.echo(sentence, err=refused)
    if refused:
        raise typer.Exit(REFUSED)


async def _back(settings: ServiceSettings, create: Callable[..., FastAPI], *, look: bool) -> tuple[bool, list[str]]:
    platform = settings.platform
    database = connect(platform.mongo_url, settings.database, platform.mongo_driver)
    try:
        hearing: Hearing = create(settings, database, *clocks(platform)).state.work.hearing
        running = await at_work(platform.kafka, hearing.service)
        reasons = [f"Consumers of {hearing.service} are at work: {running}. Stop all its instances."] if running else []
        reasons += await hindrances(hearing)
        if reasons:
            return True, reasons
        if look:
            return False, [f"{hearing.service} can go back to this release."]
        return False, [f"{hearing.service} is back at this release: {await go_back(hearing)} partitions. Start it."]
    finally:
        await database.close()


if __name__ == "__main__":
    app()
