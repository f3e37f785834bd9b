"""How a letter becomes a mail, and what the answers of a mail server mean."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.header import decode_header, make_header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.channels.email import EmailChannel, mime, usable
from services.notify.model import Letter, Outcome, Receipt
from shared.platform.clock import FixedClock
from tests.notify.settled import AT

SENDER = "kommunkontakt@kommun.example"
HEADERS = ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Kommunkontakt-Message")
LETTER = Letter("1460-n-0123456789abcdef0123456789", "anna@company.example", "Ärende åäö", "Hej Åsa!\n.\nHej då\n", AT)


def decoded(raw: bytes) -> str:
    """The subject as another reader decodes it, who knows nothing of our writing."""
    subject = message_from_bytes(raw)["Subject"]
    return str(make_header(decode_header(re.sub(r"\r\n(?=[ \t])", "", subject)))).strip()


def test_a_mail_says_what_it_is_and_from_when() -> None:
    mail = message_from_bytes(mime(LETTER, LETTER.address, SENDER), policy=policy.default)
    assert mail["Message-ID"] == f"<{LETTER.message_id}@kommun.example>"
    assert mail["X-Kommunkontakt-Message"] == LETTER.message_id
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == AT
    assert (mail["From"], mail["To"], mail["Subject"]) == (SENDER, LETTER.address, LETTER.subject)
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().replace("\r\n", "\n") == LETTER.body


LINES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=300)


@given(subject=LINES, body=LINES)
def test_any_subject_and_body_are_read_as_they_were_written(subject: str, body: str) -> None:
    """The library's newer half reads what its older half wrote: one header more, and somebody else writes our mail."""
    raw = mime(replace(LETTER, subject=subject, body=body), LETTER.address, SENDER)
    mail = message_from_bytes(raw, policy=policy.default)
    assert sorted(mail.keys()) == sorted({*HEADERS, "Content-Type", "Content-Transfer-Encoding", "MIME-Version"})
    assert not mail.defects
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert decoded(raw) == " ".join(subject.splitlines()).strip()
    assert mail.get_content() == re.sub(r"\r\n|[\r\n]", "\r\n", body)


@pytest.mark.parametrize(
    "subject", ["Ja\r\nBcc: eva@company.example", "Ja\nBcc: eva@company.example", "=?utf-8?q?Hej?="]
)
def test_a_subject_is_only_a_subject(subject: str) -> None:
    mail = message_from_bytes(mime(replace(LETTER, subject=subject), LETTER.address, SENDER), policy=policy.default)
    assert "Bcc" not in mail
    assert mail["Subject"] == " ".join(subject.splitlines())


def test_the_same_letter_gives_the_same_bytes() -> None:
    assert mime(LETTER, LETTER.address, SENDER) == mime(LETTER, LETTER.address, SENDER)
    assert mime(LETTER, LETTER.address, SENDER).isascii()


def test_a_long_domain_leaves_the_message_id_whole() -> None:
    sender = f"kommunkontakt@{'mycket-' * 8}lang.exempelkommun.example"
    mail = message_from_bytes(mime(LETTER, LETTER.address, sender), policy=policy.default)
    assert mail["Message-ID"].strip() == f"<{LETTER.message_id}@{sender.partition('@')[2]}>"


@pytest.mark.parametrize(
    ("written", "used"),
    [
        (" anna@company.example ", "anna@company.example"),
        ("anna.b+c@åäö.example", "anna.b+c@xn--4cab6c.example"),
        ("anna", None),
        ("@company.example", None),
        ("anna@", None),
        ("anna@-company.example", None),
        ("anna@company..example", None),
        ("anna b@company.example", None),
        ("anna@company.example>\r\nRCPT TO:<eva@company.example", None),
        ("åsa@company.example", None),
        (f"{'a' * 65}@company.example", None),
        (f"a@{'b.' * 150}example", None),
    ],
)
def test_an_address_that_no_server_takes_is_told_from_others(written: str, used: str | None) -> None:
    assert usable(written) == used


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_is_not(text: str) -> None:
    address = usable(text + "@" + text)
    assert address is None or (address.isascii() and address.isprintable() and " " not in address)


class Server:
    """A mail server that answers as it is told: `answers` maps a command, or BODY, to its answer."""

    def __init__(self, **answers: str | None) -> None:
        self.answers: dict[str, str | None] = answers
        self.connections = 0
        self.mails: list[bytes] = []
        self.told: Callable[[str], object] = lambda command: None
        self.silent_at: str | None = None

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.told("HELLO")
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = self._answer("HELLO", "220 ready")
        while answer is not None:
            writer.write(answer.encode() + b"\r\n")
            command = (await reader.readuntil(b"\r\n")).decode()[:4].strip().upper()
            self.told(command)
            if command == self.silent_at:
                await reader.read()
                return
            answer = self._answer(command, "221 bye" if command == "QUIT" else "250 2.1.0 ok")
            if command == "DATA" and answer is not None and answer.startswith("250"):
                writer.write(b"354 go on\r\n")
                self.mails.append(await reader.readuntil(b"\r\n.\r\n"))
                answer = self._answer("BODY", "250 2.0.0 taken")

    def _answer(self, command: str, usual: str) -> str | None:
        return self.answers.get(command, usual)


