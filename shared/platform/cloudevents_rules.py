"""What CloudEvents asks of each attribute, and what we ask of our own extensions."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import NoReturn

from shared.platform.cloudevents_reasons import Why
from shared.platform.errors import NotAnEvent

LONGEST = 2_048
GREATEST = 2**53
REQUIRED = ("specversion", "id", "source", "type")
CORE = frozenset((*REQUIRED, "subject", "time", "datacontenttype", "dataschema"))
OURS = frozenset(
    ("municipality", "sequence", "epoch", "partitionkey", "causationid", "correlationid", "traceparent"),
)

_NONCHARACTERS = "".join(chr(plane + end) for plane in range(0, 0x110000, 0x10000) for end in (0xFFFE, 0xFFFF))
_FORBIDDEN = re.compile(f"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{_NONCHARACTERS}]")
_NAME = re.compile(r"[a-z0-9]+")
_URI = re.compile(r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.+")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
_NUMBER = re.compile(r"[1-9][0-9]{0,15}")
_MUNICIPALITY = re.compile(r"[0-9]{4}")
_MEDIA_TYPE = re.compile(r"\s*([\w!#$&^.+-]+/[\w!#$&^.+-]+)\s*(?:;.*)?", re.ASCII | re.DOTALL)
_CHARSET = re.compile(r';\s*charset\s*=\s*"?([^\s;"]*)', re.IGNORECASE)


def refuse(why: Why, where: str = "") -> NoReturn:
    """Say that this is no event we can read."""
    raise NotAnEvent(why.en, where)


def pointed(name: str) -> str:
    """A member's name as JSON pointers write it, cut where nobody would read on."""
    return name[:100].replace("~", "~0").replace("/", "~1")


def checked(text: str, where: str) -> str:
    """The text, when it may be the value of any attribute."""
    if not text:
        refuse(Why.EMPTY, where)
    if _FORBIDDEN.search(text):
        refuse(Why.FORBIDDEN, where)
    if len(text.encode()) > LONGEST:
        refuse(Why.TOO_LONG, where)
    return text


def check_names(names: set[str], at: str) -> None:
    """Refuse attributes whose names CloudEvents does not allow; `at` is the pointer that a name is put behind."""
    for name in sorted(names):
        if name == "data" or not _NAME.fullmatch(name):
            refuse(Why.NAME, at + pointed(name))


def media_type(text: str) -> str:
    """The media type in lower case, "" when it is none or when its charset is not UTF-8."""
    match, charset = _MEDIA_TYPE.fullmatch(text), _CHARSET.search(text)
    if match is None or (charset and charset[1].lower() not in ("utf-8", "us-ascii")):
        return ""
    return match[1].lower()


def is_json(text: str) -> bool:
    """Whether a content type declares JSON in UTF-8."""
    return media_type(text).endswith(("/json", "+json"))


def moment(text: str) -> datetime:
    """The aware UTC datetime of an envelope's time; a leap second is read as the second before it."""
    if text[17:19] == "60":
        text = f"{text[:17]}59{text[19:]}"
    at = datetime.fromisoformat(text.upper())
    return at if at.tzinfo is UTC else at.astimezone(UTC)


def _is_moment(text: str) -> bool:
    if not _TIME.fullmatch(text):
        return False
    try:
        moment(text)
    except (ValueError, OverflowError):
        return False
    return True


@lru_cache(1_024)
def _is_reference(text: str) -> bool:
    return _URI.fullmatch(text) is not None


@lru_cache(1_024)
def _is_absolute(text: str) -> bool:
    return _ABSOLUTE.fullmatch(text) is not None and _is_reference(text)


@lru_cache(1_024)
def _is_municipality(text: str) -> bool:
    return _MUNICIPALITY.fullmatch(text) is not None


@lru_cache(1_024)
def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None and int(text) <= GREATEST


RULES: tuple[tuple[str, Callable[[str], bool], Why], ...] = (
    ("ce_specversion", "1.0".__eq__, Why.VERSION),
    ("ce_source", _is_reference, Why.SOURCE),
    ("ce_time", _is_moment, Why.TIME),
    ("ce_datacontenttype", is_json, Why.NOT_JSON_DATA),
    ("ce_dataschema", _is_absolute, Why.SCHEMA),
    ("ce_municipality", _is_municipality, Why.MUNICIPALITY),
    ("ce_sequence", _is_number, Why.NUMBER),
    ("ce_epoch", _is_number, Why.NUMBER),
)
"""What an attribute, here under its header's name, must be beyond text; any other may be any text."""
