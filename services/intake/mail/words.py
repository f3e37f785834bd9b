"""Bytes of mails as text, whatever they claim to be."""

import codecs
import re
from email.errors import HeaderParseError
from email.header import decode_header

from html_text import extract_text

LONGEST_HEADER = 4_000
LARGEST_HTML = 1_000_000
ODD_CODECS = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7"})
"""What Python can decode, and no mail is written in."""
SINGLE_BYTE = re.compile(r"ascii|iso8859-|cp125|latin|mac-|koi8")
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ud800-\udfff]")
LONG_TAG = re.compile(r"<[^<>]{10000,}>")
"""A picture in an attribute, or thousands of attributes, which parsers compare each with each."""
TAG = re.compile(r"<[^<>]*>")
LINE = re.compile("\r\n?|\n")


def decoded(content: bytes, charset: str | None) -> str:
    """The text. What is UTF-8 is taken for it even when another charset of single bytes is claimed; what cannot be in
    its charset is taken for Windows-1252.
    """
    name = _codec(charset)
    if name is None or name == "utf-8" or SINGLE_BYTE.match(name):
        text = _as_utf8(content)
        if text is not None:
            return clean(text)
        name = None if name in (None, "utf-8", "ascii", "iso8859-1") else name
    try:
        return clean(content.decode(name or "cp1252", "replace"))
    except LookupError:  # rot13, zip: codecs that make no text
        return decoded(content, None)


def clean(text: str) -> str:
    """The text with its lines as ours, without what no document can keep and nobody can see."""
    return UNPRINTABLE.sub("", LINE.sub("\n", text))


def header_text(raw: str) -> str:
    """A header as people read it, in one line; what cannot be decoded stays as it is."""
    told = " ".join(raw[:LONGEST_HEADER].split())
    try:
        parts = decode_header(told)
    except (HeaderParseError, ValueError):
        parts = [(told, None)]
    texts = [part if isinstance(part, str) else decoded(part, charset) for part, charset in parts]
    return " ".join(_without_halves("".join(texts)).split())


def text_of_html(html: str) -> str:
    """The text that a reader would see; nothing is fetched."""
    shown = LONG_TAG.sub(" ", html[:LARGEST_HTML])
    try:
        text = extract_text(shown)
    except (ValueError, AssertionError):
        text = ""
    return clean(text).strip() or clean(TAG.sub(" ", shown)).strip()


def unflowed(text: str, delete_space: bool) -> str:
    """Paragraphs in one line each again (RFC 3676)."""
    lines: list[str] = []
    open_depth = -1
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        bare = line[depth:].removeprefix(" ")
        if open_depth == depth:
            lines[-1] += bare
        else:
            lines.append(f"{'>' * depth} {bare}" if depth else bare)
        flows = bare.endswith(" ") and bare != "-- "
        lines[-1] = lines[-1][:-1] if flows and delete_space else lines[-1]
        open_depth = depth if flows else -1
    return "\n".join(lines)


def _codec(charset: str | None) -> str | None:
    try:
        name = codecs.lookup((charset or "").strip(" \"'")).name
    except (LookupError, ValueError):
        return None
    return None if name.replace("_", "-") in ODD_CODECS else name


def _as_utf8(content: bytes) -> str | None:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _without_halves(text: str) -> str:
    """Bytes that stood in a header as they were; a parser keeps them as halves of characters."""
    if text.isascii():
        return clean(text)
    try:
        return decoded(text.encode("utf-8", "surrogateescape"), None)
    except UnicodeEncodeError:
        return clean(text)
