"""Taking attachments in and giving them out: bytes on their way between a door and the files that are kept."""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import BaseModel

from services.intake.model.attachment import Attachment, KeptOut, Upload
from services.intake.rules.file_names import plain_name, plain_type
from services.intake.rules.ids import NewId, made_id
from services.intake.rules.media_type import UNKNOWN, sniffed
from services.intake.store.uploads import Uploads
from shared.platform.clamd import Scan
from shared.platform.desk import Desk
from shared.platform.errors import TryAgain
from shared.platform.files import PIECE, Files
from shared.platform.secrets import PIECE_SEAL, PieceSeal

PLAIN = PIECE - PIECE_SEAL
WAITS_FOR_CONTACT = timedelta(days=1)


class Scanner(Protocol):
    """What looks for malicious content."""

    def scan(self) -> AbstractAsyncContextManager[Scan]:
        """The scan of one file."""
        ...


@dataclass(frozen=True, slots=True)
class Keeping:
    """How attachments are kept: at most `largest` bytes each, looked at by `scanner` if there is one."""

    largest: int
    scanner: Scanner | None
    new_key: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Arriving:
    """A file on its way in: what was said of it, and its bytes in pieces of any length."""

    municipality: str
    name: str
    declared_type: str
    pieces: AsyncIterable[bytes]


class Begun(BaseModel):
    """An upload has begun under this id."""

    upload_id: str


class _KeptOut(Exception):
    """The bytes are not to be kept."""

    def __init__(self, why: KeptOut, threat: str | None = None) -> None:
        super().__init__(why)
        self.why, self.threat = why, threat


async def take(arriving: Arriving, desk: Desk) -> Attachment:
    """Take a file in; the contact that it came with must be registered with it within a day, else its bytes go again.

    What is too large or infected is kept out, and the answer says why. TryAgain when database or scanner is away; then,
    and when the sender breaks off, nothing of it stays.
    """
    files, keeping = await desk.ask(_tools)
    begun = await desk.do(_beginning(arriving.municipality))
    passing = _Passing(arriving.pieces, keeping, begun.upload_id)
    try:
        async with aclosing(passing.sealed()) as sealed:
            await files.write(begun.upload_id, sealed)
        return passing.told(arriving, None)
    except BaseException as end:
        with suppress(TryAgain):  # a day later it goes by itself
            await discard([begun.upload_id], desk)
        if isinstance(end, _KeptOut):
            return passing.told(arriving, end)
        raise


async def discard(upload_ids: Iterable[str], desk: Desk) -> None:
    """No contact will have these: their bytes go within a moment."""
    ids = list(upload_ids)

    async def decide(uploads: Uploads, at: datetime) -> Begun:
        for upload in [await uploads.get(one) for one in ids]:
            if upload is not None:
                uploads.save(upload.let_go(at))
        return Begun(upload_id="")

    if ids:
        await desk.do(decide)


async def plain_pieces(attachment: Attachment, files: Files) -> AsyncIterator[bytes]:
    """The bytes of an attachment; MissingFile when they are not kept, BrokenSeal when they were tampered with."""
    seal, number = PieceSeal(b64decode(attachment.key), attachment.attachment_id), 0
    async for piece in files.read(attachment.attachment_id):
        yield seal.unseal(number, piece)
        number += 1


async def _tools(files: Files, keeping: Keeping) -> tuple[Files, Keeping]:
    return files, keeping


def _beginning(municipality: str) -> Callable[..., Awaitable[Begun]]:
    async def begin(uploads: Uploads, new: NewId, at: datetime) -> Begun:
        upload = Upload(municipality, made_id(municipality, "a", new.make()), at + WAITS_FOR_CONTACT)
        uploads.save(upload)
        return Begun(upload_id=upload.upload_id)

    return begin


class _Passing:
    """One file as it passes by: measured, looked at and sealed, a piece at a time."""

    def __init__(self, pieces: AsyncIterable[bytes], keeping: Keeping, upload_id: str) -> None:
        self._pieces, self._keeping, self._upload_id = pieces, keeping, upload_id
        self._key = keeping.new_key()
        self._sha256, self._size, self._type = hashlib.sha256(), 0, UNKNOWN

    async def sealed(self) -> AsyncGenerator[bytes, None]:
        """The pieces as they are kept; _KeptOut when they must not be."""
        seal, number = PieceSeal(self._key, self._upload_id), 0
        async with AsyncExitStack() as stack:
            scanner = self._keeping.scanner
            scan = None if scanner is None else await stack.enter_async_context(scanner.scan())
            async for plain in _of_length(self._pieces, PLAIN):
                self._measure(plain)
                if scan is not None:
                    await scan.see(plain)
                yield seal.seal(number, plain)
                number += 1
            if scan is not None and (threat := await scan.found()):
                raise _KeptOut("infected", threat)

    def _measure(self, plain: bytes) -> None:
        if not self._size:
            self._type = sniffed(plain)
        self._size += len(plain)
        self._sha256.update(plain)
        if self._size > self._keeping.largest:
            raise _KeptOut("too-large")

    def told(self, arriving: Arriving, kept_out: _KeptOut | None) -> Attachment:
        """What is now known of the file; of one that was kept out, what was seen of it."""
        return Attachment(
            attachment_id=self._upload_id,
            name=plain_name(arriving.name),
            declared_type=plain_type(arriving.declared_type),
            media_type=self._type,
            size=self._size,
            sha256=self._sha256.hexdigest(),
            key=b64encode(self._key).decode() if kept_out is None else "",
            scanned=self._keeping.scanner is not None,
            kept_out=kept_out.why if kept_out else None,
            threat=kept_out.threat if kept_out else None,
        )


async def _of_length(pieces: AsyncIterable[bytes], length: int) -> AsyncIterator[bytes]:
    """The same bytes in pieces of this length, the last one shorter."""
    held = bytearray()
    async for piece in pieces:
        held += piece
        while len(held) >= length:
            yield bytes(held[:length])
            del held[:length]
    if held:
        yield bytes(held)
