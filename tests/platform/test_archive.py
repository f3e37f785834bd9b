"""The file of a backup: what goes in comes out, and what is not whole never looks whole."""

import io
import os
import stat
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import bson
import pytest
from bson import Binary, Decimal128, Int64, ObjectId
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.platform.archive import Documents, Manifest, Part, Writer, as_index, as_text, checked, new_file, replayed
from shared.platform.errors import BackupRefused

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1).map(Int64)
    | st.integers(-(2**31), 2**31 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.binary(max_size=40)
    | st.binary(min_size=16, max_size=16).map(lambda raw: Binary(raw, 4))
    | st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
    | st.binary(min_size=12, max_size=12).map(ObjectId)
    | st.just(Decimal128("12.50")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc.|", min_size=1, max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
ROWS = st.dictionaries(st.sampled_from(["_id", "a", "b", "due_at"]), VALUES, max_size=4).map(bson.encode)


def written(collections: Mapping[str, Sequence[bytes]], piece: int = 7) -> bytes:
    """A backup of these documents, which come to the writer in pieces that cut them anywhere."""
    stream = io.BytesIO()
    writer = Writer(stream, "routing", AT)
    parts = []
    for name, documents in collections.items():
        whole = b"".join(documents)
        pieces = [whole[at : at + 1 + piece * 100] for at in range(0, len(whole), 1 + piece * 100)]
        count, digest = writer.add(name, len(whole), pieces)
        parts.append(_part(name, count, len(whole), digest))
    writer.finish(_manifest(parts))
    return stream.getvalue()


def _part(name: str, count: int, size: int, digest: str) -> Part:
    return Part(collection=name, documents=count, bytes=size, sha256=digest, clustered=False, indexes=())


def _manifest(parts: Sequence[Part]) -> Manifest:
    return Manifest(service="routing", database="routing", release="1", taken_at=AT, epoch=3, parts=tuple(parts))


def read(backup: bytes) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    replayed(io.BytesIO(backup), lambda collection, document: found.setdefault(collection, []).append(document))
    return found


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(["matters", "journal", "a.b"]), st.lists(ROWS, max_size=5)), st.integers(0, 9))
def test_every_document_comes_out_byte_for_byte(collections: dict[str, list[bytes]], piece: int) -> None:
    backup = written(collections, piece)
    manifest = checked(io.BytesIO(backup))
    assert {part.collection: part.documents for part in manifest.parts} == {k: len(v) for k, v in collections.items()}
    assert read(backup) == {name: rows for name, rows in collections.items() if rows}


def test_a_backup_that_is_cut_off_anywhere_is_refused() -> None:
    rows = [bson.encode({"_id": n, "noise": os.urandom(300)}) for n in range(20)]
    backup = written({"matters": rows, "officers": rows[:3]})
    assert len(backup) > 6_000
    for length in [*range(0, len(backup), 97), len(backup) - 1]:
        with pytest.raises(BackupRefused, match="not a whole backup"):
            checked(io.BytesIO(backup[:length]))


def test_a_backup_with_a_changed_byte_is_refused() -> None:
    backup = written({"matters": [bson.encode({"_id": n, "noise": os.urandom(300)}) for n in range(20)]})
    for at in range(20, len(backup), 101):
        spoilt = bytearray(backup)
        spoilt[at] ^= 0x10
        with pytest.raises(BackupRefused):
            checked(io.BytesIO(spoilt))


def test_what_is_no_backup_at_all_is_refused() -> None:
    for other in (b"", b"hello", os.urandom(5_000)):
        with pytest.raises(BackupRefused, match="not a whole backup"):
            checked(io.BytesIO(other))


def test_a_format_of_a_later_release_is_refused() -> None:
    stream = io.BytesIO()
    Writer(stream, "routing", AT).finish(_manifest([]).model_copy(update={"format": 2}))
    with pytest.raises(BackupRefused, match="format that this release does not know"):
        checked(stream)


def test_a_manifest_that_tells_otherwise_than_is_there_is_refused() -> None:
    for part in (_part("matters", 1, 5, "0" * 64), _part("officers", 0, 0, "0" * 64)):
        stream = io.BytesIO()
        writer = Writer(stream, "routing", AT)
        writer.add("matters", 5, [bson.encode({})])
        writer.finish(_manifest([part]))
        with pytest.raises(BackupRefused, match="not as its manifest says"):
            checked(stream)


def test_a_collection_that_is_not_of_the_size_that_was_counted_is_refused() -> None:
    for size in (4, 6):
        with pytest.raises(BackupRefused, match="not of one moment"):
            Writer(io.BytesIO(), "routing", AT).add("matters", size, [bson.encode({})])


def test_half_a_document_is_refused() -> None:
    documents = Documents()
    documents.take(bson.encode({"a": 1})[:-1])
    with pytest.raises(BackupRefused, match="cut off"):
        documents.whole()
    with pytest.raises(BackupRefused, match="should be documents"):
        Documents().take(b"\x00\x00\x00\x00\x00")


def write_half(target: Path) -> None:
    with new_file(target) as file:
        file.write(b"half")
        raise ZeroDivisionError


def test_a_file_is_there_whole_and_private_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "routing.tar.gz"
    with pytest.raises(ZeroDivisionError):
        write_half(target)
    assert list(tmp_path.iterdir()) == []
    with new_file(target) as file:
        file.write(b"whole")
        assert not target.exists()
    assert (target.read_bytes(), stat.S_IMODE(target.stat().st_mode)) == (b"whole", 0o600)
    assert list(tmp_path.iterdir()) == [target]


def test_no_file_is_overwritten_and_a_wrong_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("of before")
    with pytest.raises(BackupRefused, match="never written over"), new_file(tmp_path / "there"):
        pass
    assert (tmp_path / "there").read_text() == "of before"
    with pytest.raises(BackupRefused, match="cannot be written"), new_file(tmp_path / "nowhere" / "file"):
        pass


def test_an_index_survives_the_manifest() -> None:
    index = {
        "v": 2,
        "key": {"municipality": 1, "at": -1},
        "name": "municipality_1_at_-1",
        "partialFilterExpression": {"due_at": {"$exists": True}, "count": {"$gt": Int64(3)}},
        "expireAfterSeconds": 2_592_000,
        "unique": True,
    }
    again = as_index(as_text(index))
    assert (again, list(again["key"])) == (index, ["municipality", "at"])
