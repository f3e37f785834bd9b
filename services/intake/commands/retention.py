"""`python -m services.intake.commands.retention preview|run`: what the retention plan takes, and today's run at once.

The service runs the plan by itself each day; the command is for who would rather see, or not wait. Exit codes: 0 done,
1 run it again, 2 wrong use.
"""

import asyncio
import os
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from services.intake.app import retention_job
from services.intake.commands.at_desk import REFUSED, at_desk, complaints, hearing_of
from services.intake.model.retention import RetentionRun
from services.intake.retention.counting import Counted, counted
from services.intake.retention.looking import Kept, Look
from services.intake.rules.arrival_day import day_of
from services.intake.rules.retention import GROUPS, group_of, run_id
from services.intake.settings import Settings
from services.intake.store.retention import RetentionRuns
from shared.platform.desk import Desk

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)
Town = Annotated[str, typer.Option("--municipality", envvar="KOMMUNKONTAKT_MUNICIPALITY", help="Its code, as 1460.")]
Day = Annotated[datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="By which day; today when absent.")]
NOTHING = "retention: no municipality has a plan in force today that it has decided on, so nothing is taken."
OTHERS = "retention: an instance of the service is at today's run; see it by itself, or run this again."


async def table_of(desk: Desk, municipality: str, on: datetime | None) -> Table:
    """The whole plan and what it takes by a day, all of it counted."""

    async def look(kept: Kept, at: datetime) -> Table:
        today = day_of(at)
        day = max(on.date() if on else today, today)
        found = {group: await counted(Look(municipality, group, day, today, None, 0), None, kept) for group in GROUPS}
        table = Table("kind", "then", "goes", "waits", "stays, and why", "row", "decision", title=f"by {day}")
        for kind, rule in kept.plan.all_in_force(municipality, day).items():
            counts = _counts(kind, found.get(group_of(kind) or ""))
            reference = rule.decision.reference if rule.decision else "none: a proposal"
            table.add_row(kind, rule.fate, *counts, rule.name, reference)
        return table

    return await desk.ask(look)


def _counts(kind: str, found: Counted | None) -> tuple[str, str, str]:
    if found is None:
        return "", "", ""
    tally = found.kinds.get(kind)
    if tally is None:
        return "0", "0", "0"
    why = ", ".join(f"{reason} {count}" for reason, count in tally.why.items())
    return str(tally.standing["goes"]), str(tally.standing["waits"]), f"{tally.standing['stopped']} {why}".strip()


def told(run: RetentionRun) -> str:
    """A run in one line."""
    gone = ", ".join(f"{one.count} {one.kind} ({one.fate}, {one.rule}, {one.reference})" for one in run.taken)
    left = f"{run.announced} announced, {run.stopped} stopped, {run.failed} failed"
    return f"retention: {run.run_id} took {gone or 'nothing'}; {left}."


async def _run(settings: Settings) -> list[RetentionRun | None]:
    async with hearing_of(settings) as hearing:
        job = retention_job(settings, hearing, f"command-{os.getpid()}")
        today = day_of(hearing.clock.now())
        try:
            await job.finish()
        finally:
            await job.lease.let_go()

        async def runs_of(runs: RetentionRuns) -> list[RetentionRun | None]:
            return [await runs.get(run_id(town, today)) for town in job.plan.decided(today)]

        return await job.desk.ask(runs_of)


@app.command()
def preview(municipality: Town, on: Day = None) -> None:
    """Show the plan, and how much of each kind goes by a day, waits, and stays, and why. Nothing is taken."""

    async def show(desk: Desk) -> None:
        Console().print(await table_of(desk, municipality, on))

    with complaints("retention"):
        asyncio.run(at_desk(Settings.load(), show))


@app.command()
def run() -> None:
    """Carry out today's run of each municipality with a plan, to its end; what it has done stays done, once."""
    with complaints("retention"):
        runs = asyncio.run(_run(Settings.load()))
    for one in runs:
        typer.echo(told(one) if one else OTHERS)
    if not runs:
        typer.echo(NOTHING)
    if not all(one and one.ended_at for one in runs):
        raise typer.Exit(REFUSED)


if __name__ == "__main__":
    app()
