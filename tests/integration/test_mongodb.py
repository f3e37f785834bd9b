"""What only a real MongoDB does: it is away, it is killed, it interrupts, it stands alone."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from shared.platform.database import Collection, Session, statement
from shared.platform.errors import LostRace, TryAgain, Unwritable, WrongSetting
from shared.platform.mongo import Driver, MongoDatabase, connect
from stack.mongo import Mongo, fetch_mongo
from stack.places import HOST, ROOT, free_port
from stack.process import Process
from tests.conftest import connected, forget_unclosed, fresh_name
from tests.waiting import until, until_sync

pytestmark = pytest.mark.servers
THINGS = Collection("things")
LONG = {"$where": "sleep(30) || true"}


@pytest.fixture(autouse=True)
def without_leftovers() -> Iterator[None]:
    yield
    forget_unclosed()


@pytest.fixture(params=["motor", "pymongo"])
def driver(request: pytest.FixtureRequest) -> Driver:
    chosen: Driver = request.param
    return chosen


@pytest.fixture
async def database(mongo: Mongo, driver: Driver) -> AsyncIterator[MongoDatabase]:
    made = connect(mongo.url, fresh_name(), driver, timeout_ms=500)
    await made.prepare([THINGS])
    yield made
    await made.close()


async def insert(database: MongoDatabase, key: int) -> None:
    session = await database.session()
    try:
        async with session.transaction() as work:
            await work.insert("things", [{"_id": key}])
    finally:
        await session.close()


async def works(database: MongoDatabase, key: int) -> bool:
    try:
        await insert(database, key)
    except (TryAgain, LostRace):
        return False
    return True


async def test_a_stopped_mongodb_is_away_and_everything_works_when_it_is_back(
    database: MongoDatabase, mongo: Mongo
) -> None:
    await insert(database, 1)
    session = await database.session()
    mongo.stop()
    for ask in (database.check, lambda: database.find("things", {}), lambda: database.prepare([THINGS])):
        with pytest.raises(TryAgain):
            await ask()
    with pytest.raises(TryAgain):
        await database.change("things", {"_id": 1}, {"$set": {"n": 1}})
    with pytest.raises((TryAgain, LostRace)):
        await use(session)
    mongo.start()
    await until("MongoDB takes a transaction again", lambda: works(database, 2))
    await use(session)
    assert await database.count("things", {}) == 3
    await session.close()


async def use(session: Session) -> None:
    async with session.transaction() as work:
        await work.insert("things", [{"_id": "session"}])


async def test_a_mongodb_killed_in_a_transaction_keeps_nothing_of_it(database: MongoDatabase, mongo: Mongo) -> None:
    session = await database.session()

    async def interrupted() -> None:
        async with session.transaction() as work:
            await work.insert("things", [{"_id": 1}])
            mongo.kill()

    with pytest.raises(TryAgain):
        await interrupted()
    mongo.start()
    await until("MongoDB takes a transaction again", lambda: works(database, 2))
    assert [row["_id"] for row in await database.find("things", {})] == [2]
    await session.close()


async def test_what_another_ends_in_the_middle_of_a_command_is_a_lost_race_and_no_fault_of_the_content(
    database: MongoDatabase,
) -> None:
    await insert(database, 1)
    session = await database.session()

    async def long() -> None:
        async with session.transaction() as work:
            await work.find("things", LONG)

    async def busy() -> bool:
        await database.end_session(session.id)
        return command.done()

    command = asyncio.create_task(long())
    await until("the command was interrupted", busy)
    with pytest.raises(LostRace):
        await command
    await use(session)
    await session.close()


async def test_a_transaction_that_takes_too_long_is_a_lost_race(database: MongoDatabase) -> None:
    session = await database.session()

    async def slow() -> None:
        async with session.transaction() as work:
            await work.insert("things", [{"_id": 1}])
            await until("the server has let go of the lock", lambda: works(database, 1))
            await work.insert("things", [{"_id": 2}])

    with pytest.raises(LostRace):
        await slow()
    await session.close()


async def test_a_client_that_was_closed_is_away_and_no_fault_of_the_content(mongo: Mongo, driver: Driver) -> None:
    closed = connected(mongo, driver)
    session = await closed.session()
    await closed.close()
    with pytest.raises(TryAgain):
        await closed.find("things", {})
    with pytest.raises(TryAgain):
        await use(session)


async def test_a_query_that_makes_no_sense_is_no_outage(database: MongoDatabase) -> None:
    with pytest.raises(Unwritable):
        await database.find("things", {"a": {"$nonsense": 1}})


async def test_an_address_where_nobody_answers_is_away(driver: Driver) -> None:
    nobody = connect(f"mongodb://{HOST}:{free_port()}/?replicaSet=rs0", "x", driver, timeout_ms=200)
    with pytest.raises(TryAgain):
        await nobody.check()
    await nobody.close()


@pytest.mark.parametrize("url", ["mongodb://", "http://x", "mongodb://host:99999999/", "mongodb://a:b:c@x/"])
def test_an_address_that_is_none_is_a_wrong_setting_that_does_not_repeat_it(url: str, driver: Driver) -> None:
    with pytest.raises(WrongSetting) as wrong:
        connect(url, "x", driver)
    assert url not in str(wrong.value)


async def test_a_mongodb_that_stands_alone_is_refused(tmp_path: Path, driver: Driver) -> None:
    home, port = fetch_mongo(), free_port()
    options = ["--bind_ip", HOST, "--port", str(port), "--dbpath", str(tmp_path), "--nounixsocket"]
    alone = Process("mongod", [str(home / "mongod"), *options], tmp_path / "log", {"LD_LIBRARY_PATH": str(home)})
    alone.start()
    database = connect(f"mongodb://{HOST}:{port}/", "x", driver)
    try:
        with pytest.raises(WrongSetting) as refused:
            await database.check()
        assert "--replSet" in str(refused.value)
    finally:
        await database.close()
        alone.kill()
    until_sync("it has gone", lambda: not alone.alive)


PREDECESSOR = """
import asyncio, sys
from shared.platform.database import statement
from shared.platform.mongo import connect

async def main() -> None:
    session = await connect(sys.argv[1], sys.argv[2]).session()
    async with session.transaction() as work:
        await work.update("things", [statement({"_id": 1}, {"$inc": {"n": 1}})])
        print(session.id.hex(), flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


def killed_after_its_first_line(command: list[str]) -> bytes:
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        line = process.stdout.readline() if process.stdout else b""
        process.kill()
    return line


async def test_a_killed_predecessors_locks_stand_until_its_session_is_ended(mongo: Mongo, driver: Driver) -> None:
    name = fresh_name()
    database = connect(mongo.url, name, driver)
    await database.prepare([THINGS])
    await insert(database, 1)
    command = [sys.executable, "-c", PREDECESSOR, mongo.url, name]
    told = await asyncio.to_thread(killed_after_its_first_line, command)
    blocked = not await works_on(database)
    await database.end_session(bytes.fromhex(told.decode()))
    assert await works_on(database)
    assert blocked
    assert await database.find("things", {}) == [{"_id": 1, "n": 10}]
    await database.close()


async def works_on(database: MongoDatabase) -> bool:
    session = await database.session()
    try:
        async with session.transaction() as work:
            await work.update("things", [statement({"_id": 1}, {"$inc": {"n": 10}})])
    except LostRace:
        return False
    finally:
        await session.close()
    return True
