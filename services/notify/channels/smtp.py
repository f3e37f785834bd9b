"""One connection to a mail server: what each of its answers means to us."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote, urlsplit

import aiosmtplib
from aiosmtplib import SMTPException, SMTPResponseException

from services.notify.model import Outcome, Receipt

CONNECT_WITHIN = 15.0
ANSWER_WITHIN = 60.0
GOODBYE_WITHIN = 2.0
NOT_ABOUT_THE_LETTER = frozenset({421, 500, 502, 503, 504, 530, 534, 535, 538})
"""The server closes, or we do not speak as it wants (login, encryption, order): no recipient's fault."""
ENHANCED = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}(?![0-9.])")
TROUBLE = (SMTPException, OSError, TimeoutError, ValueError)


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over, from an address such as smtp://user:password@host:587 (smtps: encrypted at once)."""

    url: str
    greets_as: str

    def client(self) -> aiosmtplib.SMTP:
        """A fresh client, never connected before: to connect one again can hang."""
        parts = urlsplit(self.url)
        return aiosmtplib.SMTP(
            hostname=parts.hostname,
            port=parts.port,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            use_tls=parts.scheme == "smtps",
            local_hostname=self.greets_as,
            timeout=ANSWER_WITHIN,
        )


class Connection:
    """A connection in one task's hands. `whole` is False as soon as it should not be used again."""

    def __init__(self, server: MailServer, opened_at: datetime) -> None:
        self._smtp = server.client()
        self.opened_at = opened_at
        self.carried = 0
        self.whole = True

    async def open(self) -> Receipt | None:
        """Connect; a receipt when that failed."""
        try:
            await self._smtp.connect(timeout=CONNECT_WITHIN)
        except TROUBLE as error:
            return self._away(error)
        return None

    async def carry(self, sender: str, address: str, content: bytes) -> Receipt:
        """Hand one mail over."""
        self.carried += 1
        try:
            await self._smtp.mail(sender)
        except TROUBLE as error:
            return self._away(error)
        try:
            await self._smtp.rcpt(address)
        except TROUBLE as error:
            return await self._refused(error, Outcome.AWAY)
        try:
            taken = await self._smtp.data(content)
        except TROUBLE as error:
            return await self._refused(error, Outcome.UNKNOWN)
        return Receipt(Outcome.TAKEN, _short(taken.code, taken.message))

    async def close(self) -> None:
        """Say goodbye, if there is still somebody to say it to."""
        self.whole = False
        with suppress(*TROUBLE):
            await self._smtp.quit(timeout=GOODBYE_WITHIN)
        self.drop()

    def drop(self) -> None:
        """Close at once."""
        self.whole = False
        self._smtp.close()

    def _away(self, error: Exception) -> Receipt:
        self.drop()
        return Receipt(Outcome.AWAY, _told(error))

    async def _refused(self, error: Exception, when_silent: Outcome) -> Receipt:
        """The server's own word on this mail, or `when_silent` when it went away before it gave one."""
        code = error.code if isinstance(error, SMTPResponseException) else 0
        outcome = _meaning(code, when_silent)
        if outcome in (Outcome.AWAY, Outcome.UNKNOWN):
            self.drop()
        else:
            await self._start_over()
        return Receipt(outcome, _told(error))

    async def _start_over(self) -> None:
        try:
            await self._smtp.rset()
        except TROUBLE:
            self.drop()


def _meaning(code: int, when_silent: Outcome) -> Outcome:
    if code in NOT_ABOUT_THE_LETTER:
        return Outcome.AWAY
    if 400 <= code < 500:
        return Outcome.LATER
    return Outcome.NEVER if 500 <= code < 600 else when_silent


def _told(error: Exception) -> str:
    """An error in a few words that quote nobody: servers repeat addresses in their answers."""
    if isinstance(error, SMTPResponseException):
        return _short(error.code, error.message)
    return type(error).__name__


def _short(code: int, message: str) -> str:
    enhanced = ENHANCED.match(message)
    return f"{code} {enhanced[0]}" if enhanced else str(code)
