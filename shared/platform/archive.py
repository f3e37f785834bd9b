"""The file of a backup: a tar.gz of `<database>/<collection>.bson`, as mongodump writes them, and `manifest.json` last.

What has no manifest is not whole. The .bson files are documents one after the other: bsondump and mongorestore read
them too. A file gets its name when all of it is on the disk, and only its owner may read it.
"""

import gzip
import hashlib
import os
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Literal

from bson import json_util
from pydantic import BaseModel, ConfigDict, ValidationError

from shared.platform.errors import BackupRefused

MANIFEST = "manifest.json"
QUICK = 3
"""How hard it is compressed: three times as fast as the usual 6, and hardly larger."""
LENGTH = 4
LARGEST = 17 * 1024 * 1024
NOT_WHOLE = "The file is not a whole backup"


class Part(BaseModel):
    """One collection in a backup; `indexes` in MongoDB's extended JSON."""

    model_config = ConfigDict(frozen=True)

    collection: str
    documents: int
    bytes: int
    sha256: str
    clustered: bool
    indexes: tuple[str, ...]


class Manifest(BaseModel):
    """What a backup holds, of which service, and of when."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    service: str
    database: str
    release: str
    taken_at: datetime
    epoch: int
    parts: tuple[Part, ...]


def as_text(index: dict[str, Any]) -> str:
    """An index as a manifest keeps it."""
    return json_util.dumps(index, json_options=json_util.CANONICAL_JSON_OPTIONS)


def as_index(text: str) -> dict[str, Any]:
    """The index again."""
    return dict(json_util.loads(text, json_options=json_util.CANONICAL_JSON_OPTIONS))


@contextmanager
def new_file(target: Path) -> Iterator[IO[bytes]]:
    """A file that comes into being whole, on disk and private, or not at all; never over another one."""
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    if target.exists():
        raise BackupRefused(f"{target} is there already, and a backup is never written over another file.")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(target)
        settle(target.parent)
    except OSError as error:
        raise BackupRefused(f"{target} cannot be written ({error.strerror}).") from None
    finally:
        unfinished.unlink(missing_ok=True)


def settle(path: Path) -> None:
    """A file's bytes, or a folder's names, are on the disk from now on."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Writer:
    """Writes a backup to a stream, one collection after the other."""

    def __init__(self, stream: IO[bytes], database: str, at: datetime) -> None:
        self._zipped = gzip.GzipFile(fileobj=stream, mode="wb", compresslevel=QUICK, filename="", mtime=0)
        self._tar = tarfile.open(fileobj=self._zipped, mode="w|")  # noqa: SIM115 - closed by `finish`
        self._database, self._at = database, at

    def add(self, collection: str, size: int, pieces: Iterable[bytes]) -> tuple[int, str]:
        """One collection of so many bytes; returns how many documents came, and the SHA-256. Refuses another size."""
        source = _Pieces(pieces)
        self._tar.addfile(self._named(f"{self._database}/{collection}.bson", size), source)
        if source.rest():
            raise BackupRefused(f"{collection} has grown while it was dumped, so the dump is not of one moment.")
        return source.documents.whole(), source.hash.hexdigest()

    def finish(self, manifest: Manifest) -> None:
        """The manifest, and the end."""
        text = manifest.model_dump_json(indent=1).encode()
        self._tar.addfile(self._named(MANIFEST, len(text)), BytesIO(text))
        self._tar.close()
        self._zipped.close()

    def _named(self, name: str, size: int) -> tarfile.TarInfo:
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = size, 0o600, int(self._at.timestamp())
        return info


