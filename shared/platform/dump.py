"""A dump: a service's whole database as it was at one moment, while the service works on."""

from datetime import datetime
from typing import IO

from shared.platform.archive import Manifest, Part, Writer, as_text
from shared.platform.errors import BackupRefused
from shared.platform.mongo_copy import Copying, Layout, Moment
from shared.platform.restores import FIRST, HALF_RESTORED, RESTORES


def dump(source: Copying, stream: IO[bytes], service: str, release: str, at: datetime) -> Manifest:
    """Write a backup to a stream; without the manifest at its end it is none. BackupRefused when it cannot be whole."""
    layouts = source.layouts()
    if not layouts:
        raise BackupRefused(f"The database {source.name} is empty: there is nothing to dump.")
    writer = Writer(stream, source.name, at)
    with source.moment() as moment:
        epoch = _epoch(moment)
        parts = tuple(_part(moment, layout, writer) for layout in layouts)
    manifest = Manifest(service=service, database=source.name, release=release, taken_at=at, epoch=epoch, parts=parts)
    writer.finish(manifest)
    return manifest


def _epoch(moment: Moment) -> int:
    rows = moment.find(RESTORES.name)
    if any(row["unfinished"] for row in rows):
        raise BackupRefused(f"{HALF_RESTORED}.")
    return max((row["_id"] for row in rows), default=FIRST)


def _part(moment: Moment, layout: Layout, writer: Writer) -> Part:
    size = moment.size(layout.name)
    documents, digest = writer.add(layout.name, size.bytes, moment.bytes_of(layout.name))
    if documents != size.documents:
        raise BackupRefused(f"{layout.name} was counted otherwise than it was read: dump again.")
    return Part(
        collection=layout.name,
        documents=documents,
        bytes=size.bytes,
        sha256=digest,
        clustered=layout.clustered,
        indexes=tuple(as_text(index) for index in layout.indexes),
    )
