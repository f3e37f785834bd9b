"""CloudEvents 1.0 over HTTP: a request in binary, structured or batch mode to the records that Kafka will get.

The rules are those of the codec for Kafka; what is HTTP's own is how the mode is told, the percent-encoding of headers,
and the batch. A pointer names a header as `/header/ce-id`, an attribute as `/id`, and in a batch as `/3/id`.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from json import JSONDecoder
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from shared.contracts.refusal import Invalid, Refused
from shared.platform.cloudevents import Envelope, decode
from shared.platform.cloudevents_reasons import Why, in_swedish
from shared.platform.cloudevents_rules import is_json, media_type, pointed
from shared.platform.errors import NotAnEvent
from shared.platform.web.errors import Several, WrongMedia

JSON, STRUCTURED, BATCH = "application/json", "application/cloudevents+json", "application/cloudevents-batch+json"
ACCEPTED = (JSON, STRUCTURED, BATCH)
MOST = 500
"""How many events a batch may hold."""

_WRONG_MEDIA = (
    f"Innehållet ska vara {JSON} med ce-huvuden, {STRUCTURED} eller {BATCH}, i UTF-8.",
    f"The content must be {JSON} with ce- headers, {STRUCTURED} or {BATCH}, in UTF-8.",
)
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(rb"\\(.)")
_BLANK = re.compile(r"[ \t\r\n]*")

Raw = Sequence[tuple[bytes, bytes]]
"""Headers as they came: names in small letters."""


class Posted(NamedTuple):
    """One event of a request: headers and value of its record, its envelope, and how to point at an attribute."""

    headers: list[tuple[str, bytes]]
    value: bytes
    envelope: Envelope
    pointer: Callable[[str], str]


def read(headers: Raw, body: bytes) -> list[Posted]:
    """The events of a request whose body, when it is JSON, was looked at before (`GuardedBody`).

    WrongMedia for what is none of the three modes; Several with all that keeps its events from being CloudEvents.
    """
    declared = next((raw.decode("latin-1") for name, raw in headers if name == b"content-type"), "")
    mode = _mode(declared, headers)
    if mode == JSON:
        return all_of([partial(_binary, headers, body)])
    return all_of(_structured(body, batch=mode == BATCH))


def all_of(readers: Sequence[Callable[[], Posted]]) -> list[Posted]:
    """All of them, or Several with what is wrong with each that cannot be had."""
    found, wrong = [], []
    for reader in readers:
        try:
            found.append(reader())
        except Refused as refused:
            wrong.append(refused)
    if wrong:
        raise Several(wrong)
    return found


def refusal(error: NotAnEvent, where: str) -> Refused:
    """What a door says of what is no event, or none that may be published."""
    return Invalid("not-an-event", error.sv or in_swedish(error.reason), error.reason, where)


def _mode(declared: str, headers: Raw) -> str:
    """The spec tells modes by how the content type begins; what then is not JSON in UTF-8 we do not read."""
    if declared.strip().lower().startswith("application/cloudevents"):
        mode = media_type(declared)
        if mode in (STRUCTURED, BATCH):
            return mode
    elif is_json(declared) or (not declared and any(name.startswith(b"ce-") for name, _ in headers)):
        return JSON
    raise WrongMedia(_WRONG_MEDIA, ACCEPTED)


def _binary(headers: Raw, body: bytes) -> Posted:
    told = [(f"ce_{name[3:].decode('latin-1')}", _unescaped(raw)) for name, raw in headers if name.startswith(b"ce-")]
    told += [("content-type", raw) for name, raw in headers if name == b"content-type"]
    if any(name == "ce_datacontenttype" for name, _ in told):
        raise refusal(NotAnEvent(Why.CONTENT_TYPE.en), "/header/ce-datacontenttype")
    return _read(told, body, "/header/ce-", _in_http)


def _in_http(where: str) -> str:
    """A header's place as HTTP names it, from its place in a record."""
    return where.replace("/headers/ce_", "/header/ce-").replace("/headers/", "/header/")


def _unescaped(raw: bytes) -> bytes:
    """A header's value without its double quotes, as older encoders set them, and percent-decoded once."""
    quoted = _QUOTED.fullmatch(raw.strip())
    return unquote_to_bytes(_ESCAPED.sub(rb"\1", quoted[1]) if quoted else raw)


def _structured(body: bytes, *, batch: bool) -> list[Callable[[], Posted]]:
    if not batch:
        return [partial(_element, body, "")]
    return [partial(_element, text.encode(), f"/{nth}") for nth, text in enumerate(_elements(body))]


def _element(value: bytes, at: str) -> Posted:
    return _read([("content-type", STRUCTURED.encode())], value, f"{at}/", lambda where: at + where)


def _read(headers: list[tuple[str, bytes]], value: bytes, at: str, where: Callable[[str], str]) -> Posted:
    try:
        envelope, _ = decode(headers, value)
    except NotAnEvent as error:
        raise refusal(error, where(error.where)) from None
    return Posted(headers, value, envelope, lambda name: at + pointed(name))


def _elements(body: bytes) -> list[str]:
    try:
        return _sliced(body.decode())
    except (ValueError, RecursionError):
        raise _no_batch(Why.NOT_JSON) from None


def _sliced(text: str) -> list[str]:
    """The members of a JSON array, each as its publisher wrote it."""
    at, decoder, found = _next(text, 0), JSONDecoder(), list[str]()
    if text[at : at + 1] != "[":
        raise _no_batch(Why.NOT_LIST)
    at = _next(text, at + 1)
    while text[at : at + 1] != "]":
        if len(found) == MOST:
            raise _no_batch(Why.TOO_MANY, f"/{MOST}")
        _, end = decoder.raw_decode(text, at)
        found.append(text[at:end])
        at = _next(text, end)
        if text[at : at + 1] == ",":
            at = _next(text, at + 1)
    return found


def _no_batch(why: Why, where: str = "") -> Several:
    return Several([refusal(NotAnEvent(why.en), where)])


def _next(text: str, at: int) -> int:
    """Where the next thing stands that is not blank."""
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at
