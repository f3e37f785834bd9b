"""Files pass one suite on the fake database and on MongoDB, and GridFS's own reader understands what lies there."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import pytest
from gridfs.asynchronous import AsyncGridFSBucket
from pymongo import AsyncMongoClient

from shared.platform.clock import FixedClock
from shared.platform.files import AT_ONCE, CHUNKS, FILES, PIECE, Files, MissingFile
from shared.platform.mongo import connect
from stack.mongo import Mongo
from tests.conftest import AnyDatabase, fresh_name

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
WHOLE = [bytes([number]) * PIECE for number in range(AT_ONCE + 1)]


async def coming(pieces: Sequence[bytes], breaks: bool = False) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
    if breaks:
        raise ConnectionError("the sender is gone")


@pytest.fixture
async def files(database: AnyDatabase) -> Files:
    await database.prepare([FILES, CHUNKS])
    return Files(database, FixedClock(AT))


@pytest.mark.parametrize("pieces", [[], [b"x"], WHOLE, [*WHOLE, b"the rest"]], ids=["empty", "small", "whole", "rest"])
async def test_a_file_is_read_as_it_was_written(files: Files, pieces: list[bytes]) -> None:
    await files.write("1460-a-1", coming(pieces))
    assert [piece async for piece in files.read("1460-a-1")] == pieces


async def test_two_files_do_not_mix(files: Files) -> None:
    await files.write("1460-a-1", coming([b"one"]))
    await files.write("1460-a-2", coming([b"two"]))
    await files.delete("1460-a-1")
    assert [piece async for piece in files.read("1460-a-2")] == [b"two"]


async def test_what_is_broken_off_cannot_be_read_and_is_deleted(files: Files, database: AnyDatabase) -> None:
    with pytest.raises(ConnectionError):
        await files.write("1460-a-1", coming(WHOLE, breaks=True))
    with pytest.raises(MissingFile):
        await anext(files.read("1460-a-1"))
    assert await database.count(CHUNKS.name, {}) == AT_ONCE
    await files.delete("1460-a-1")
    assert await database.count(CHUNKS.name, {}) == 0


async def test_a_file_that_lost_a_piece_says_so(files: Files, database: AnyDatabase) -> None:
    await files.write("1460-a-1", coming(WHOLE))
    await database.delete(CHUNKS.name, {"files_id": "1460-a-1", "n": 1})
    reading = files.read("1460-a-1")
    assert await anext(reading) == WHOLE[0]
    with pytest.raises(MissingFile):
        await anext(reading)


async def test_what_is_deleted_is_gone_and_deleting_it_again_does_nothing(files: Files, database: AnyDatabase) -> None:
    await files.write("1460-a-1", coming(WHOLE))
    for _ in range(2):
        await files.delete("1460-a-1")
    assert [await database.count(one.name, {}) for one in (FILES, CHUNKS)] == [0, 0]
    with pytest.raises(MissingFile):
        await anext(files.read("1460-a-1"))


@pytest.mark.servers
async def test_gridfs_reads_what_was_written(mongo_server: Mongo) -> None:
    name = fresh_name()
    database = connect(mongo_server.url, name)
    await database.prepare([FILES, CHUNKS])
    await Files(database, FixedClock(AT)).write("1460-a-1", coming([*WHOLE, b"the rest"]))
    async with AsyncMongoClient[dict[str, object]](mongo_server.url) as client:
        stream = await AsyncGridFSBucket(client[name], "files").open_download_stream("1460-a-1")
        assert await stream.read() == b"".join([*WHOLE, b"the rest"])
    await database.drop()
    await database.close()
