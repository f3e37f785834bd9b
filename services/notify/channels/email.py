"""E-mail: a letter becomes a MIME message, handed over by SMTP on a kept connection."""

import asyncio
import re
from datetime import timedelta
from email.headerregistry import BaseHeader, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP

from services.notify.channels.smtp import Connection, MailServer
from services.notify.model import ChannelName, Letter, Outcome, Receipt
from shared.platform.clock import Clock

CONNECTIONS = 2
MOST_PER_CONNECTION = 500
OLDEST_CONNECTION = timedelta(seconds=60)
LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
UNUSABLE = Receipt(Outcome.NEVER, "the address cannot be used")


class Headers(HeaderRegistry):
    """Makes the class of a header once: the library makes one for each header of each mail, half of a mail's time."""

    def __init__(self) -> None:
        super().__init__()
        self._made: dict[str, type[BaseHeader]] = {}

    def __getitem__(self, name: str) -> type[BaseHeader]:
        """The class of the header of this name."""
        if name not in self._made:
            self._made[name] = super().__getitem__(name)
        return self._made[name]


POLICY = SMTP.clone(header_factory=Headers())


class EmailChannel:
    """Hands letters over to one mail server, as one sender."""

    name = ChannelName.E_MAIL
    at_once = CONNECTIONS

    def __init__(self, server_url: str, sender: str, wall: Clock) -> None:
        self._sender, self._wall = sender, wall
        self._server = MailServer(server_url, greets_as=sender.rpartition("@")[2])
        self._places = asyncio.Semaphore(CONNECTIONS)
        self._idle: list[Connection] = []

    async def send(self, letter: Letter) -> Receipt:
        """See `Channel`."""
        address = usable(letter.address)
        if address is None:
            return UNUSABLE
        content = mime(letter, address, self._sender)
        async with self._places:
            return await self._deliver(address, content)

    async def close(self) -> None:
        """See `Channel`."""
        while self._idle:
            await self._idle.pop().close()

    async def _deliver(self, address: str, content: bytes) -> Receipt:
        """Over a kept connection; when that was lost before the mail was on its way, over a new one."""
        kept = await self._kept()
        if kept is not None:
            receipt = await self._over(kept, address, content)
            if receipt.outcome is not Outcome.AWAY:
                return receipt
        return await self._over(Connection(self._server, self._wall.now()), address, content)

    async def _kept(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            age = self._wall.now() - connection.opened_at
            if age < OLDEST_CONNECTION and connection.carried < MOST_PER_CONNECTION:
                return connection
            await connection.close()
        return None

    async def _over(self, connection: Connection, address: str, content: bytes) -> Receipt:
        try:
            failed = await connection.open() if connection.carried == 0 else None
            receipt = failed or await connection.carry(self._sender, address, content)
        except BaseException:
            connection.drop()
            raise
        if connection.whole:
            self._idle.append(connection)
        return receipt


def usable(address: str) -> str | None:
    """The address as a mail server takes it (an international domain in its ASCII form), or None when it is none."""
    local, _, domain = address.strip().rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode()
    except UnicodeError:
        return None
    well_formed = len(local) <= 64 and LOCAL.fullmatch(local) and DOMAIN.fullmatch(ascii_domain)
    whole = f"{local}@{ascii_domain}"
    return whole if well_formed and len(whole) <= 254 else None


def mime(letter: Letter, address: str, sender: str) -> bytes:
    """The mail: the same bytes each time for the same letter, so that a resend can be recognised."""
    mail = EmailMessage(policy=POLICY)
    mail["From"] = sender
    mail["To"] = address
    mail["Subject"] = letter.subject
    mail["Date"] = letter.written_at
    mail["Message-ID"] = f"<{letter.message_id}@{sender.rpartition('@')[2]}>"
    if letter.contact_id is not None:  # so that the answer names it, and finds it at intake
        mail["References"] = f"<{letter.contact_id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Kommunkontakt-Message"] = letter.message_id
    mail.set_content(letter.body, charset="utf-8", cte="base64")
    return mail.as_bytes()
