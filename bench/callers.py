"""`python -m bench.callers`: so many receptionists at one door, from a process of their own; prints what they met.

Each keeps one connection and calls at its own moments; a call that must wait for the one before it has waited from its
own moment on. With no pause each calls again as soon as it is answered. The bytes are made by hand, so that callers
cost little beside what they measure.
"""

import argparse
import asyncio
import json
import sys
from dataclasses import asdict, dataclass, field
from subprocess import PIPE, Popen

ACCEPTED = 201
CALL = {
    "channel": "phone",
    "wish": "Vi vill bygga ut vår lastkaj och undrar vilka tillstånd som behövs, och hur lång tid det brukar ta.",
    "case_types": ["bygglov"],
    "language": "sv",
}


@dataclass(slots=True)
class Met:
    """What callers met: how long each accepted call took, in seconds, how many were not accepted, and in what time."""

    took: list[float] = field(default_factory=list)
    refused: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Calling:
    """Who calls where: `pause` is the time from one call of a caller to its next, 0 for at once."""

    port: int
    path: str
    token: str
    run: str
    callers: int
    seconds: float
    pause: float


def run_callers(calling: Calling) -> Met:
    """Let them call, in a process of their own, and return what they met."""
    with Popen([sys.executable, "-m", "bench.callers"], stdin=PIPE, stdout=PIPE, text=True) as process:
        answer, _ = process.communicate(json.dumps(asdict(calling)))
    if process.returncode:
        raise RuntimeError("the callers could not call")
    return Met(**json.loads(answer))


async def call(calling: Calling) -> Met:
    """All callers at once, each a little after the one before."""
    met, loop = Met(), asyncio.get_running_loop()
    began = loop.time()
    ends = began + calling.seconds
    await asyncio.gather(*(_caller(calling, number, began, ends, met) for number in range(calling.callers)))
    met.seconds = loop.time() - began
    return met


async def _caller(calling: Calling, number: int, began: float, ends: float, met: Met) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", calling.port)
    loop, nth = asyncio.get_running_loop(), 0
    at = began + calling.pause * number / calling.callers
    try:
        while at < ends:
            await asyncio.sleep(at - loop.time())
            writer.write(_request(calling, f"{calling.run}-{number}-{nth}"))
            if await _status(reader) == ACCEPTED:
                met.took.append(loop.time() - at)
            else:
                met.refused += 1
            nth, at = nth + 1, at + calling.pause if calling.pause else loop.time()
    finally:
        writer.close()


def _request(calling: Calling, name: str) -> bytes:
    asked = {**CALL, "company": {"name": f"Bolag {name}"}, "person": {"name": name, "e_mail": f"{name}@example.org"}}
    body = json.dumps(asked, ensure_ascii=False).encode()
    head = (
        f"POST {calling.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {calling.token}\r\n"
        f"Idempotency-Key: {name}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _status(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = next(line for line in head.split("\r\n") if line.startswith("content-length:"))
    await reader.readexactly(int(length.partition(":")[2]))
    return int(head.split(" ", 2)[1])


def main() -> None:
    """Read who calls where, call, and print what was met."""
    calling = Calling(**json.loads(sys.stdin.read()))
    sys.stdout.write(json.dumps(asdict(asyncio.run(call(calling)))))


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
