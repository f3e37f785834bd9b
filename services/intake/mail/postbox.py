"""Takes mails in: each becomes one contact of each municipality that it is for, and is answered for afterwards."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from pydantic import BaseModel

from services.intake.attachments import Arriving, discard, take
from services.intake.mail.arrival import MailIds, arrival_of, named_contact
from services.intake.mail.message import Mail, read
from services.intake.mail.parts import File
from services.intake.model.attachment import Attachment
from services.intake.model.contact import Contact
from services.intake.model.mail import ReceivedMail
from services.intake.registration import Registers, register
from services.intake.store.contacts import Contacts
from services.intake.store.mails import Mails
from shared.contracts.refusal import Refused
from shared.platform.desk import Desk
from shared.platform.errors import LostRace, Outdated, TryAgain
from shared.platform.metrics import Metrics

PIECE = 64 * 1024
TAKEN = "250 2.0.0 Taken"
LATER = "451 4.3.0 Not now, try again"
NEVER = "554 5.6.0 This cannot be kept"

log = logging.getLogger("kommunkontakt.intake.mail")


class Registered(BaseModel):
    """The contact that a mail became, and the attachments that it has: others' of the same mail are not kept."""

    contact_id: str
    attachment_ids: list[str]


class Postbox:
    """The addresses that are ours, and what is done with what comes there."""

    def __init__(self, desk: Desk, addresses: Mapping[str, str], ids: MailIds, metrics: Metrics) -> None:
        self._desk, self._ids, self._metrics = desk, ids, metrics
        self._addresses = {address.lower(): municipality for address, municipality in addresses.items()}

    def municipality_of(self, address: str) -> str | None:
        """Whose an address is, also with `+anything` before its @; None when it is not ours."""
        local, _, domain = address.lower().rpartition("@")
        bare = f"{local.partition('+')[0]}@{domain}"
        return self._addresses.get(f"{local}@{domain}") or self._addresses.get(bare)

    async def take(self, content: bytes, sender: str, addresses: Sequence[str]) -> list[str]:
        """The reply for each address: 250 once it is committed, 4xx when it cannot be kept now, 5xx when never."""
        mail = await asyncio.to_thread(read, content, sender)
        if mail.automatic is not None:
            self.count(mail.automatic)
            log.info("a mail that no person wrote became no contact", extra={"reason": mail.automatic})
            return [TAKEN] * len(addresses)
        towns = [self.municipality_of(address) or "" for address in addresses]
        replies = {town: await self._reply(mail, town) for town in dict.fromkeys(towns)}
        return [replies[town] for town in towns]

    def count(self, outcome: str) -> None:
        """One more mail with this outcome."""
        self._metrics.mails.labels(outcome).inc()

    async def _reply(self, mail: Mail, municipality: str) -> str:
        try:
            contact_id, outcome = await self._register(mail, municipality)
        except (TryAgain, LostRace, Outdated) as away:
            self.count("later")
            log.warning("a mail was put off", extra={"reason": str(away)})
            return LATER
        except Refused as refused:
            self.count("never")
            log.error("a mail cannot be kept", extra={"reason": refused.code})
            return NEVER
        except Exception as error:  # a bug of ours: the mail server keeps the mail until it is mended
            self.count("later")
            log.error("a mail could not be taken in", extra={"reason": type(error).__name__})
            return LATER
        self.count(outcome)
        return f"{TAKEN} as {contact_id}"

    async def _register(self, mail: Mail, municipality: str) -> tuple[str, str]:
        mail_id = self._ids.of(municipality, mail.identity)
        before = await self._desk.ask(_having(mail_id))
        if before is not None:
            return before.contact_id, "repeated"
        attachments: list[Attachment] = []
        try:
            for file in mail.files:
                attachments.append(await take(_arriving(file, municipality), self._desk))
            registered = await self._take_down(mail, municipality, mail_id, attachments)
        except BaseException:
            with suppress(TryAgain):
                await discard([one.attachment_id for one in attachments], self._desk)
            raise
        left = [one.attachment_id for one in attachments if one.attachment_id not in registered.attachment_ids]
        await self._let_go(left)
        return registered.contact_id, "repeated" if left else "registered"

    async def _let_go(self, left: Sequence[str]) -> None:
        """Somebody else has taken the same mail in: what we brought for it is not needed."""
        with suppress(TryAgain, LostRace):  # a day later it goes by itself
            await discard(left, self._desk)

    async def _take_down(
        self, mail: Mail, municipality: str, mail_id: str, attachments: Sequence[Attachment]
    ) -> Registered:
        async def take_down(registers: Registers, mails: Mails, at: datetime) -> Registered:
            before = await mails.get(mail_id)
            if before is not None:
                return _as_it_became(before, await registers.contacts.get(before.contact_id))
            answers = await self._answered(mail, municipality, registers.contacts, mails)
            arrival = arrival_of(mail, municipality, mail_id, attachments, answers, at)
            contact = await register(arrival, registers, at)
            mails.save(ReceivedMail(municipality, mail_id, contact.contact_id))
            return _as_it_became(None, contact)

        return await self._desk.do(take_down, turn=municipality)

    async def _answered(self, mail: Mail, municipality: str, contacts: Contacts, mails: Mails) -> Contact | None:
        """The contact that the mail answers: by its thread, by what our own mail in the thread named, or by number."""
        before = await mails.first_of(self._ids.answered_by(mail, municipality))
        contact_id = before.contact_id if before else named_contact(mail, municipality)
        found = await contacts.get(contact_id) if contact_id else None
        return found or (await contacts.numbered(municipality, mail.number) if mail.number else None)


def _having(mail_id: str) -> Callable[[Mails], Awaitable[ReceivedMail | None]]:
    async def has(mails: Mails) -> ReceivedMail | None:
        return await mails.get(mail_id)

    return has


def _as_it_became(before: ReceivedMail | None, contact: Contact | None) -> Registered:
    contact_id = before.contact_id if before else contact.contact_id if contact else ""
    kept = contact.attachments if contact and contact.attachments else ()
    return Registered(contact_id=contact_id, attachment_ids=[one.attachment_id for one in kept])


def _arriving(file: File, municipality: str) -> Arriving:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(file.content), PIECE):
            yield file.content[start : start + PIECE]

    return Arriving(municipality, file.name, file.declared_type, pieces())
