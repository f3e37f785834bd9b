"""Bytes kept beside documents, too many for one: laid out as GridFS lays them out, so that its tools read them too.

The driver's own GridFS holds up to 32 MB of a file in memory before it writes; this holds one megabyte.
"""

from collections.abc import AsyncIterable, AsyncIterator

from shared.platform.clock import Clock
from shared.platform.database import Collection, Database, Document, Index

PIECE = 255 * 1024
"""So many bytes has every piece of a file but the last: one document each."""
AT_ONCE = 4
"""So many pieces are written in one command."""

FILES = Collection("files.files", (Index((("filename", 1), ("uploadDate", 1))),))
CHUNKS = Collection("files.chunks", (Index((("files_id", 1), ("n", 1)), unique=True),))


class MissingFile(Exception):
    """There is no such file, or not all of it: it was deleted, or never finished."""


class Files:
    """The files of one service. A file is written once, whole, and read back in the pieces that were written."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def write(self, file_id: str, pieces: AsyncIterable[bytes]) -> None:
        """Keep the pieces, each of PIECE bytes but the last; TryAgain when the database is away.

        Only a whole file can be read. What is left of one that was broken off, `delete` takes away.
        """
        chunks: list[Document] = []
        count = length = 0
        async for piece in pieces:
            chunks.append({"_id": f"{file_id} {count}", "files_id": file_id, "n": count, "data": piece})
            count, length = count + 1, length + len(piece)
            if len(chunks) == AT_ONCE:
                await self._insert(chunks)
                chunks = []
        whole = {"_id": file_id, "filename": file_id, "length": length, "chunkSize": PIECE}
        await self._insert(chunks, {**whole, "uploadDate": self._clock.now()})

    async def _insert(self, chunks: list[Document], whole: Document | None = None) -> None:
        session = await self._database.session()
        try:
            async with session.transaction() as transaction:
                await transaction.insert(CHUNKS.name, chunks)
                await transaction.insert(FILES.name, [] if whole is None else [whole])
        finally:
            await session.close()

    async def read(self, file_id: str) -> AsyncIterator[bytes]:
        """The pieces, one after the other; MissingFile when the file is not there, or not whole."""
        found = await self._database.find(FILES.name, {"_id": file_id})
        if not found:
            raise MissingFile(file_id)
        length, chunk_size = found[0]["length"], found[0]["chunkSize"]
        for number in range(-(-length // chunk_size)):
            chunk = await self._database.find(CHUNKS.name, {"files_id": file_id, "n": number})
            if not chunk:
                raise MissingFile(file_id)
            yield bytes(chunk[0]["data"])

    async def delete(self, file_id: str) -> None:
        """Forget a file, or what was written of it; nothing happens when there is none."""
        await self._database.delete(FILES.name, {"_id": file_id})
        await self._database.delete(CHUNKS.name, {"files_id": file_id})