class _Pieces:
    """Pieces as a file of a known size that can be read once; it counts and hashes what passes."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces, self._piece = iter(pieces), BytesIO()
        self.hash, self.documents = hashlib.sha256(), Documents()

    def read(self, size: int = 0, /) -> bytes:
        read = self._piece.read(size)
        while len(read) < size:
            if not self._next():
                raise BackupRefused("A collection was smaller than counted, so the dump is not of one moment.")
            read += self._piece.read(size - len(read))
        return read

    def rest(self) -> bool:
        """Whether there is more than was read."""
        return bool(self._piece.read(1)) or self._next()

    def _next(self) -> bool:
        piece = next(self._pieces, None)
        if piece is None:
            return False
        self.hash.update(piece)
        self.documents.take(piece)
        self._piece = BytesIO(piece)
        return True


class Documents:
    """Cuts a stream of BSON into documents, whatever pieces it comes in."""

    def __init__(self, each: Callable[[bytes], None] = lambda document: None) -> None:
        self._each, self._open, self._count = each, b"", 0

    def take(self, piece: bytes) -> None:
        """The next piece; BackupRefused when it is no BSON."""
        data, at = self._open + piece, 0
        while len(data) - at >= LENGTH:
            length = int.from_bytes(data[at : at + LENGTH], "little")
            if not LENGTH < length <= LARGEST:
                raise BackupRefused(f"{NOT_WHOLE}: what should be documents is not.")
            if len(data) - at < length:
                break
            self._each(data[at : at + length])
            self._count += 1
            at += length
        self._open = data[at:]

    def whole(self) -> int:
        """How many documents there were; BackupRefused when the last one is cut off."""
        if self._open:
            raise BackupRefused(f"{NOT_WHOLE}: a document is cut off.")
        return self._count


def checked(stream: IO[bytes]) -> Manifest:
    """Read all of a backup and compare it with its manifest; BackupRefused when anything is missing or different."""
    found: dict[str, tuple[int, int, str]] = {}
    manifest: Manifest | None = None
    with _whole():
        for name, file in _files(stream):
            if name == MANIFEST:
                manifest = _manifest(file.read())
            else:
                found[name] = _measured(file)
    if manifest is None:
        raise BackupRefused(f"{NOT_WHOLE}: it has no manifest.")
    told = {f"{manifest.database}/{one.collection}.bson": one for one in manifest.parts}
    if {name: (one.documents, one.bytes, one.sha256) for name, one in told.items()} != found:
        raise BackupRefused(f"{NOT_WHOLE}: its collections are not as its manifest says.")
    return manifest


def replayed(stream: IO[bytes], each: Callable[[str, bytes], None]) -> None:
    """Read a backup that was checked: `each` gets every document, with its collection."""
    with _whole():
        for name, file in _files(stream):
            if name != MANIFEST:
                collection = name.partition("/")[2].removesuffix(".bson")
                _pour(file, Documents(partial(each, collection)).take)


def _files(stream: IO[bytes]) -> Iterator[tuple[str, IO[bytes]]]:
    stream.seek(0)
    with gzip.GzipFile(fileobj=stream, mode="rb") as zipped, tarfile.open(fileobj=zipped, mode="r|") as tar:
        for member in tar:
            file = tar.extractfile(member)
            if file is not None:
                yield member.name, file
        while zipped.read(1 << 20):
            continue  # to the end, where gzip keeps its check


@contextmanager
def _whole() -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile):
        raise BackupRefused(f"{NOT_WHOLE}: it is cut off or damaged.") from None


def _measured(file: IO[bytes]) -> tuple[int, int, str]:
    digest, documents, size = hashlib.sha256(), Documents(), 0

    def take(piece: bytes) -> None:
        nonlocal size
        size += len(piece)
        digest.update(piece)
        documents.take(piece)

    _pour(file, take)
    return documents.whole(), size, digest.hexdigest()


def _pour(file: IO[bytes], take: Callable[[bytes], None]) -> None:
    while piece := file.read(1 << 20):
        take(piece)


def _manifest(text: bytes) -> Manifest:
    try:
        return Manifest.model_validate_json(text)
    except ValidationError:
        raise BackupRefused("The backup's manifest is of a format that this release does not know.") from None