@asynccontextmanager
async def channel_to(server: Server, clock: FixedClock | None = None) -> AsyncIterator[EmailChannel]:
    listening = await asyncio.start_server(server, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    channel = EmailChannel(f"smtp://127.0.0.1:{port}", SENDER, clock or FixedClock(AT))
    try:
        yield channel
    finally:
        await channel.close()
        listening.close()
        await listening.wait_closed()


async def test_letters_go_over_one_kept_connection() -> None:
    server = Server()
    async with channel_to(server) as channel:
        receipts = [await channel.send(LETTER) for _ in range(3)]
    assert receipts == [Receipt(Outcome.TAKEN, "250 2.0.0")] * 3
    assert server.connections == 1
    assert len(set(server.mails)) == 1


async def test_two_letters_at_once_use_two_connections_and_a_third_waits() -> None:
    server = Server()
    async with channel_to(server) as channel:
        await asyncio.gather(*(channel.send(LETTER) for _ in range(9)))
    assert (server.connections, len(server.mails)) == (2, 9)


async def test_a_connection_is_renewed_when_it_is_old_or_has_carried_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.notify.channels.email.MOST_PER_CONNECTION", 5)
    server, clock = Server(), FixedClock(AT)
    async with channel_to(server, clock) as channel:
        await channel.send(LETTER)
        clock.advance(timedelta(seconds=60))
        for _ in range(6):
            await channel.send(LETTER)
    assert server.connections == 3


@pytest.mark.parametrize(
    ("answers", "outcome", "answer"),
    [
        ({"RCPT": "450 4.2.1 anna@company.example greylisted"}, Outcome.LATER, "450 4.2.1"),
        ({"RCPT": "550 5.1.1 <anna@company.example> unknown"}, Outcome.NEVER, "550 5.1.1"),
        ({"RCPT": "530 5.7.0 log in first"}, Outcome.AWAY, "530 5.7.0"),
        ({"RCPT": "421 4.3.2 shutting down"}, Outcome.AWAY, "421 4.3.2"),
        ({"RCPT": None}, Outcome.AWAY, "SMTPServerDisconnected"),
        ({"RCPT": "299 odd"}, Outcome.AWAY, "299"),
        ({"BODY": "452 4.3.1 full"}, Outcome.LATER, "452 4.3.1"),
        ({"BODY": "554 5.7.1 spam"}, Outcome.NEVER, "554 5.7.1"),
        ({"BODY": None}, Outcome.UNKNOWN, "SMTPServerDisconnected"),
        ({"DATA": "451 later"}, Outcome.LATER, "451"),
        ({"MAIL": "550 5.7.1 not you"}, Outcome.AWAY, "550 5.7.1"),
        ({"MAIL": None}, Outcome.AWAY, "SMTPServerDisconnected"),
        ({"HELLO": "554 no"}, Outcome.AWAY, "554"),
        ({"HELLO": None}, Outcome.AWAY, "SMTPConnectError"),
    ],
)
async def test_each_answer_has_its_meaning(answers: dict[str, str | None], outcome: Outcome, answer: str) -> None:
    async with channel_to(Server(**answers)) as channel:
        receipt = await channel.send(LETTER)
    assert receipt.outcome is outcome
    assert receipt.answer == answer


async def test_after_a_refusal_the_connection_carries_the_next_letter() -> None:
    server = Server(RCPT="550 unknown")
    async with channel_to(server) as channel:
        await channel.send(LETTER)
        del server.answers["RCPT"]
        assert (await channel.send(LETTER)).outcome is Outcome.TAKEN
    assert server.connections == 1


async def test_a_server_that_will_not_start_over_gets_a_new_connection() -> None:
    server = Server(RCPT="550 unknown", RSET=None)
    async with channel_to(server) as channel:
        await channel.send(LETTER)
        del server.answers["RCPT"]
        assert (await channel.send(LETTER)).outcome is Outcome.TAKEN
    assert server.connections == 2


async def test_a_kept_connection_that_was_lost_meanwhile_is_replaced_at_once() -> None:
    server = Server()
    async with channel_to(server) as channel:
        await channel.send(LETTER)
        server.answers["MAIL"] = None
        server.told = lambda command: server.answers.pop("MAIL", None) if command == "HELLO" else None
        assert (await channel.send(LETTER)).outcome is Outcome.TAKEN
    assert (server.connections, len(server.mails)) == (2, 2)


async def test_no_server_at_all_is_away() -> None:
    async with channel_to(Server()) as channel:
        pass
    assert (await channel.send(LETTER)).outcome is Outcome.AWAY


async def test_an_address_that_cannot_be_used_is_refused_without_a_call() -> None:
    server = Server()
    async with channel_to(server) as channel:
        receipt = await channel.send(Letter("1460-n-1", "nobody", "s", "b", AT))
    assert receipt == Receipt(Outcome.NEVER, "the address cannot be used")
    assert server.connections == 0


async def test_a_letter_that_is_called_back_takes_its_connection_with_it() -> None:
    server, heard = Server(), asyncio.Event()
    server.silent_at = "RCPT"
    server.told = lambda command: heard.set() if command == "RCPT" else None
    async with channel_to(server) as channel:
        sending = asyncio.create_task(channel.send(LETTER))
        await heard.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        server.silent_at = None
        assert (await channel.send(LETTER)).outcome is Outcome.TAKEN
    assert server.connections == 2


def test_a_letter_about_a_contact_names_it_so_that_its_answer_does_too() -> None:
    about = replace(LETTER, contact_id="1460-c-261124-5f0c1c2e3b7e4b8e9d57")
    sent = message_from_bytes(mime(about, "anna@company.example", "kommunkontakt@kommun.example"))
    assert sent["References"] == "<1460-c-261124-5f0c1c2e3b7e4b8e9d57@kommun.example>"
    assert "References" not in message_from_bytes(mime(LETTER, "anna@company.example", "k@kommun.example"))
