"""The parts of a mail: which of them is its text, and which are files."""

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from services.intake.mail.words import clean, decoded, header_text, text_of_html, unflowed

FILE_NAMES = {"message/rfc822": "meddelande.eml", "text/calendar": "inbjudan.ics", "text/html": "meddelande.html"}


@dataclass(frozen=True, slots=True)
class File:
    """A file in a mail: what the sender calls it and its type, and its bytes."""

    name: str
    declared_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Body:
    """The text of a mail and its files."""

    text: str
    files: tuple[File, ...]


def body_of(message: Message) -> Body:
    """The text that a person wrote, out of HTML where there is nothing else; all else is a file."""
    texts, files = _sorted(message)
    if not any(texts):
        texts = [inner.text for inner in _forwarded(message)]
    return Body("\n\n".join(text for text in texts if text), tuple(files))


def _sorted(message: Message) -> tuple[list[str], list[File]]:
    """Texts and files in their order."""
    texts: list[str] = []
    files: list[File] = []
    for part in _leaves(message):
        if _is_text(part):
            texts.append(_text(part))
        else:
            files.append(_file(part))
    return texts, files


def _leaves(message: Message) -> list[Message]:
    """The parts that hold content; of alternatives the plain text, or the HTML when the plain says nothing."""
    if not message.is_multipart() or message.get_content_type() == "message/rfc822":
        return [message]
    parts = [part for part in message.get_payload() if isinstance(part, Message)]
    leaves = [leaf for part in parts for leaf in _leaves(part)]
    return _without_doubles(leaves) if message.get_content_type() == "multipart/alternative" else leaves


def _without_doubles(leaves: list[Message]) -> list[Message]:
    """What says the same in HTML goes; files that lie with it stay."""
    said_plainly = any(_kind(leaf) == "text/plain" and _is_text(leaf) and _text(leaf) for leaf in leaves)
    return [leaf for leaf in leaves if not (said_plainly and _is_text(leaf) and _kind(leaf) == "text/html")]


def _kind(part: Message) -> str:
    """The content type; what is called multipart and has no parts is text."""
    kind = part.get_content_type()
    return "text/plain" if kind.startswith("multipart/") else kind


def _is_text(part: Message) -> bool:
    is_file = part.get_content_disposition() == "attachment" or _name(part)
    return _kind(part) in ("text/plain", "text/html") and not is_file


def _text(part: Message) -> str:
    text = decoded(_content(part), part.get_content_charset())
    if part.get_content_type() == "text/html":
        return text_of_html(text)
    if _parameter(part, "format") == "flowed":
        text = unflowed(text, _parameter(part, "delsp") == "yes")
    return text.strip()


def _file(part: Message) -> File:
    kind = _kind(part)
    return File(_name(part) or FILE_NAMES.get(kind, ""), kind, _content(part))


def _content(part: Message) -> bytes:
    if part.is_multipart():  # a message within a message
        return b"\r\n".join(bytes(inner) for inner in part.get_payload() if isinstance(inner, Message))
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _name(part: Message) -> str:
    """What the sender calls a file, also where it is encoded as names should not be."""
    try:
        return header_text(part.get_filename("") or "")
    except (ValueError, LookupError, TypeError):
        return ""


def _parameter(part: Message, name: str) -> str:
    told = part.get_param(name, "")
    return clean(told).strip().lower() if isinstance(told, str) else ""


def _forwarded(message: Message) -> Iterator[Body]:
    """What was forwarded by somebody who added no word."""
    for part in _leaves(message):
        if part.get_content_type() == "message/rfc822" and part.is_multipart():
            yield from (body_of(inner) for inner in part.get_payload() if isinstance(inner, Message))
