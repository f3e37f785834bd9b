"""`python -m shared.platform.backup dump|restore|lost`: one service's database, to a file and back (docs/operators.md).

Run it with the service's own settings, in its own image. Exit codes: 0 done, 1 refused, 2 a wrong setting or wrong use.
"""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated

import typer

from shared.contracts.catalogue import all_streams
from shared.platform.archive import Manifest, new_file
from shared.platform.cli_door import console
from shared.platform.clock import SystemClock
from shared.platform.dump import dump
from shared.platform.errors import BackupRefused, WrongSetting
from shared.platform.lost import Report, as_lines, latest
from shared.platform.lost_words import show
from shared.platform.mongo import connect_to_copy
from shared.platform.mongo_copy import Copying
from shared.platform.restore import Wish, restore
from shared.platform.service import RELEASE
from shared.platform.settings import PlatformSettings, ServiceSettings

REFUSED, WRONG_USE = 1, 2
STREAM = "-"

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)
Service = Annotated[str, typer.Option(envvar="KOMMUNKONTAKT_SERVICE", help="Its name, such as intake.")]


@app.command("dump")
def dump_to(
    service: Service, to: Annotated[str, typer.Option(help="A new file; - for standard output.", metavar="FILE")]
) -> None:
    """Write all that the service keeps, as it is at one moment; the service works on meanwhile."""
    with _at(service) as (_, source):
        at = SystemClock().now()
        if to != STREAM:
            with new_file(Path(to)) as file:
                manifest = dump(source, file, service, RELEASE.version, at)
        elif sys.stdout.isatty():
            raise WrongSetting("A backup is not for the eyes: say --to FILE, or pass it on with | or >.")
        else:
            manifest = dump(source, sys.stdout.buffer, service, RELEASE.version, at)
            sys.stdout.buffer.flush()
        typer.echo(f"{service}: dumped {_described(manifest)}.", err=True)


@app.command("restore")
def restore_from(
    service: Service,
    from_: Annotated[str, typer.Option("--from", help="A backup; - for standard input.", metavar="FILE")],
    replace: Annotated[bool, typer.Option("--replace", help="Lose what is in the database now.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Although an instance seems to run.")] = False,
    report: Annotated[Path | None, typer.Option(help="A new file for what was lost, as JSON lines.")] = None,
) -> None:
    """Put back what a backup holds, raise the epoch, and list what others had heard since then."""
    with _at(service) as (settings, target), _opened(from_) as stream:
        how = asyncio.run(restore(stream, target, settings.kafka, SystemClock(), Wish(service, replace, force)))
        _tell(target, how, report)
        typer.echo(f"{service}: restored; it speaks in epoch {how.epoch} from its next start on.", err=True)


@app.command("lost")
def list_lost(
    service: Service, as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False
) -> None:
    """List again what others had heard in the time that the last restore has lost."""
    with _at(service) as (_, target):
        if as_json:
            for line in as_lines(latest(target)):
                typer.echo(line)
        else:
            show(console(), latest(target), None)


def _tell(target: Copying, how: Report, report: Path | None) -> None:
    show(console(), latest(target), how)
    if report is not None:
        with new_file(report) as file:
            for line in as_lines(latest(target)):
                file.write(f"{line}\n".encode())


@contextmanager
def _at(service: str) -> Iterator[tuple[PlatformSettings, Copying]]:
    """The settings and the database of a service; whatever goes wrong is one sentence and an exit code."""
    try:
        settings = settings_of(service)
        copying = connect_to_copy(settings.platform.mongo_url, settings.database)
        try:
            yield settings.platform, copying
        finally:
            copying.close()
    except (BackupRefused, WrongSetting) as wrong:
        typer.echo(f"{service}: {wrong}", err=True)
        raise typer.Exit(REFUSED if isinstance(wrong, BackupRefused) else WRONG_USE) from None


def settings_of(service: str) -> ServiceSettings:
    """What the platform needs to know of any service's settings; WrongSetting for a service that there is not."""
    services = dict.fromkeys(stream.owner for stream in all_streams())
    if service not in services:
        raise WrongSetting(f"There is no such service; there are {', '.join(services)}.")

    class Settings(ServiceSettings, env_prefix=f"{service.upper()}_"):
        port: int = 8000
        database: str = service

    return Settings.load()


@contextmanager
def _opened(name: str) -> Iterator[IO[bytes]]:
    """The backup as a file that can be read twice."""
    if name == STREAM:
        with tempfile.TemporaryFile() as spool:
            shutil.copyfileobj(sys.stdin.buffer, spool)
            yield spool
        return
    try:
        with open(name, "rb") as file:
            yield file
    except OSError as error:
        raise BackupRefused(f"{name} cannot be read ({os.strerror(error.errno or 0)}).") from None


def _described(manifest: Manifest) -> str:
    documents = sum(part.documents for part in manifest.parts)
    size = sum(part.bytes for part in manifest.parts) / 1e6
    moment = manifest.taken_at.isoformat(timespec="seconds")
    return f"{documents} documents ({size:.1f} MB) as of {moment}, epoch {manifest.epoch}"


if __name__ == "__main__":
    app()
