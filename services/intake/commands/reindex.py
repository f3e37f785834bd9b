"""`python -m services.intake.commands.reindex [--after ID]`: every party is found by what it is known by now.

For parties that an older release has kept, and after a release that finds by more than the one before. Run again it
changes nothing; stopped, it is told where to go on. Exit codes: 0 done, 1 run it again, 2 wrong use.
"""

import asyncio
from typing import Annotated

import typer
from pydantic import BaseModel

from services.intake.commands.at_desk import at_desk, complaints
from services.intake.rules.finding import findable
from services.intake.rules.ids import PartyIds
from services.intake.settings import Settings
from services.intake.store.parties import Parties
from shared.platform.desk import Desk

AT_ONCE = 500


class Piece(BaseModel):
    """How far it went: the last party looked at, None at the end, and how many were changed."""

    last: str | None
    changed: int


async def reindex(desk: Desk, after: str = "", at_once: int = AT_ONCE) -> int:
    """Go through all parties from there on; returns how many were not found as they should be."""
    changed = 0
    while (piece := await _some(desk, after, at_once)).last is not None:
        after = piece.last
        changed += piece.changed
        typer.echo(f"up to {after}: {changed} changed", err=True)
    return changed


async def _some(desk: Desk, after: str, at_once: int) -> Piece:
    async def put_right(parties: Parties, ids: PartyIds) -> Piece:
        listed = [party.party_id for party in await parties.after(after, at_once)]
        await parties.load(listed)
        changed = 0
        for party_id in listed:
            party = await parties.known(party_id)
            if party is not None and (found := findable(party, ids.printed)) != party:
                parties.save(found)
                changed += 1
        return Piece(last=listed[-1] if listed else None, changed=changed)

    return await desk.do(put_right)


def main(after: Annotated[str, typer.Option(help="Go on after this party.")] = "") -> None:
    """Make every party findable by what is known of it."""
    changed = 0

    async def work(desk: Desk) -> None:
        nonlocal changed
        changed = await reindex(desk, after)

    with complaints("reindex"):
        asyncio.run(at_desk(Settings.load(), work))
    typer.echo(f"reindex: {changed} parties are found anew, all others were already.")


if __name__ == "__main__":
    typer.run(main)
