"""Mails as they are in the world: what each says was written down before any of them was read."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.mail.message import LONGEST_WISH, MOST_FILES, UNREADABLE, WORDLESS, Mail, read
from services.intake.mail.words import decoded, text_of_html, unflowed

MAILS = Path(__file__).with_name("mails")
EXPECTED: dict[str, dict[str, Any]] = json.loads((MAILS / "expected.json").read_text(encoding="utf-8"))
SENDER = "envelope@sender.example"
HEAD = b"From: Anna <anna@glas.example>\r\nSubject: Hej\r\nMessage-ID: <m@glas.example>\r\n"


def shown(mail: Mail) -> dict[str, Any]:
    """A mail in the words that expectations are written in."""
    return {
        "name": mail.name,
        "address": mail.address,
        "subject": mail.subject,
        "text": mail.text,
        "automatic": mail.automatic,
        "number": mail.number,
        "answers": list(mail.answers),
        "identity": mail.identity,
        "identity_is_hash": len(mail.identity) == 64 and "@" not in mail.identity,
        "relayed_at": mail.relayed_at.isoformat() if mail.relayed_at else None,
    }


@pytest.mark.parametrize("name", EXPECTED)
def test_a_mail_says_what_was_expected(name: str) -> None:
    wanted = dict(EXPECTED[name])
    mail = read((MAILS / f"{name}.eml").read_bytes(), SENDER)
    files, part = wanted.pop("files", None), wanted.pop("text_holds", "")
    assert {key: shown(mail)[key] for key in wanted} == wanted
    assert part in mail.text
    if files is not None:
        sizes = [size for _, _, size in files]
        told = [[one.name, one.declared_type, len(one.content)] for one in mail.files]
        assert [[*one[:2], size and one[2]] for one, size in zip(told, sizes, strict=True)] == files


def test_every_mail_has_its_expectation() -> None:
    assert {file.stem for file in MAILS.glob("*.eml")} == set(EXPECTED)


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Type: text/plain" + b"; a=b" * 1_000_000,
        b"Content-Disposition: x; " + b"filename*0*=" * 300_000,
        b"From: " + b"((" * 500_000,
        b"From: " + b"<" * 500_000,
        b"Subject: " + b"=?utf-8?q?a?= " * 300_000,
        b"References: " + b"<a@b> " * 500_000,
        b"Received: " + b";" * 500_000,
    ],
    ids=lambda head: head[:12].decode(),
)
def test_a_header_without_end_is_read_in_time(head: bytes) -> None:
    mail = read(head + b"\r\n\r\nHej", SENDER)
    assert [mail.text.encode(), *(one.content for one in mail.files)][-1] == b"Hej"


def test_without_a_message_id_the_same_bytes_are_the_same_mail() -> None:
    assert read(b"\r\nHej", SENDER).identity == read(b"\r\nHej", SENDER).identity
    assert read(b"\r\nHej", SENDER).identity != read(b"\r\nHej!", SENDER).identity


def test_nobody_as_the_sender_is_a_bounce() -> None:
    assert read(HEAD + b"\r\nHej", "").automatic == "bounce"


def test_a_mail_without_a_word_still_says_something() -> None:
    assert read(b"", SENDER).wish == WORDLESS


def test_a_long_text_is_a_file_besides_and_nothing_of_it_is_lost() -> None:
    text = "å" * LONGEST_WISH
    mail = read(HEAD + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + text.encode(), SENDER)
    assert len(mail.wish) == LONGEST_WISH
    assert [one.content.decode() for one in mail.files] == [f"Hej\n\n{text}"]


@pytest.mark.parametrize(
    "body",
    [
        b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(60)),
        b"\r\n" + b"\n" * 700_000,
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\n\r\n" * 6_000,
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n"
        + b"--a\r\nContent-Type: image/png\r\n\r\nx\r\n" * (MOST_FILES + 1),
    ],
    ids=["deep", "lines", "boundaries", "files"],
)
def test_a_monstrous_mail_is_kept_as_it_came(body: bytes) -> None:
    mail = read(HEAD + body, SENDER)
    assert (mail.subject, mail.address, mail.text) == ("Hej", "anna@glas.example", UNREADABLE)
    assert [one.content for one in mail.files] == [HEAD + body]


@given(st.binary(max_size=2_000), st.sampled_from(sorted(EXPECTED)), st.integers(0, 4_000))
@settings(max_examples=150)
def test_whatever_bytes_come_they_are_read(noise: bytes, name: str, at: int) -> None:
    whole = (MAILS / f"{name}.eml").read_bytes()
    mail = read(whole[:at] + noise + whole[at + len(noise) :], SENDER)
    assert mail.wish.isprintable() or not set(mail.wish) & set("\0\r")
    json.dumps([mail.wish, mail.name, mail.address, [one.name for one in mail.files]], ensure_ascii=False).encode()


@pytest.mark.parametrize("charset", ["punycode", "idna", "unicode_escape", "undefined", "rot13", "", "\udce5"])
def test_a_charset_that_is_none_is_passed_over(charset: str) -> None:
    assert decoded("små".encode(), charset) == "små"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<div>" * 5_000 + "djupt" + "</div>" * 5_000, "djupt"),
        ("<p>hej<p " + " ".join(f"a{n}=1" for n in range(60_000)) + ">", "hej"),
        ("", ""),
        ("<!-- -->", ""),
        ("<p>1 &lt; 2</p><br><br><br><p>slut", "1 < 2\n\nslut"),
    ],
    ids=["deep", "attributes", "nothing", "comment", "broken"],
)
def test_html_becomes_text_whatever_it_is(html: str, text: str) -> None:
    assert text_of_html(html) == text


def test_spaces_that_flow_away_when_they_are_told_to() -> None:
    assert unflowed("ute \nservering \nhär", delete_space=True) == "uteserveringhär"
    assert unflowed("> a \n>> b \n>> c", delete_space=False) == "> a \n>> b c"


def test_the_moment_that_the_mail_server_noted_is_read() -> None:
    relayed = read(b"Received: from x by y; Tue, 24 Nov 2026 09:00:00 +0100\r\n" + HEAD, SENDER).relayed_at
    assert relayed == datetime.fromisoformat("2026-11-24T08:00:00+00:00")
    for nonsense in (b"x; sometime", b"", b"x; Tue, 24 Nov 99999 09:00:00", b"x; Tue, 24 Nov 2026 09:00:00"):
        assert read(b"Received: " + nonsense + b"\r\n" + HEAD, SENDER).relayed_at is None
