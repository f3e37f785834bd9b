"""A live page in the terminal: how each instance of each service fares. `python -m shared.platform.top`, or `make top`.

It asks /ready and /metrics of every address of every name that it is given. `q` or Ctrl-C leaves; `--once` prints one
page, as for a pipe.
"""

import asyncio
import os
import select
import socket
import sys
import termios
import time
import tty
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated
from urllib.parse import urlsplit

import httpx
import typer
from rich.console import Console
from rich.live import Live

from shared.platform.top_page import page
from shared.platform.top_reading import Reading, read

ANSWER_WITHIN = 2.0
PORTS = {"intake": 8001, "routing": 8002, "procurement": 8003, "notify": 8004}

Url = Annotated[list[str] | None, typer.Option(help="A service's address, such as http://intake:8001; again for more.")]
Once = Annotated[bool, typer.Option("--once", help="Print one page and leave.")]
Every = Annotated[float, typer.Option(min=0.2, help="Seconds between two looks.")]


def main() -> None:
    """The command."""
    typer.run(top)


def top(url: Url = None, once: Once = False, every: Every = 2.0) -> None:
    """How each instance of each service fares."""
    urls = url or [f"http://127.0.0.1:{os.environ.get(f'{name.upper()}_PORT', port)}" for name, port in PORTS.items()]
    console = Console()
    if once or not console.is_terminal:
        console.print(page(looked(urls), {}))
        return
    with _keys(), Live(console=console, screen=True, auto_refresh=False) as live:
        _watch(live, urls, every)


def _watch(live: Live, urls: Sequence[str], every: float) -> None:
    before: dict[str, Reading] = {}
    try:
        while True:
            now = looked(urls)
            live.update(page(now, before), refresh=True)
            before = {reading.address: reading for reading in now}
            if _left(every):
                return
    except KeyboardInterrupt:
        return


def looked(urls: Sequence[str]) -> list[Reading]:
    """One look at all instances, at once."""
    return asyncio.run(_look(urls))


async def _look(urls: Sequence[str]) -> list[Reading]:
    addresses = [address for url in urls for address in _instances(url)]
    async with httpx.AsyncClient(timeout=ANSWER_WITHIN, trust_env=False) as client:
        return list(await asyncio.gather(*(_ask(client, address) for address in addresses)))


def _instances(url: str) -> list[str]:
    """Every address of a name: an instance of a scaled service each."""
    parts = urlsplit(url)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port, family=socket.AF_INET, type=socket.SOCK_STREAM)
    except OSError:
        return [url]
    return [f"{parts.scheme}://{host}:{parts.port}" for host in sorted({str(one[4][0]) for one in found})]


async def _ask(client: httpx.AsyncClient, address: str) -> Reading:
    try:
        ready, metrics = await asyncio.gather(client.get(f"{address}/ready"), client.get(f"{address}/metrics"))
        return read(address, time.monotonic(), ready.json(), metrics.text)
    except (httpx.HTTPError, ValueError) as error:
        return Reading(address, time.monotonic(), away=type(error).__name__)


@contextmanager
def _keys() -> Iterator[None]:
    """Single keys are read as they are pressed, where there is a keyboard."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _left(seconds: float) -> bool:
    """Wait so long for a key; whether it was the one that leaves."""
    if not sys.stdin.isatty():
        time.sleep(seconds)
        return False
    pressed, _, _ = select.select([sys.stdin], [], [], seconds)
    return bool(pressed) and os.read(sys.stdin.fileno(), 1) in (b"q", b"Q")


if __name__ == "__main__":
    main()
