"""A clamd for tests: it speaks INSTREAM on a real socket and finds what it was told to find."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class FakeClamd:
    """Where it listens, and what it has been shown."""

    evil: bytes
    largest: int
    hangs_up: bool
    url: str = ""
    seen: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            assert await reader.readuntil(b"\0") == b"zINSTREAM\0"
            if not self.hangs_up:
                writer.write(await self._judgement(reader) + b"\0")
                await writer.drain()
        finally:
            writer.close()

    async def _judgement(self, reader: asyncio.StreamReader) -> bytes:
        shown = b""
        while length := int.from_bytes(await reader.readexactly(4), "big"):
            shown += await reader.readexactly(length)
            if len(shown) > self.largest:
                return b"INSTREAM size limit exceeded. ERROR"
        self.seen.append(shown)
        return b"stream: Eicar-Test-Signature FOUND" if self.evil in shown else b"stream: OK"


@asynccontextmanager
async def fake_clamd(
    evil: bytes, socket: Path | None = None, *, largest: int = 1 << 30, hangs_up: bool = False
) -> AsyncIterator[FakeClamd]:
    """One that runs for the length of the block."""
    clamd = FakeClamd(evil, largest, hangs_up)
    if socket is None:
        server = await asyncio.start_server(clamd.serve, "127.0.0.1", 0)
        clamd.url = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    else:
        server = await asyncio.start_unix_server(clamd.serve, socket)
        clamd.url = f"unix://{socket}"
    async with server:
        yield clamd
