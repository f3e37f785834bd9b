"""`python -m shared.platform.cli parked ...`: what a service could not act on, for the operator: see, replay, discard.

It knocks on the service's own doors. Exit codes: 0 done, 1 the service said no, 2 wrong use, 3 nothing answers.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Literal
from urllib.parse import quote

import httpx
import typer
from rich.table import Table
from rich.text import Text

from shared.platform.cli_door import REFUSED, WRONG_USE, Complaint, Door, console, own_token, plain, url_of

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)
parked = typer.Typer(no_args_is_help=True)
app.add_typer(parked, name="parked", help="Events that could not be acted on, or were rejected, and wait for a person.")

Kinds = Literal["parked", "behind", "awaiting", "rejected", "timer"]
Because = Annotated[str, typer.Option("--because", help="Why you decide so: it is kept with the event.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs: one JSON object a line.")]


@app.callback()
def main(
    context: typer.Context,
    service: Annotated[str, typer.Option(envvar="KOMMUNKONTAKT_SERVICE", help="Its name, such as intake.")],
    municipality: Annotated[str, typer.Option(envvar="KOMMUNKONTAKT_MUNICIPALITY", help="Its code, such as 1460.")],
    url: Annotated[str | None, typer.Option(help="Where it answers; else this machine, at <SERVICE>_PORT.")] = None,
    token: Annotated[
        str | None,
        typer.Option(envvar="KOMMUNKONTAKT_TOKEN", help="Of an operator; one is made in development.", metavar="JWT"),
    ] = None,
    language: Annotated[Literal["sv", "en"] | None, typer.Option(help="Of the reasons; else as LANG says.")] = None,
) -> None:
    """Kommunkontakt for operators: one service, one municipality."""
    transport, told = context.obj, language or _language()

    def door() -> Door:
        client = httpx.Client(base_url=url_of(url, service), transport=transport, timeout=30, trust_env=False)
        return Door(client, service, quote(municipality, safe=""), token or own_token(municipality), told)

    context.obj = door  # made when a command needs it, so that --help always works


def _language() -> str:
    return "sv" if os.environ.get("LANG", "").startswith("sv") else "en"


@contextmanager
def _at_door(context: typer.Context) -> Iterator[Door]:
    """The door; whatever goes wrong is one sentence on standard error, and an exit code."""
    try:
        door: Door = context.obj()
        with door.client:
            yield door
    except Complaint as complaint:
        typer.echo(complaint.sentence, err=True)
        raise typer.Exit(complaint.code) from None


@parked.command("list")
def list_parked(
    context: typer.Context,
    kind: Annotated[Kinds | None, typer.Option(help="Only these.")] = None,
    decided: Annotated[bool, typer.Option("--decided", help="Those that somebody has answered already.")] = False,
    as_json: AsJson = False,
) -> None:
    """What waits for a decision, and why."""
    with _at_door(context) as door:
        query = {"open": "false" if decided else "true", **({"kind": kind} if kind else {})}
        found = list(door.parked(query))
        if as_json:
            _print_json(found)
        elif found:
            console().print(_table(found, door.language))
        else:
            typer.echo(f"{door.service}: nothing is parked.")


@parked.command("show")
def show_parked(context: typer.Context, parking_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """One event: everything but its bytes, which stay sealed."""
    with _at_door(context) as door:
        event = door.call("GET", f"parked/{quote(parking_id, safe='')}")
        width = max(len(name) for name in event)
        for name, value in event.items():
            typer.echo(f"{name:<{width}}  {plain('-' if value is None else value)}")


@parked.command("replay")
def replay_parked(
    context: typer.Context,
    because: Because,
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID...")] = None,
    all_: Annotated[
        bool, typer.Option("--all", help="Whatever is parked or rejected: after a corrected release.")
    ] = False,
) -> None:
    """Act on events again, each with what waits behind it."""
    with _at_door(context) as door:
        if bool(ids) == all_:
            raise Complaint(WRONG_USE, "Say which: either ids, or --all.")
        chosen = ids or [event["id"] for event in door.parked({}) if event["kind"] not in ("behind", "awaiting")]
        _decide(door, "replay", chosen, because)


@parked.command("discard")
def discard_parked(
    context: typer.Context, because: Because, ids: Annotated[list[str], typer.Argument(metavar="ID...")]
) -> None:
    """Never act on events, and go on with what waits behind them."""
    with _at_door(context) as door:
        _decide(door, "discard", ids, because)


def _decide(door: Door, answer: Literal["replay", "discard"], ids: Sequence[str], because: str) -> None:
    """One by one; a refusal of one does not keep the others from being tried, but nothing is tried at a closed door."""
    refused = 0
    for parking_id in ids:
        try:
            door.call("POST", f"parked/{quote(parking_id, safe='')}/{answer}", body={"reason": because})
        except Complaint as complaint:
            if complaint.code != REFUSED:
                raise
            refused += 1
            typer.echo(f"{plain(parking_id)}: {complaint.sentence}", err=True)
        else:
            typer.echo(f"{plain(parking_id)}: {'replayed' if answer == 'replay' else 'discarded'}")
    if refused:
        raise Complaint(REFUSED, f"{refused} of {len(ids)} were refused.")


def _print_json(found: Sequence[dict[str, Any]]) -> None:
    for event in found:
        typer.echo(json.dumps(event))


def _table(found: Sequence[dict[str, Any]], language: str) -> Table:
    table = Table(*("id", "kind", "type", "reason", "where", "since"), box=None, pad_edge=False)
    for event in found:
        reason, short = event[f"reason_{language}"], str(event["type"] or "-").removeprefix("se.kommunkontakt.")
        cells = (event["id"], event["kind"], short, reason, event["pointer"] or "-", event["at"])
        table.add_row(*(Text(plain(cell)) for cell in cells))
    return table


if __name__ == "__main__":
    app()
