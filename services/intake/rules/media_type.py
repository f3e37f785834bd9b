"""What a file is: told by its first bytes, not by its name or by who sent it."""

import puremagic

UNKNOWN = "application/octet-stream"
SURE = 0.3
"""Two letters that happen to begin a text (BM, MZ, PK) are less sure than this, or have no media type."""


def sniffed(head: bytes) -> str:
    """The media type that the first bytes tell; text without a sign of its own is `text/plain`."""
    try:
        candidates = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        candidates = []
    told = [one.mime_type for one in candidates if one.mime_type and one.confidence >= SURE]
    return told[0] if told else _text_or_unknown(head)


def _text_or_unknown(head: bytes) -> str:
    try:
        head.decode()
    except UnicodeDecodeError as wrong:
        if wrong.end < len(head):  # a character that is cut off at the end is no fault
            return UNKNOWN
    return UNKNOWN if b"\0" in head or not head else "text/plain"
