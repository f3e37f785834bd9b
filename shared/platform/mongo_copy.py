"""A database as bytes, for backups: every collection at one moment, and documents put back as they were."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bson.binary import UUID_SUBTYPE, Binary
from bson.raw_bson import RawBSONDocument
from pymongo.errors import OperationFailure, PyMongoError

from shared.platform.database import Document, Query
from shared.platform.errors import BackupRefused
from shared.platform.mongo_errors import translated

TOO_OLD = 239
CHANGED_MEANWHILE = 246
DOCUMENTS_AT_ONCE = 2_000
WINDOW = "minSnapshotHistoryWindowInSeconds"
DUMP_SECONDS = 300
"""A dump may take so long, which is how long a server keeps moments unless it is told otherwise."""

WINDOW_PASSED = (
    "The dump took longer than MongoDB keeps old moments, so it would not have been of one moment, and was given up. "
    f"Raise {WINDOW} (300 s unless set) on the server, and dump again."
)
LAYOUT_CHANGED = "Collections or indexes were being changed, so there was no moment to dump: dump again."


@dataclass(frozen=True, slots=True)
class Layout:
    """A collection and what it needs to be made anew: whether it is clustered, and its indexes."""

    name: str
    clustered: bool
    indexes: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class Size:
    """How much a collection holds."""

    documents: int
    bytes: int


class Moment:
    """All collections as they were when the first of them was read."""

    def __init__(self, database: Any, session: Any) -> None:
        self._database, self._session = database, session

    def size(self, collection: str) -> Size:
        """How many documents the collection holds, and of how many bytes."""
        total = {"_id": None, "documents": {"$sum": 1}, "bytes": {"$sum": {"$bsonSize": "$$ROOT"}}}
        with told():
            found = list(self._database[collection].aggregate([{"$group": total}], session=self._session))
        return Size(found[0]["documents"], found[0]["bytes"]) if found else Size(0, 0)

    def bytes_of(self, collection: str) -> Iterator[bytes]:
        """The collection's documents as BSON, one after the other, in pieces of some megabytes."""
        with told():
            yield from self._database[collection].find_raw_batches(session=self._session, batch_size=DOCUMENTS_AT_ONCE)

    def find(self, collection: str) -> list[Document]:
        """All documents of a small collection."""
        with told():
            return list(self._database[collection].find(session=self._session))


class Copying:
    """One service's database, as backups are made of it and put back."""

    def __init__(self, client: Any, name: str) -> None:
        self._client, self.name = client, name
        self._database = client[name]

    @contextmanager
    def moment(self) -> Iterator[Moment]:
        """Read all of it as it is at one moment."""
        with self._history(), self._snapshot() as session:
            yield Moment(self._database, session)

    def _snapshot(self) -> Any:
        with told():
            return self._client.start_session(snapshot=True)

    @contextmanager
    def _history(self) -> Iterator[None]:
        """While a dump lasts the server keeps moments for so long, or as long as its operator has set: where there are
        users, a service's may not ask for more.
        """
        kept = self._kept_for()
        if kept is None or kept >= DUMP_SECONDS:
            yield
            return
        self._keep_for(DUMP_SECONDS)
        try:
            yield
        finally:
            self._keep_for(kept)

    def _kept_for(self) -> int | None:
        """For how many seconds the server keeps moments; None when it does not tell us."""
        try:
            return int(self._client.admin.command({"getParameter": 1, WINDOW: 1})[WINDOW])
        except OperationFailure:
            return None

    def _keep_for(self, seconds: int) -> None:
        with told():
            self._client.admin.command({"setParameter": 1, WINDOW: seconds})

    def layouts(self) -> list[Layout]:
        """The collections that there are, by name."""
        with told():
            found = sorted(self._database.list_collections(), key=lambda one: str(one["name"]))
            return [self._layout(one) for one in found if not one["name"].startswith("system.")]

    def _layout(self, found: Mapping[str, Any]) -> Layout:
        indexes = (dict(one) for one in self._database[found["name"]].list_indexes())
        needed = tuple(one for one in indexes if list(one["key"]) != ["_id"])
        return Layout(found["name"], "clusteredIndex" in found["options"], needed)

    def create(self, layout: Layout) -> None:
        """Make an empty collection."""
        options: Document = {"clusteredIndex": {"key": {"_id": 1}, "unique": True}} if layout.clustered else {}
        with told():
            self._database.create_collection(layout.name, **options)

    def index(self, layout: Layout) -> None:
        """Make a collection's indexes, once its documents are there."""
        if layout.indexes:
            with told():
                self._database.command({"createIndexes": layout.name, "indexes": list(layout.indexes)})

    def insert(self, collection: str, documents: Sequence[bytes]) -> None:
        """Put documents in, byte for byte."""
        with told():
            self._database[collection].insert_many([RawBSONDocument(one) for one in documents])

    def find(self, collection: str, query: Query) -> list[Document]:
        """All documents that match."""
        with told():
            return list(self._database[collection].find(query, batch_size=100_000))

    def ids(self, collection: str, beginning: str) -> Iterator[str]:
        """The `_id`s that begin so, without anything else of their documents."""
        within = {"_id": {"$gte": beginning, "$lt": f"{beginning}\U0010ffff"}}
        with told():
            for row in self._database[collection].find(within, {"_id": 1}):
                yield row["_id"]

    def any(self, collection: str) -> bool:
        """Whether a collection holds anything."""
        with told():
            return self._database[collection].find_one() is not None

    def update(self, collection: str, query: Query, change: Any, *, upsert: bool = False) -> int:
        """Change all documents that match and return how many those are; `change` is operators, or a pipeline."""
        with told():
            changed = self._database[collection].update_many(query, change, upsert=upsert)
            return int(changed.matched_count)

    def delete(self, collection: str, query: Query) -> None:
        """Delete all documents that match."""
        with told():
            self._database[collection].delete_many(query)

    def drop(self, collection: str) -> None:
        """Forget a collection."""
        with told():
            self._database.drop_collection(collection)

    def end_sessions(self, session_ids: Sequence[bytes]) -> None:
        """End what others may have left open: their locks would keep collections from being dropped."""
        if session_ids:
            with told():
                known = [{"id": Binary(one, UUID_SUBTYPE)} for one in session_ids]
                self._client.admin.command("killSessions", known)

    def hello(self) -> Document:
        """What the server says of itself."""
        with told():
            return dict(self._client.admin.command("hello"))

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()


@contextmanager
def told() -> Iterator[None]:
    """Whatever MongoDB refuses is one sentence for the operator."""
    try:
        yield
    except OperationFailure as error:
        if error.code in (TOO_OLD, CHANGED_MEANWHILE):
            raise BackupRefused(WINDOW_PASSED if error.code == TOO_OLD else LAYOUT_CHANGED) from None
        raise BackupRefused(f"MongoDB refuses ({translated(error)}).") from None
    except PyMongoError as error:
        raise BackupRefused(f"{translated(error) or type(error).__name__}.") from None
