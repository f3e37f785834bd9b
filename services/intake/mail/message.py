"""A mail as it came becomes what it says: who, what about, the text, the files. Pure, and never at a loss."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from email.policy import Compat32
from email.utils import getaddresses, parsedate_to_datetime
from typing import Literal

from services.intake.mail.parts import Body, File, body_of
from services.intake.mail.words import clean, header_text

MOST_LINES, MOST_BOUNDARIES, DEEPEST = 600_000, 5_000, 50
"""More than any mail has; the parser's memory and time grow with them."""
HEAD_BYTES = 256 * 1024
MOST_FILES = 200
LONGEST_WISH = 20_000
MOST_REFERENCES = 50
LONGEST, LONGEST_MIME = 64_000, 4_000
NUMBER = re.compile(r"\bK[ _]?([0-9]{4})/([0-9]{6,7})\b")
MESSAGE_ID = re.compile(r"<[^<>\s]{1,990}>")
ADDRESS = re.compile(r"[^@\s<>\"]{1,64}@[^@\s<>\"]{1,255}")
PERSONAL_PRECEDENCE = frozenset({"", "normal", "first-class", "special-delivery", "urgent"})
UNREADABLE = "(Meddelandet kunde inte läsas; det ligger bifogat. The message could not be read; it is attached.)"
WORDLESS = "(Inget meddelande. No message.)"

Automatic = Literal["auto-reply", "bounce", "list"]
"""What no person wrote to us, and becomes no contact."""


class Shortened(Compat32):
    """Reads headers as the library always did, but not without end: some of its ways with them are quadratic."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """A header's name and its value, as far as it is looked at."""
        name, value = super().header_source_parse(sourcelines)
        return name, value[: LONGEST_MIME if name.lower().startswith("content-") else LONGEST]


HEADERS = Shortened()


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail says. `identity` is the same each time the same mail comes; `answers` are the identities of those
    before it in its thread, `number` the contact's that its subject names.
    """

    identity: str
    answers: tuple[str, ...]
    number: str | None
    automatic: Automatic | None
    subject: str
    name: str | None
    address: str | None
    text: str
    files: tuple[File, ...]
    relayed_at: datetime | None

    @property
    def wish(self) -> str:
        """Subject and text, as the reception reads them."""
        return _wish(self.subject, self.text)[:LONGEST_WISH] or WORDLESS


def read(content: bytes, sender: str) -> Mail:
    """Read a mail that `sender`, the envelope's, has sent; what cannot be read is attached as it came."""
    message, body = _taken_apart(content)
    headers = {name.lower(): value for name, value in reversed(list(message.raw_items()))}
    subject = header_text(headers.get("subject", ""))
    message_ids = MESSAGE_ID.findall(_one_line(headers.get("message-id", "")))
    name, address = _author(headers.get("from", ""), sender)
    return Mail(
        identity=message_ids[0] if message_ids else hashlib.sha256(content).hexdigest(),
        answers=_answers(headers),
        number=_number(subject),
        automatic=_automatic(message, headers, sender),
        subject=subject,
        name=name,
        address=address,
        text=body.text,
        files=(*body.files, *_rest(_wish(subject, body.text))),
        relayed_at=_relayed_at(headers.get("received", "")),
    )


def _wish(subject: str, text: str) -> str:
    return "\n\n".join(part for part in (subject, text) if part)


def _rest(wish: str) -> tuple[File, ...]:
    """A text that is too long for a wish is a file besides, whole."""
    return (File("meddelande.txt", "text/plain", wish.encode()),) if len(wish) > LONGEST_WISH else ()


def _taken_apart(content: bytes) -> tuple[Message, Body]:
    if _is_monstrous(content):
        return _head_of(content), _as_it_came(content)
    try:
        message = message_from_bytes(content, policy=HEADERS)
        body = body_of(message)
        return message, body if len(body.files) <= MOST_FILES else _as_it_came(content)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError, IndexError, AssertionError):
        # the parser is the library's, and the mail a stranger's: whatever it trips over, nothing is lost
        return _head_of(content), _as_it_came(content)


def _is_monstrous(content: bytes) -> bool:
    nested = content.count(b"ultipart/") + content.count(b"essage/rfc822")
    return content.count(b"\n") > MOST_LINES or content.count(b"\n--") > MOST_BOUNDARIES or nested > DEEPEST


def _head_of(content: bytes) -> Message:
    """The headers alone; of one that is monstrous also in its head, none."""
    head = re.split(rb"\r?\n\r?\n", content[:HEAD_BYTES], maxsplit=1)[0]
    return message_from_bytes(re.sub(rb"(?im)^content-type:", b"x-was-type:", head) + b"\n\n", policy=HEADERS)


def _as_it_came(content: bytes) -> Body:
    return Body(UNREADABLE, (File("meddelande.eml", "message/rfc822", content),))


def _author(told: str, envelope: str) -> tuple[str | None, str | None]:
    """Name and address out of From, or the envelope's address where From has none."""
    try:
        pairs = getaddresses([_one_line(told)])
    except (RecursionError, ValueError, IndexError):
        pairs = []
    address = next((address for _, address in pairs if ADDRESS.fullmatch(address)), None)
    name = next((header_text(name) for name, _ in pairs if name), "") or None
    elsewhere = ADDRESS.search(_one_line(told)) or ADDRESS.fullmatch(envelope)
    return (name[:300] if name else None), address or (elsewhere[0] if elsewhere else None)


def _answers(headers: dict[str, str]) -> tuple[str, ...]:
    """The mails before it, the nearest first."""
    before = MESSAGE_ID.findall(_one_line(headers.get("references", ""), 64_000))
    told = [*MESSAGE_ID.findall(_one_line(headers.get("in-reply-to", ""))), *reversed(before)]
    return tuple(dict.fromkeys(told))[:MOST_REFERENCES]


def _number(subject: str) -> str | None:
    found = NUMBER.search(subject)
    return f"K {found[1]}/{found[2]}" if found else None


def _automatic(message: Message, headers: dict[str, str], sender: str) -> Automatic | None:
    said = {name: _one_line(value).lower() for name, value in headers.items()}
    if not sender or said.get("return-path") == "<>" or message.get_content_type() == "multipart/report":
        return "bounce"
    if "list-id" in said or said.get("precedence", "") in ("list", "bulk"):
        return "list"
    submitted = said.get("auto-submitted", "no").partition(";")[0].strip() not in ("no", "")
    suppresses = said.get("x-auto-response-suppress", "none") not in ("none", "")
    impersonal = said.get("precedence", "") not in PERSONAL_PRECEDENCE
    return "auto-reply" if submitted or suppresses or impersonal else None


def _relayed_at(received: str) -> datetime | None:
    """When the mail server that hands it over got it: it wrote so first of all."""
    try:
        at = parsedate_to_datetime(_one_line(received).rpartition(";")[2])
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at.astimezone(UTC) if at.tzinfo else None


def _one_line(raw: str, longest: int = 4_000) -> str:
    return clean(" ".join(raw[:longest].split()))
