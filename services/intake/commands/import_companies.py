"""`python -m services.intake.commands.import_companies FILE --municipality 1460`: takes in companies.

The columns are told in docs/operators.md. The same file again changes nothing. Exit codes: 0 all rows were taken, 1
some were not and stand in FILE.errors.csv, 2 wrong use.
"""

import asyncio
import csv
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.progress import track

from services.intake import events
from services.intake.commands.at_desk import REFUSED, WRONG_USE, at_desk, complaints
from services.intake.model.party import Party
from services.intake.rules.finding import findable
from services.intake.rules.ids import PartyIds, speaker_id_of
from services.intake.rules.importing import NUMBER, Row, WrongFile, WrongRow, decoded, lines_of, row_of
from services.intake.settings import Settings
from services.intake.store.parties import Parties
from shared.platform.desk import Desk

AT_ONCE = 500
ERASED = "erased: who asked to be forgotten is not taken in from a file"


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not taken."""

    line: int
    column: str
    reason: str


@dataclass(slots=True)
class Outcome:
    """How an import went."""

    rows: int = 0
    changed: int = 0
    refused: list[Refused] = field(default_factory=list)


class Taken(BaseModel):
    """How many companies and persons were new or changed, and the lines of those that were erased."""

    changed: int
    erased: list[int]


async def import_rows(desk: Desk, rows: Sequence[Row], municipality: str) -> Taken:
    """Keep some rows, all in one write."""

    async def keep(parties: Parties, ids: PartyIds) -> Taken:
        taken = Taken(changed=0, erased=[])
        named = [(row, *_ids(row, municipality, ids)) for row in rows]
        await parties.load({one for _, *both in named for one in both if one})
        for row, company_id, person_id in named:
            before = await parties.known(company_id)
            if before is not None and before.erasure is not None and before.known_as is None:
                taken.erased.append(row.line)
                continue
            company = row.company(municipality, company_id, before)
            taken.changed += _keep(company, before, parties, ids)
            if person_id is not None:
                known = await parties.known(person_id)
                person = row.person(municipality, person_id, company_id, known)
                taken.changed += _keep(person, known, parties, ids)
        return taken

    return await desk.do(keep)


def _ids(row: Row, municipality: str, ids: PartyIds) -> tuple[str, str | None]:
    company_id = ids.of_number(municipality, row.number.digits)
    return company_id, None if row.speaker.is_nobody else speaker_id_of(company_id, row.speaker, municipality)


def _keep(party: Party, before: Party | None, parties: Parties, ids: PartyIds) -> bool:
    found = findable(party, ids.printed)
    if found == before:
        return False
    is_news = party.kind == "company" and (before is None or events.declared(party) != events.declared(before))
    parties.save(found, says=[events.declared(found)] if is_news else [])
    return True


async def import_text(desk: Desk, text: str, municipality: str, show: Console) -> Outcome:
    """All rows of a file, some hundred at a time."""
    lines, outcome = list(lines_of(text)), Outcome()
    pieces = [lines[at : at + AT_ONCE] for at in range(0, len(lines), AT_ONCE)]
    for piece in track(pieces, "Companies", console=show, disable=not show.is_terminal):
        good: list[Row] = []
        for line, cells in piece:
            try:
                good.append(row_of(line, cells))
            except WrongRow as wrong:
                outcome.refused.append(Refused(line, wrong.column, wrong.reason))
        taken = await import_rows(desk, good, municipality)
        outcome.rows += len(piece)
        outcome.changed += taken.changed
        outcome.refused += [Refused(line, NUMBER, ERASED) for line in taken.erased]
    return outcome


def write_errors(refused: Iterable[Refused], path: Path) -> None:
    """A file of what was not taken: row, column and reason."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("row", "column", "reason"))
        writer.writerows((one.line, one.column, one.reason) for one in sorted(refused, key=lambda one: one.line))


def main(
    file: Annotated[Path, typer.Argument(help="CSV with a first row that names its columns.")],
    municipality: Annotated[str, typer.Option(envvar="KOMMUNKONTAKT_MUNICIPALITY", help="Its code, such as 1460.")],
) -> None:
    """Take in companies, and who speaks for them, from a file."""
    errors, began = file.with_name(f"{file.name}.errors.csv"), time.monotonic()
    outcome = Outcome()

    async def work(desk: Desk) -> None:
        nonlocal outcome
        outcome = await import_text(desk, decoded(file.read_bytes()), municipality, Console(stderr=True))

    try:
        with complaints("import"):
            asyncio.run(at_desk(Settings.load(), work))
    except (WrongFile, csv.Error, OSError) as wrong:
        typer.echo(f"import: {wrong if isinstance(wrong, WrongFile) else type(wrong).__name__}", err=True)
        raise typer.Exit(WRONG_USE) from None
    errors.unlink(missing_ok=True)
    if outcome.refused:
        write_errors(outcome.refused, errors)
    rate = outcome.rows / max(time.monotonic() - began, 0.001)
    refused = f"{len(outcome.refused)} refused, see {errors}" if outcome.refused else "none refused"
    typer.echo(f"{outcome.rows} rows, {outcome.changed} companies and persons new or changed, {refused}; {rate:.0f}/s")
    if outcome.refused:
        raise typer.Exit(REFUSED)


if __name__ == "__main__":
    typer.run(main)
