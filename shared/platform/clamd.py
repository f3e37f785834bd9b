"""Asks clamd whether bytes hold something malicious, while they pass by (its command INSTREAM)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol
from urllib.parse import urlsplit

from shared.platform.errors import TryAgain

ANSWER_WITHIN = 60.0
TROUBLE = (OSError, EOFError, TimeoutError)


class Scan(Protocol):
    """The scan of one file."""

    async def see(self, piece: bytes) -> None:
        """Look at the next bytes."""
        ...

    async def found(self) -> str | None:
        """What was found in all of it, as the scanner calls it; None for nothing."""
        ...


class Clamd:
    """A clamd at `tcp://host:port` or `unix:///path`. Everything raises TryAgain when it is away or cannot judge."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)

    @asynccontextmanager
    async def scan(self) -> AsyncIterator[Scan]:
        """A scan on a connection of its own."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                reader, writer = await self._connected()
        except TROUBLE:
            raise TryAgain("clamd is away") from None
        try:
            yield _Stream(reader, writer)
        finally:
            writer.close()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._parts.scheme == "unix":
            return await asyncio.open_unix_connection(self._parts.path)
        return await asyncio.open_connection(self._parts.hostname, self._parts.port)


class _Stream:
    """INSTREAM: pieces with their length before them, an empty one at the end, then one answer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._writer.write(b"zINSTREAM\0")

    async def see(self, piece: bytes) -> None:
        """See `Scan`. An empty piece would be the end, and is passed over."""
        if piece:
            await self._send(len(piece).to_bytes(4, "big") + piece)

    async def found(self) -> str | None:
        """See `Scan`."""
        await self._send(bytes(4))
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                answer = (await self._reader.readuntil(b"\0"))[:-1].decode(errors="replace")
        except (*TROUBLE, asyncio.LimitOverrunError):
            raise TryAgain("clamd gave no answer") from None
        return _meaning(answer.removeprefix("stream: "))

    async def _send(self, content: bytes) -> None:
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                self._writer.write(content)
                await self._writer.drain()
        except TROUBLE:
            raise TryAgain("clamd is away") from None


def _meaning(answer: str) -> str | None:
    if answer == "OK":
        return None
    if answer.endswith(" FOUND"):
        return answer.removesuffix(" FOUND")
    raise TryAgain("clamd could not judge: is its StreamMaxLength smaller than our largest attachment?")
