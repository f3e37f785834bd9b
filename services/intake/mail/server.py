"""The listener: LMTP or SMTP on a port of the service, for a mail server that hands mails over.

It answers 250 only after the commit. What it holds in memory is bounded: connections, lines, mails at once.
"""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from services.intake.mail.postbox import LATER, Postbox
from shared.platform.errors import WrongSetting

FINISH_WITHIN = 4.0
WAIT_FOR_ROOM = 20.0
MOST_RECIPIENTS = 100
HEADROOM = 64 * 1024
"""A mail is a little larger than was said before: lines of relays come on top."""
CLOSING = "421 4.3.2 Closing, try again"
BUSY = "421 4.3.2 Too many connections, try again"
NO_ROOM = "452 4.3.1 Too much at once, try again"
GREW = "452 4.3.1 Larger than was said, try again"
TOO_LARGE = "552 5.3.4 Larger than we take"

log = logging.getLogger("kommunkontakt.intake.mail")


@dataclass(frozen=True, slots=True)
class Listening:
    """Where and how to listen, and how much to hold: `largest` is the most of one mail in bytes."""

    host: str
    port: int
    protocol: Literal["lmtp", "smtp"]
    largest: int
    connections: int
    timeout: float


class Room:
    """How many bytes of mails may be in memory at once; who finds no room waits for it a while."""

    def __init__(self, free: int) -> None:
        self._free, self._changed = free, asyncio.Condition()

    @asynccontextmanager
    async def of(self, size: int) -> AsyncIterator[None]:
        """Room for so many bytes; TimeoutError when there was none."""
        async with asyncio.timeout(WAIT_FOR_ROOM), self._changed:
            await self._changed.wait_for(lambda: self._free >= size)
            self._free -= size
        try:
            yield
        finally:
            self._free += size
            async with self._changed:
                self._changed.notify_all()


class Handler:
    """What aiosmtpd asks: whose a recipient is, and what is said when something goes wrong."""

    def __init__(self, postbox: Postbox) -> None:
        self._postbox = postbox

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient that is ours."""
        if self._postbox.municipality_of(address) is None:
            self._postbox.count("unknown")
            return "550 5.1.1 Nobody of that name here"
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients at once"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_exception(self, error: Exception) -> str:
        """A bug in the listener, or a line that it trips over: no word of what was sent."""
        log.error("a line of a mail server could not be answered", extra={"reason": type(error).__name__})
        return LATER


class Connection(SMTP):
    """One mail server's connection. A mail is read line by line into one place, however long or short its lines are."""

    line_length_limit = 128 * 1024
    answers_each = False

    def __init__(self, listener: "MailListener") -> None:
        told = listener.listening
        super().__init__(
            listener.handler,
            data_size_limit=told.largest,
            enable_SMTPUTF8=True,
            hostname=socket.gethostname(),
            ident="Kommunkontakt",
            timeout=told.timeout,
            loop=asyncio.get_running_loop(),
        )
        self._listener = listener
        self.is_busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, or send away when there are too many."""
        assert isinstance(transport, asyncio.WriteTransport)  # noqa: S101 - a connection is written to
        if self._listener.lets_in(self):
            super().connection_made(transport)
        else:
            transport.write(f"{BUSY}\r\n".encode())
            transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection."""
        if self._listener.has_left(self):
            super().connection_lost(error)

    def leave(self, farewell: str = CLOSING) -> None:
        """Say goodbye and close."""
        if self.transport is not None:
            self._writer.write(f"{farewell}\r\n".encode())
            self.transport.close()

    @syntax("DATA")
    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802
        """Receive a mail and answer for it: by LMTP for each recipient, in their order."""
        if refusal := await self._refusal(arg):
            await self.push(refusal)
            return
        self.is_busy = True
        try:
            async with self._listener.room.of(self._announced()):
                await self.push("354 End with a line that holds a dot")
                replies = await self._replies(await self._content())
        except TimeoutError:
            replies = [NO_ROOM]
        finally:
            self.is_busy = False
        self.envelope = self._create_envelope()
        await self.push("\r\n".join(replies))
        if self._listener.is_closing:
            self.leave()

    async def _refusal(self, arg: str | None) -> str | None:
        assert self.envelope is not None  # noqa: S101 - there from the connection on
        if not self.envelope.rcpt_tos:
            return "503 5.5.1 Who is it for?"
        return "501 5.5.4 Syntax: DATA" if arg else None

    def _announced(self) -> int:
        assert self.envelope is not None  # noqa: S101
        told = [option[5:] for option in self.envelope.mail_options if option.startswith("SIZE=")]
        largest = self._listener.listening.largest
        return min(largest, int(told[0]) + HEADROOM) if told and told[0].isdecimal() else largest

    async def _content(self) -> bytes | None:
        """The mail without the dots that protect its lines; None when it is larger than there is room for."""
        content, begins, size, most = bytearray(), True, 0, self._announced()
        while True:
            piece = await self._piece()
            if begins and piece == b".\r\n":
                return bytes(content) if size <= most else None
            size += len(piece)
            if size > most:
                content.clear()
            else:
                content += piece[1:] if begins and piece.startswith(b".") else piece
            begins = piece.endswith(b"\r\n")

    async def _piece(self) -> bytes:
        """A line, or as much of a long one as is there."""
        try:
            return await self._reader.readuntil(b"\r\n")
        except asyncio.LimitOverrunError as long:
            return await self._reader.read(long.consumed)

    async def _replies(self, content: bytes | None) -> list[str]:
        assert self.envelope is not None  # noqa: S101
        addresses = self.envelope.rcpt_tos
        if content is None:
            replies = [TOO_LARGE if self._announced() == self._listener.listening.largest else GREW] * len(addresses)
        else:
            sender = self.envelope.mail_from or ""
            replies = await self._listener.postbox.take(content, "" if sender == "<>" else sender, addresses)
        return replies if self.answers_each else [min(replies, key=_gravest)]


