"""What a browser sends from a form, part by part as it comes: no file is ever held whole, in memory or on disk."""

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from shared.contracts.refusal import Refused
from shared.platform.web import wording
from shared.platform.web.body import too_large
from shared.platform.web.errors import WrongMedia

URL_ENCODED, MULTIPART = b"application/x-www-form-urlencoded", b"multipart/form-data"
MOST_PARTS = 100
LARGEST_URL_ENCODED = 1_000_000


class BrokenForm(Refused):
    """The body is no form that we can read."""

    status = 400


@dataclass(slots=True)
class Part:
    """One field or file of a form; `pieces` can be read once, before the next part is asked for."""

    name: str
    file_name: str | None
    media_type: str
    pieces: AsyncIterator[bytes]

    async def text(self, longest: int) -> str | None:
        """The field's text, as browsers mean it: lines end with a mere newline. None when it has too many bytes."""
        read = bytearray()
        async for piece in self.pieces:
            if len(read) <= longest:
                read += piece
        return None if len(read) > longest else _text(bytes(read)).replace("\r\n", "\n")


def parts_of(request: Request) -> AsyncGenerator[Part, None]:
    """The parts of a form in their order. BrokenForm as soon as it cannot be read, WrongMedia when it is none."""
    media_type, options = parse_options_header(request.headers.get("content-type", ""))
    if media_type == URL_ENCODED:
        return _url_encoded(request)
    if media_type != MULTIPART or not options.get(b"boundary"):
        raise WrongMedia(wording.NO_FORM.both(), (URL_ENCODED.decode(), MULTIPART.decode()))
    return _counted(_Multipart(options[b"boundary"], _chunks(request)).parts())


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect:
        raise _broken() from None


async def _counted(parts: AsyncIterator[Part]) -> AsyncGenerator[Part, None]:
    count = 0
    async for part in parts:
        count += 1
        if count > MOST_PARTS:
            raise _broken()
        yield part


async def _url_encoded(request: Request) -> AsyncGenerator[Part, None]:
    body = bytearray()
    async for chunk in _chunks(request):
        body += chunk
        if len(body) > LARGEST_URL_ENCODED:
            raise too_large(LARGEST_URL_ENCODED)
    try:
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_PARTS)
    except ValueError:
        raise _broken() from None
    for name, value in fields:
        yield Part(name, None, "text/plain", _once(value.encode()))


async def _once(piece: bytes) -> AsyncIterator[bytes]:
    yield piece


@dataclass(slots=True)
class _Headers:
    """The headers of one part, as they are read."""

    name: bytes = b""
    value: bytes = b""
    read: dict[bytes, bytes] = field(default_factory=dict)

    def end(self) -> None:
        """One header is complete."""
        self.read[self.name.lower()] = self.value
        self.name = self.value = b""


class _Multipart:
    """Turns what the parser calls back into parts that are asked for one after the other."""

    def __init__(self, boundary: bytes, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self._headers = _Headers()
        self._ready: deque[_Headers | bytes | None] = deque()
        """What was read and not yet asked for: the begin of a part, a piece of it, its end."""
        self._ended = False
        self._parser = _parser(boundary, self)

    async def parts(self) -> AsyncIterator[Part]:
        """The parts; what was not read of one is passed by when the next is asked for."""
        while (begin := await self._next_begin()) is not None:
            yield _part(begin, self._pieces())
        if not self._ended:
            raise _broken()

    async def _next_begin(self) -> _Headers | None:
        while await self._fill():
            item = self._ready.popleft()
            if isinstance(item, _Headers):
                return item
        return None

    async def _pieces(self) -> AsyncIterator[bytes]:
        while await self._fill():
            if isinstance(self._ready[0], _Headers):
                return
            item = self._ready.popleft()
            if item is None:
                return
            assert isinstance(item, bytes)  # noqa: S101 - the two other kinds have just been seen to
            yield item
        raise _broken()

    async def _fill(self) -> bool:
        """Whether something is ready, after reading on as far as that takes."""
        while not self._ready:
            chunk = await anext(self._chunks, None)
            if chunk is None:
                return False
            try:
                self._parser.write(chunk)
            except FormParserError:
                raise _broken() from None
        return True

    def begin(self) -> None:
        """A part begins."""
        self._headers = _Headers()

    def header_name(self, data: bytes, start: int, end: int) -> None:
        """More of a header's name."""
        self._headers.name += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        """More of a header's value."""
        self._headers.value += data[start:end]

    def header_end(self) -> None:
        """A header is complete."""
        self._headers.end()

    def headers_end(self) -> None:
        """All headers of a part are complete."""
        self._ready.append(self._headers)

    def piece(self, data: bytes, start: int, end: int) -> None:
        """More of a part."""
        self._ready.append(data[start:end])

    def part_end(self) -> None:
        """A part is complete."""
        self._ready.append(None)

    def end(self) -> None:
        """The form is complete."""
        self._ended = True


def _parser(boundary: bytes, told: _Multipart) -> MultipartParser:
    try:
        return MultipartParser(
            boundary,
            {
                "on_part_begin": told.begin,
                "on_header_field": told.header_name,
                "on_header_value": told.header_value,
                "on_header_end": told.header_end,
                "on_headers_finished": told.headers_end,
                "on_part_data": told.piece,
                "on_part_end": told.part_end,
                "on_end": told.end,
            },
        )
    except FormParserError:
        raise _broken() from None


def _part(headers: _Headers, pieces: AsyncIterator[bytes]) -> Part:
    _, options = parse_options_header(headers.read.get(b"content-disposition", b""))
    if b"name" not in options:
        raise _broken()
    file_name = _text(options[b"filename"]) if b"filename" in options else None
    media_type, _ = parse_options_header(headers.read.get(b"content-type", b"text/plain"))
    return Part(_text(options[b"name"]), file_name, media_type.decode("latin-1"), pieces)


def _text(read: bytes) -> str:
    try:
        return read.decode()
    except UnicodeDecodeError:
        raise _broken() from None


def _broken() -> BrokenForm:
    return BrokenForm("broken-form", *wording.BROKEN_FORM.both())
