"""The bytes of a request: not too many, and JSON that a database can keep."""

import email.message
import json
import math
import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

from shared.contracts.refusal import Invalid, Refused
from shared.platform.web import wording

LARGEST = 1_000_000
DEEPEST = 32
GUARDED = "kommunkontakt.body"
SMALLEST_WHOLE, LARGEST_WHOLE = -(2**63), 2**63 - 1
SURROGATE = re.compile("[\ud800-\udfff]")

# for members of bodies: neither "7" nor true nor 7.0 is one, and every database keeps it
WholeNumber = Annotated[int, Field(strict=True, ge=SMALLEST_WHOLE, le=LARGEST_WHOLE)]


class Unreadable(Refused):
    """The body is no JSON at all."""

    status = 400


class TooLarge(Refused):
    """The body has more bytes than we take."""

    status = 413


class _TooBig:
    """Stands where a number stood that no database keeps."""


class GuardedBody:
    """Wraps `receive`: counts the bytes as they come, and looks at JSON when it is complete.

    What it raises passes through the framework to the door's error handlers, so only doors that read a body look at
    it, and never more than LARGEST bytes are held.
    """

    def __init__(self, scope: Scope, receive: Receive, largest: int = LARGEST) -> None:
        headers = Headers(scope=scope)
        scope[GUARDED] = self
        self._receive, self._largest = receive, largest
        self._is_json = _is_json(headers.get("content-type", ""))
        self._declared = headers.get("content-length", "0")
        self._chunks: list[bytes] = []
        self._size = 0

    @staticmethod
    def of(scope: Scope) -> "GuardedBody":
        """The guard of this request."""
        guard: GuardedBody = scope[GUARDED]
        return guard

    def take_up_to(self, largest: int) -> None:
        """Let a door that reads its body in pieces take another number of bytes than most; said before it reads."""
        self._largest = largest

    async def __call__(self) -> Message:
        """The next message of the request, if it may come in."""
        if self._declared.isdecimal() and int(self._declared[:20]) > self._largest:
            raise too_large(self._largest)
        message = await self._receive()
        if message["type"] == "http.request":
            self._look_at(message.get("body", b""), message.get("more_body", False))
        return message

    def _look_at(self, chunk: bytes, more: bool) -> None:
        self._size += len(chunk)
        if self._size > self._largest:
            raise too_large(self._largest)
        if not self._is_json:
            return
        self._chunks.append(chunk)
        if not more and self._size:
            check_json(b"".join(self._chunks))


def too_large(largest: int) -> TooLarge:
    """The refusal of more bytes than this."""
    return TooLarge("too-large", *wording.TOO_LARGE.both({"limit": largest}))


def check_json(body: bytes) -> None:
    """Raise Unreadable for bytes that are no JSON in UTF-8, Invalid for JSON that no database could keep."""
    try:
        value = json.loads(body.decode(), parse_int=_whole, parse_float=_number, parse_constant=_no_constant)
    except RecursionError:
        raise _invalid("too-deep", wording.TOO_DEEP) from None
    except json.JSONDecodeError as wrong:
        raise _unreadable({"line": wrong.lineno, "column": wrong.colno}) from None
    except ValueError:
        raise _unreadable(None) from None
    _check_members(value)


def pointer(parts: tuple[str | int, ...]) -> str:
    """The JSON pointer (RFC 6901) of a place in the body."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _check_members(value: Any) -> None:
    left: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while left:
        where, inner = left.pop()
        if len(where) > DEEPEST:
            raise _invalid("too-deep", wording.TOO_DEEP)
        if isinstance(inner, _TooBig):
            raise _invalid("number-too-big", wording.NUMBER_TOO_BIG, where)
        if isinstance(inner, str):
            _check_text(inner, where)
        elif isinstance(inner, dict | list):
            left += _members(inner, where)


def _members(
    value: dict[str, Any] | list[Any], where: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, list):
        yield from (((*where, index), inner) for index, inner in enumerate(value))
        return
    for name, inner in value.items():
        _check_text(name, where)
        yield (*where, name), inner


def _check_text(text: str, where: tuple[str | int, ...]) -> None:
    if "\0" in text:
        raise _invalid("nul", wording.NUL, where)
    if not text.isascii() and SURROGATE.search(text):
        raise _invalid("half-a-character", wording.NO_UNICODE, where)


def _whole(digits: str) -> Any:
    small = len(digits) <= 20 and SMALLEST_WHOLE <= int(digits) <= LARGEST_WHOLE
    return int(digits) if small else _TooBig()


def _number(digits: str) -> Any:
    # a float without decimals counts as a whole number for pydantic, so the same bound holds
    number = float(digits)
    return number if math.isfinite(number) and -(2.0**63) <= number < 2.0**63 else _TooBig()


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _is_json(content_type: str) -> bool:
    # read exactly as the framework reads it, so that nothing it takes for JSON slips by
    message = email.message.Message()
    message["content-type"] = content_type
    subtype = message.get_content_subtype()
    return message.get_content_maintype() == "application" and (subtype == "json" or subtype.endswith("+json"))


def _unreadable(places: dict[str, int] | None) -> Unreadable:
    sv, en = (
        wording.MALFORMED.to(language) + (" " + wording.MALFORMED_AT.to(language, places) if places else "")
        for language in ("sv", "en")
    )
    return Unreadable("malformed-json", sv, en)


def _invalid(code: str, text: wording.Wording, where: tuple[str | int, ...] = ()) -> Invalid:
    return Invalid(code, text.sv, text.en, pointer(where))