class LmtpConnection(Connection, LMTP):
    """The same by LMTP."""

    answers_each = True


class MailListener:
    """The worker that listens. When it is stopped, what is under way is finished, and others hear 421."""

    def __init__(self, postbox: Postbox, listening: Listening) -> None:
        self.postbox, self.listening, self.handler = postbox, listening, Handler(postbox)
        self.room = Room(listening.largest)
        self.trouble: str | None = None
        self.is_closing = False
        self.port = listening.port
        self._open: set[Connection] = set()
        self._empty = asyncio.Event()
        logging.getLogger("mail.log").setLevel(logging.CRITICAL + 1)  # aiosmtpd logs addresses and whole lines

    async def run(self) -> None:
        """Listen until cancelled."""
        kind = LmtpConnection if self.listening.protocol == "lmtp" else Connection
        try:
            server = await asyncio.get_running_loop().create_server(
                lambda: kind(self), self.listening.host, self.listening.port
            )
        except OSError:
            raise WrongSetting(f"INTAKE_MAIL_PORT {self.listening.port} cannot be listened on.") from None
        self.port = server.sockets[0].getsockname()[1]
        try:
            await asyncio.Event().wait()
        finally:
            server.close()
            await self._close()

    def lets_in(self, connection: Connection) -> bool:
        """Whether one more may come."""
        if self.is_closing or len(self._open) >= self.listening.connections:
            return False
        self._open.add(connection)
        return True

    def has_left(self, connection: Connection) -> bool:
        """Note that a connection is closed; False when it never was let in."""
        was_in = connection in self._open
        self._open.discard(connection)
        if not self._open:
            self._empty.set()
        return was_in

    async def _close(self) -> None:
        self.is_closing = True
        for connection in [one for one in self._open if not one.is_busy]:
            connection.leave()
        if self._open:
            self._empty.clear()
            await asyncio.wait([asyncio.create_task(self._empty.wait())], timeout=FINISH_WITHIN)
        for connection in list(self._open):
            connection.leave()


def _gravest(reply: str) -> Any:
    """SMTP has one reply for all: what must come again first, then what never can, then what was taken."""
    return "452".index(reply[0])
