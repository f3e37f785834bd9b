"""A new master key wraps all data keys, while the service works, whatever stops it on the way."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from typer.testing import CliRunner

from shared.platform.database import Database
from shared.platform.errors import LostRace, TryAgain
from shared.platform.keys import app, left, rotate
from shared.platform.mongo import connect
from shared.platform.vault import KEYS, Vault, master_id
from stack.mongo import Mongo
from tests.conftest import AnyDatabase, fresh_name
from tests.platform.test_vault import ANNA, NEW, OLD, diary, diary_of, forget, keep

MANY = [f"1460-{number:02d}" for number in range(25)]
TO_NEW = Vault((NEW, OLD), os.urandom)


async def test_afterwards_the_old_master_key_may_go(database: AnyDatabase) -> None:
    await keep(database, *map(diary_of, MANY), masters=(OLD,))
    assert await rotate(database, TO_NEW, 10) == len(MANY)
    assert await left(database, TO_NEW) == 0
    assert [await diary(database, one, NEW) for one in MANY] == [*map(diary_of, MANY)]
    with pytest.raises(TryAgain):
        await diary(database, MANY[0], OLD)


async def test_a_second_time_there_is_nothing_left_to_do(database: AnyDatabase) -> None:
    await keep(database, *map(diary_of, MANY), masters=(OLD,))
    await rotate(database, TO_NEW)
    before = await database.find(KEYS.name, {})
    assert await rotate(database, TO_NEW) == 0
    assert await database.find(KEYS.name, {}) == before


class Stopping:
    """A database that is away after so many sessions."""

    def __init__(self, database: Database, sessions: int) -> None:
        self._database, self._sessions = database, sessions

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def session(self) -> Any:
        self._sessions -= 1
        if self._sessions < 0:
            raise TryAgain("the database is away")
        return await self._database.session()


async def test_stopped_in_between_it_goes_on_where_it_was_and_all_can_be_read_meanwhile(database: AnyDatabase) -> None:
    await keep(database, *map(diary_of, MANY), masters=(OLD,))
    with pytest.raises(TryAgain):
        await rotate(Stopping(database, 1), TO_NEW, 10)
    assert await left(database, TO_NEW) == 15
    assert [await diary(database, one, NEW, OLD) for one in MANY] == [*map(diary_of, MANY)]
    assert await rotate(database, TO_NEW, 10) == 15


async def test_what_is_erased_meanwhile_stays_erased_and_what_is_new_stays_readable(database: AnyDatabase) -> None:
    await keep(database, *map(diary_of, MANY), masters=(OLD,))

    async def done(work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                return await work()
            except LostRace:  # rotation was first: a service runs its unit of work again
                await asyncio.sleep(0)

    async def working() -> None:
        for number, owner in enumerate(MANY[5:]):
            await done(partial(forget, database, owner))
            await done(partial(keep, database, diary_of(f"1460-new-{number}"), masters=(NEW, OLD)))

    await asyncio.gather(rotate(database, TO_NEW, 2), working())
    assert await left(database, TO_NEW) == 0
    assert [(await diary(database, one, NEW)).text for one in MANY[5:]] == [None] * 20  # type: ignore[union-attr]
    assert await diary(database, "1460-new-19", NEW) == diary_of("1460-new-19")
    assert await diary(database, MANY[4], NEW) == diary_of(MANY[4])


async def test_a_key_of_an_unknown_master_key_stops_it_by_name(database: AnyDatabase) -> None:
    await keep(database, diary_of(ANNA), masters=(OLD,))
    with pytest.raises(TryAgain, match=master_id(OLD)):
        await rotate(database, Vault((NEW,), os.urandom))


@pytest.mark.servers
def test_the_command_says_what_it_did_and_what_is_left(mongo_server: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    name = fresh_name()

    def run(command: str, *masters: str) -> tuple[int, str]:
        for variable, value in zip(("MASTER_KEY", "MASTER_KEY_OTHER"), [*masters, ""], strict=False):
            monkeypatch.setenv(f"KOMMUNKONTAKT_{variable}", value)
        result = CliRunner().invoke(app, [command, "--service", "intake"])
        return result.exit_code, result.output

    async def kept(*owners: str) -> None:
        database = connect(mongo_server.url, name)
        await keep(database, *map(diary_of, owners), masters=(OLD,))
        await database.close()

    settings = {"KOMMUNKONTAKT_ENVIRONMENT": "development", "KOMMUNKONTAKT_MONGO_URL": mongo_server.url}
    for variable, value in {**settings, "INTAKE_DATABASE": name}.items():
        monkeypatch.setenv(variable, value)
    asyncio.run(kept(*MANY))
    told = f"intake: 25 data keys; 25 of them wrapped by another master key than {master_id(NEW)}.\n"
    assert run("look", NEW, OLD) == (0, told)
    told = f"the master key {master_id(OLD)}, which is not set here. What was wrapped stays so; run it again.\n"
    code, said = run("rotate", NEW)
    assert (code, said.endswith(told)) == (1, True)
    code, said = run("rotate", NEW, OLD)
    assert (code, said.startswith(f"intake: 25 data keys are wrapped anew by the master key {master_id(NEW)}")) == (
        0,
        True,
    )
    assert run("rotate", NEW)[0] == 0


def test_in_production_it_needs_its_master_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOMMUNKONTAKT_ENVIRONMENT", "production")
    monkeypatch.setenv("KOMMUNKONTAKT_SECRET_KEY", "s" * 32)
    monkeypatch.setenv("KOMMUNKONTAKT_JWKS_URL", "https://keys.example")
    result = CliRunner().invoke(app, ["rotate", "--service", "intake"])
    assert (result.exit_code, "KOMMUNKONTAKT_MASTER_KEY must be set" in result.output) == (2, True)
