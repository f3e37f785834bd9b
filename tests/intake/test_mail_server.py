"""Mail comes in over a real socket: 250 after the commit, once, and nothing that a stranger sends stops the service."""

import asyncio
import smtplib
import socket
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.app import mail_listener
from services.intake.attachments import plain_pieces
from services.intake.mail.server import MailListener
from services.intake.store.contacts import Contacts
from shared.platform.errors import WrongSetting
from shared.platform.files import FILES, Files
from shared.platform.hearing import Hearing
from tests.intake.settled import Intake
from tests.intake.settled import settings as intake_settings
from tests.intake.test_attachments import time_passes
from tests.waiting import until

OURS, OTHER, NOBODY = "kontakt@kommun.example", "kontakt@annan.example", "nobody@kommun.example"
TOWNS = {OURS: "1460", OTHER: "1438"}
ANNA = "anna@glas.example"
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 2_000
CLIENTS = ThreadPoolExecutor(8)
LARGEST = 2 * 1024 * 1024
TO_DATA = b"EHLO r\r\nMAIL FROM:<a@b.se>\r\nRCPT TO:<kontakt@kommun.example>\r\nDATA\r\n"


def letter(number: int = 1, subject: str = "Uteservering", **headers: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"Anna Glas <{ANNA}>", OURS, subject
    mail["Message-ID"] = f"<{number}@glas.example>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content("Vi vill öppna en uteservering.")
    return mail


def with_file(number: int = 1) -> EmailMessage:
    mail = letter(number)
    mail.add_attachment(PDF, "application", "pdf", filename="planlösning.pdf")
    return mail


@asynccontextmanager
async def listening(intake: Intake, protocol: str = "smtp", **told: Any) -> AsyncIterator[MailListener]:
    """The listener on the fake database and a free port, until the end of the block."""
    async with listening_on(intake.hearing, protocol, **told) as listener:
        yield listener


@asynccontextmanager
async def listening_on(hearing: Hearing, protocol: str = "smtp", **told: Any) -> AsyncIterator[MailListener]:
    """The same on any database."""
    usual = {"mail_host": "127.0.0.1", "mail_port": 1, "mail_to": TOWNS, "mail_bytes": LARGEST, "mail_timeout": 20}
    listener = mail_listener(intake_settings(**{**usual, "mail_protocol": protocol, **told}), hearing, port=0)
    running = asyncio.create_task(listener.run())
    try:
        await until("it listens", lambda: _is(listener.port > 0))
        yield listener
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _is(done: bool) -> bool:
    return done


async def send(listener: MailListener, mail: EmailMessage | bytes, to: tuple[str, ...] = (OURS,)) -> tuple[int, str]:
    """Hand one mail over by SMTP; the reply to its end."""

    def hand_over() -> tuple[int, str]:
        with smtplib.SMTP("127.0.0.1", listener.port, timeout=20) as client:
            client.ehlo()
            content = mail if isinstance(mail, bytes) else bytes(mail)
            client.mail(ANNA, [f"SIZE={len(content)}"])
            for address in to:
                client.rcpt(address)
            code, said = client.data(content)
            return code, said.decode()

    try:
        return await asyncio.get_running_loop().run_in_executor(CLIENTS, hand_over)
    except smtplib.SMTPDataError as refused:
        told = refused.smtp_error
        return refused.smtp_code, told.decode() if isinstance(told, bytes) else told


async def talk(listener: MailListener, *said: bytes) -> bytes:
    """Say these bytes on a connection, and hear all that comes until it is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    try:
        for one in said:
            writer.write(one)
            await writer.drain()
        writer.write(b"QUIT\r\n")
        async with asyncio.timeout(20):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def contacts(intake: Intake) -> list[Any]:
    """All contacts, opened."""

    async def newest(kept: Contacts) -> list[Any]:
        return await kept.newest("1460", None, 100) + await kept.newest("1438", None, 100)

    return await intake.desk.ask(newest)


def counted(intake: Intake) -> dict[str, float]:
    """How many mails of each outcome."""
    [metric] = [one for one in intake.hearing.metrics.registry.collect() if one.name == "kommunkontakt_mails"]
    return {one.labels["outcome"]: one.value for one in metric.samples if one.name.endswith("_total")}


async def test_a_mail_becomes_a_contact_and_the_same_again_changes_nothing(intake: Intake) -> None:
    async with listening(intake) as listener:
        replies = [await send(listener, letter()) for _ in range(3)]
    [contact] = await contacts(intake)
    assert replies == [(250, f"2.0.0 Taken as {contact.contact_id}")] * 3
    assert (contact.channel, contact.number, contact.registered_by) == ("e-mail", "K 2026/000001", "mail")
    assert contact.wish == "Uteservering\n\nVi vill öppna en uteservering."
    [party] = await intake.kept("parties")
    assert party["_id"] == contact.party_id
    assert counted(intake) == {"registered": 1, "repeated": 2}


async def test_its_files_are_kept_as_they_were_sent(intake: Intake) -> None:
    async with listening(intake) as listener:
        await send(listener, with_file())
    [contact] = await contacts(intake)
    [attachment] = contact.attachments
    assert (attachment.name, attachment.media_type) == ("planlösning.pdf", "application/pdf")
    pieces = plain_pieces(attachment, Files(intake.database, intake.clock))
    assert b"".join([piece async for piece in pieces]) == PDF


async def test_the_same_mail_from_eight_at_once_is_one_contact_with_one_file(intake: Intake) -> None:
    async with listening(intake) as listener:
        replies = await asyncio.gather(*[send(listener, with_file()) for _ in range(8)])
    [contact] = await contacts(intake)
    assert set(replies) == {(250, f"2.0.0 Taken as {contact.contact_id}")}
    await time_passes(intake, timedelta(0))
    assert [len(await intake.kept(name)) for name in (FILES.name, "uploads")] == [1, 0]


async def test_while_the_database_is_away_it_says_later_and_afterwards_it_is_taken(intake: Intake) -> None:
    async with listening(intake) as listener:
        intake.database.away = True
        assert (await send(listener, with_file()))[0] == 451
        intake.database.away = False
        assert (await send(listener, with_file()))[0] == 250
    assert len(await contacts(intake)) == 1
    assert counted(intake) == {"later": 1, "registered": 1}


async def test_before_the_epoch_is_known_it_says_later(intake: Intake) -> None:
    intake.hearing.epoch = None
    async with listening(intake) as listener:
        assert (await send(listener, letter()))[0] == 451


async def test_two_towns_get_a_contact_each_and_lmtp_answers_for_each_recipient(intake: Intake) -> None:
    async with listening(intake, "lmtp") as listener:
        said = await talk(
            listener,
            b"LHLO relay\r\nMAIL FROM:<anna@glas.example>\r\n",
            b"RCPT TO:<kontakt@kommun.example>\r\nRCPT TO:<nobody@kommun.example>\r\n",
            b"RCPT TO:<Kontakt+bygg@Kommun.example>\r\nRCPT TO:<kontakt@annan.example>\r\nDATA\r\n",
            bytes(letter()).replace(b"\n", b"\r\n") + b"\r\n.\r\n",
        )
    here, there = await contacts(intake)
    assert (here.municipality, there.municipality) == ("1460", "1438")
    replies = said.partition(b"354 ")[2].split(b"\r\n")[1:4]
    taken = [f"250 2.0.0 Taken as {one}".encode() for one in (here.contact_id, here.contact_id, there.contact_id)]
    assert replies == taken
    assert said.count(b"550 5.1.1") == 1


async def test_lmtp_is_greeted_as_lmtp_and_smtp_as_smtp(intake: Intake) -> None:
    async with listening(intake, "lmtp") as listener:
        assert b"500" in await talk(listener, b"EHLO relay\r\n")
    async with listening(intake, "smtp") as listener:
        assert b"500" in await talk(listener, b"LHLO relay\r\n")


@pytest.mark.parametrize(
    ("mail", "outcome"),
    [
        (letter(Auto_Submitted="auto-replied"), "auto-reply"),
        (letter(List_Id="<news.example>"), "list"),
        (letter(Return_Path="<>"), "bounce"),
    ],
    ids=["auto-reply", "list", "bounce"],
)
async def test_what_no_person_wrote_is_taken_and_becomes_no_contact(
    intake: Intake, mail: EmailMessage, outcome: str
) -> None:
    async with listening(intake) as listener:
        assert await send(listener, mail) == (250, "2.0.0 Taken")
    assert (await contacts(intake), counted(intake)) == ([], {outcome: 1})


async def test_a_mail_from_nobody_is_a_bounce(intake: Intake) -> None:
    async with listening(intake) as listener:
        await talk(
            listener,
            b"EHLO relay\r\nMAIL FROM:<>\r\nRCPT TO:<kontakt@kommun.example>\r\nDATA\r\n",
            b"Subject: Undelivered\r\n\r\nSorry.\r\n.\r\n",
        )
    assert (await contacts(intake), counted(intake)) == ([], {"bounce": 1})


@pytest.mark.parametrize("by", ["references", "number", "our own mail"])
async def test_an_answer_finds_its_contact_and_is_shown_there(intake: Intake, by: str) -> None:
    async with listening(intake) as listener:
        await send(listener, letter(1))
        [first] = await contacts(intake)
        answers = {
            "references": letter(2, "SV: Uteservering", References="<0@x.example> <1@glas.example>"),
            "number": letter(2, f"SV: ditt ärende {first.number}"),
            "our own mail": letter(2, "SV: Handläggare", References=f"<{first.contact_id}@k.example> <n@k.example>"),
        }
        assert (await send(listener, answers[by]))[0] == 250
    answer, first = await contacts(intake)
    assert (answer.in_reply_to, first.replies, answer.number) == (
        first.contact_id,
        (answer.contact_id,),
        "K 2026/000002",
    )
    [link] = answer.links
    assert (link.contact_id, link.case_type) == (first.contact_id, "ovrigt")
    assert [one.get("linked_types") for one in await intake.said("contact-registered")] == [None, ["ovrigt"]]


async def test_an_answer_to_an_answer_joins_the_matter_of_the_first(intake: Intake) -> None:
    async with listening(intake) as listener:
        await send(listener, letter(1))
        await send(listener, letter(2, In_Reply_To="<1@glas.example>"))
        await send(listener, letter(3, In_Reply_To="<2@glas.example>"))
    third, second, first = await contacts(intake)
    assert (third.in_reply_to, third.links[0].contact_id) == (second.contact_id, first.contact_id)


async def test_an_answer_to_what_another_town_got_is_no_answer_here(intake: Intake) -> None:
    async with listening(intake) as listener:
        await send(listener, letter(1), (OTHER,))
        await send(listener, letter(2, In_Reply_To="<1@glas.example>"))
    here, there = await contacts(intake)
    assert (here.in_reply_to, there.replies) == (None, ())


async def test_the_day_is_when_the_mail_server_got_it_however_long_it_tried(intake: Intake) -> None:
    received = "from x by relay.kommun.example; Mon, 23 Nov 2026 23:50:00 +0100"
    async with listening(intake) as listener:
        await send(listener, letter(1, Received=received))
        await send(listener, letter(2, Received=received.replace("Nov", "Jan")))
        await send(listener, letter(3, Received=received.replace("23 Nov", "25 Nov")))
    third, second, first = await contacts(intake)
    assert [str(one.arrived_on) for one in (first, second, third)] == ["2026-11-23", "2026-11-24", "2026-11-24"]


async def test_lines_of_any_length_dots_and_eight_bits_come_as_they_were_sent(intake: Intake) -> None:
    text = "\r\n".join([".", "..två punkter", "å" * 300_000, "", ". sist"])
    protected = "\r\n".join(f".{line}" if line.startswith(".") else line for line in text.split("\r\n"))
    head = "Message-ID: <d@x>\r\nContent-Type: application/x; name=rader.txt\r\n\r\n"
    async with listening(intake) as listener:
        said = await talk(
            listener,
            b"EHLO relay\r\nMAIL FROM:<anna@glas.example>\r\nRCPT TO:<kontakt@kommun.example>\r\nDATA\r\n",
            f"{head}{protected}\r\n.\r\n".encode(),
        )
    assert b"250 2.0.0" in said
    [contact] = await contacts(intake)
    pieces = plain_pieces(contact.attachments[0], Files(intake.database, intake.clock))
    assert b"".join([piece async for piece in pieces]).decode() == f"{text}\r\n"


async def test_what_is_too_large_is_refused_for_good_and_what_grew_for_now(intake: Intake) -> None:
    large = bytes(letter()) + b"x" * LARGEST
    async with listening(intake) as listener:
        assert b"552" in await talk(listener, b"EHLO r\r\nMAIL FROM:<a@b.se> SIZE=%d\r\n" % (LARGEST + 1))
        for announced, code in ((b"", b"552 5.3.4"), (b" SIZE=10", b"452 4.3.1")):
            said = await talk(
                listener,
                b"EHLO r\r\nMAIL FROM:<a@b.se>" + announced + b"\r\nRCPT TO:<kontakt@kommun.example>\r\nDATA\r\n",
                large + b"\r\n.\r\n",
            )
            assert code in said
    assert await contacts(intake) == []


async def test_many_large_ones_at_once_wait_for_room(intake: Intake) -> None:
    async with listening(intake) as listener:
        big = [bytes(letter(number)) + b"\r\nord " * 200_000 for number in range(5)]
        assert {code for code, _ in await asyncio.gather(*[send(listener, one) for one in big])} == {250}
    assert len(await contacts(intake)) == 5


async def test_one_who_breaks_off_leaves_nothing(intake: Intake) -> None:
    async with listening(intake) as listener:
        _, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(
            b"EHLO r\r\nMAIL FROM:<a@b.se>\r\nRCPT TO:<kontakt@kommun.example>\r\nDATA\r\nSubject: x\r\n\r\nhalf"
        )
        await writer.drain()
        writer.close()
        assert (await send(listener, letter()))[0] == 250
    assert [one.wish for one in await contacts(intake)] == ["Uteservering\n\nVi vill öppna en uteservering."]


async def test_one_too_many_is_sent_away_and_comes_in_when_another_has_left(intake: Intake) -> None:
    async with listening(intake, mail_connections=1) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        assert (await reader.readline()).startswith(b"220")
        assert (await talk(listener)).startswith(b"421 4.3.2")
        writer.close()
        await writer.wait_closed()
        await until("there is room again", lambda: _taken_by(listener))


async def _taken_by(listener: MailListener) -> bool:
    return (await talk(listener)).startswith(b"220")


async def test_one_that_says_nothing_is_closed(intake: Intake) -> None:
    async with listening(intake, mail_timeout=1) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        async with asyncio.timeout(20):
            assert (await reader.read()).startswith(b"220")
        writer.close()


async def test_when_it_stops_the_idle_hear_so_and_what_is_under_way_is_finished(intake: Intake) -> None:
    async with listening(intake) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        await reader.readline()
        busy_reader, busy = await asyncio.open_connection("127.0.0.1", listener.port)
        busy.write(TO_DATA)
        await busy_reader.readuntil(b"354")
        asyncio.get_running_loop().call_later(0.2, busy.write, bytes(letter()).replace(b"\n", b"\r\n") + b"\r\n.\r\n")
    assert (await reader.read()).startswith(b"421 4.3.2")
    told = await busy_reader.read()
    assert b"250 2.0.0" in told
    assert told.endswith(b"421 4.3.2 Closing, try again\r\n")
    assert len(await contacts(intake)) == 1
    for one in (writer, busy):
        one.close()


COMMANDS = [
    *(b"EHLO x", b"HELO", b"LHLO x", b"DATA", b"DATA x", b".", b"RSET", b"NOOP", b"VRFY x", b"HELP", b"STARTTLS", b""),
    *(b"MAIL FROM:<a@b.se>", b"MAIL FROM:<> SIZE=abc", b"MAIL FROM:<a@b.se> SIZE=99999999999", b"BDAT 5 LAST"),
    *(b"RCPT TO:<kontakt@kommun.example>", b"RCPT TO:<\xff\xfe@x>", b"RCPT TO:<" + b"a" * 2_000 + b"@x>"),
    *(b"AUTH PLAIN AGEAYg==", b"\x00\xff", b"Subject: x\n.\nRCPT", b"a" * 300_000),
]
LINES = st.lists(st.one_of(st.sampled_from(COMMANDS), st.binary(max_size=200)), max_size=12)


@given(LINES, st.sampled_from(["smtp", "lmtp"]))
@settings(max_examples=60)
async def test_no_line_stops_it(said: list[bytes], protocol: str) -> None:
    async with listening(Intake(), protocol, mail_timeout=5) as listener:
        with suppress(ConnectionError):
            await _abuse(listener, b"".join(line + b"\r\n" for line in said))
        greeting = b"LHLO" if protocol == "lmtp" else b"EHLO"
        ok = await talk(listener, greeting + TO_DATA.partition(b"DATA")[0][4:])
        assert b"250 2.1.5" in ok


async def _abuse(listener: MailListener, said: bytes) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    writer.write(said)
    await writer.drain()
    writer.close()
    await writer.wait_closed()


def test_a_port_that_is_taken_is_said_in_one_sentence(intake: Intake) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        listener = mail_listener(intake_settings(mail_port=port, mail_to=TOWNS), intake.hearing, port)
        with pytest.raises(WrongSetting, match=r"INTAKE_MAIL_PORT .* cannot be listened on"):
            asyncio.run(listener.run())
