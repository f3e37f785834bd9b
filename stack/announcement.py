"""Tells what is where and what to try next, when everything is ready."""

import json
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from stack.places import HOST
from stack.supervisor import Supervisor

NAMES = {"kafka_url": "Kafka", "mongo_url": "MongoDB", "smtp_url": "mail server", "mail_url": "mail tray"}
NEXT = """
Next, in another shell:
  make demo                       the story, event by event
  make demo-intake                each door of intake, each knocked at twice
  make token ROLE=receptionist    a token for the doors
{tray}Ctrl-C here stops all of it; what was kept is there at the next start (make clean-data forgets it).
"""


def announce(supervisor: Supervisor, services: Sequence[str] | None) -> None:
    """Prints it: for a program as one line of JSON when only servers run, else for a person."""
    if services is None:
        print(json.dumps(supervisor.urls), flush=True)
        return
    console = Console(soft_wrap=True)
    console.print(_places(supervisor, services))
    tray = f"  {supervisor.urls['mail_url']}           the mails\n" if "mail_url" in supervisor.urls else ""
    console.print(NEXT.format(tray=tray), highlight=False)


def _places(supervisor: Supervisor, services: Sequence[str]) -> Table:
    table = Table("what", "where", title="Kommunkontakt is ready", title_justify="left")
    for service in services:
        table.add_row(service, f"http://{HOST}:{supervisor.ports.of(service)}/docs")
    for name, url in supervisor.urls.items():
        table.add_row(NAMES[name], url.rpartition("@")[2])
    table.add_row("logs", str(supervisor.data / "logs"))
    table.add_row("environment", str(supervisor.data / "run.env"))
    return table
