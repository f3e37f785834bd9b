"""The door: forty receptionists call intake at once, beside a bare FastAPI door that writes the same rows."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median

import httpx
from fastapi import FastAPI
from pymongo import MongoClient

from bench.callers import CALL, Calling, Met, run_callers
from bench.latency import spread
from bench.report import Bar
from bench.round import WATCH
from services.intake.app import create_app
from services.intake.settings import Settings
from shared.platform.clock import SystemClock
from shared.platform.database import Document
from shared.platform.mongo import connect
from shared.platform.settings import PlatformSettings
from shared.platform.token import make_token
from stack.environment import MUNICIPALITY
from stack.instances import Install, environment_for, install
from stack.mail import is_open
from stack.places import free_port
from stack.process import Process
from stack.testing import Servers

USERS = 40
PAUSE = 1 / 3
"""From one call of a user to the next: 40 users are 120 calls a second."""
ANSWERED_WITHIN = 0.050
ACCEPTED = 100
COMMANDS = 13
"""One question, a write for each register that a contact is written in (contacts, parties, series, threads, tallies,
weeks of suggestions, keys, requests), then outbox, journal and commit; and one to spare."""
OF_BARE = 0.4
BARE = "bench_bare_door"
KEY_FILE = "KOMMUNKONTAKT_JWT_KEY_FILE"


@dataclass(frozen=True, slots=True)
class Door:
    """One door to call at."""

    port: int
    path: str
    token: str

    def called(self, run: str, seconds: float, pause: float) -> Met:
        """What forty users meet there."""
        met = run_callers(Calling(self.port, self.path, self.token, run, USERS, seconds, pause))
        if met.refused:
            raise AssertionError(f"{met.refused} calls were refused at {self.path}")
        return met


def doors(servers: Servers, where: Path, rounds: int, seconds: float) -> list[Bar]:
    """Both doors in turn: first at the pace of forty people, then as fast as forty can."""
    with install(servers, where, ["a"], services=["intake"]) as whole, bare_door(servers, where) as bare:
        both = {"bare": bare, "ours": our_door(whole)}
        paced = _in_turn(both, rounds, seconds, PAUSE)
        fast = _in_turn(both, rounds, seconds, 0)
    _tell(paced, f"{USERS} users, {USERS / PAUSE:.0f} calls a second:")
    _tell(fast, f"{USERS} users, each again as soon as it is answered:")
    return _bars(paced["ours"], fast)


def _in_turn(both: dict[str, Door], rounds: int, seconds: float, pause: float) -> dict[str, list[Met]]:
    met = {way: list[Met]() for way in both}
    for number in range(rounds):
        for way, door in both.items():
            met[way].append(door.called(f"{way}-{number}-{pause:.0f}-{pause}", seconds, pause))
    return met


def _tell(found: dict[str, list[Met]], head: str) -> None:
    print(head)
    for way, mets in found.items():
        took = [one for met in mets for one in met.took]
        print(f"  {way:<5} {rate(mets):7.0f} accepted/s   {spread(took)}")


def rate(mets: list[Met]) -> float:
    """Accepted a second: the median of the rounds."""
    return median(len(met.took) / met.seconds for met in mets)


def _bars(paced: list[Met], fast: dict[str, list[Met]]) -> list[Bar]:
    middle = median(one for met in paced for one in met.took)
    pairs = zip(fast["ours"], fast["bare"], strict=True)
    ratio = median(rate([ours]) / rate([bare]) for ours, bare in pairs)
    within = f"the door at {USERS} users p50 {middle * 1000:.1f} ms; under {ANSWERED_WITHIN * 1000:.0f} ms"
    accepted = f"{rate(paced):.0f} accepted a second at that; at least {ACCEPTED}"
    return [
        Bar(ratio >= OF_BARE, f"the door takes {ratio:.3f} of what a bare one takes; at least {OF_BARE}"),
        Bar(middle < ANSWERED_WITHIN, within, gates=False),
        Bar(rate(paced) >= ACCEPTED, accepted, gates=False),
    ]


async def commands(servers: Servers, where: Path) -> Bar:
    """What one accepted call asks of MongoDB, counted in our own process, where nothing else is at work."""
    environment = environment_for(servers, where)
    platform = PlatformSettings(environment="development", jwt_key_file=environment[KEY_FILE])
    database, clock = connect(servers.mongo_url, "bench_commands"), SystemClock()
    app = create_app(Settings(platform=platform), database, clock, clock)
    await database.prepare(app.state.work.layout())
    try:
        sent = await _commands_of_one(app, token_for(environment))
    finally:
        await database.drop()
        await database.close()
    words = f"{len(sent)} MongoDB commands for a call at the door; at most {COMMANDS} ({', '.join(sent)})"
    return Bar(len(sent) <= COMMANDS, words)


async def _commands_of_one(app: FastAPI, token: str) -> list[str]:
    called = {**CALL, "company": {"name": "Bolag"}, "person": {"name": "Kim", "e_mail": "kim@example.org"}}
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "first"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bench") as client:
        WATCH.commands.clear()
        answer = await client.post(f"/intake/v1/{MUNICIPALITY}/contacts", json=called, headers=headers)
        answer.raise_for_status()
        return list(WATCH.commands)


def our_door(whole: Install) -> Door:
    """The door of intake."""
    return Door(whole.port("intake"), f"/intake/v1/{MUNICIPALITY}/contacts", token_for(whole.environment))


def token_for(environment: Mapping[str, str]) -> str:
    """A receptionist's token."""
    key_file, hours = Path(environment[KEY_FILE]), timedelta(hours=2)
    return make_token(key_file, "kommunkontakt", "bench", ["receptionist"], [MUNICIPALITY], hours, SystemClock())


@contextmanager
def bare_door(servers: Servers, where: Path) -> Iterator[Door]:
    """The bare door as a process."""
    port = free_port()
    command = [sys.executable, "-m", "bench.bare_door", "--port", str(port), "--database", BARE]
    process = Process("the bare door", [*command, "--mongo-url", servers.mongo_url], where / "logs" / "bare-door.log")
    process.start()
    try:
        process.wait_until(lambda: is_open(port), 20)
        yield Door(port, f"/{MUNICIPALITY}/contacts", "")
    finally:
        process.kill()
        with MongoClient[Document](servers.mongo_url) as client:
            client.drop_database(BARE)
