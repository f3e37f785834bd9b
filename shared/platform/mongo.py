"""The driver's one door: motor, or `pymongo.AsyncMongoClient` by one setting, behind the database port."""

import inspect
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC
from typing import Any, Literal
from uuid import UUID

import pymongo
from bson.binary import Binary, UuidRepresentation
from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient, MongoClient, ReturnDocument
from pymongo.errors import (
    CollectionInvalid,
    ConfigurationError,
    DuplicateKeyError,
    OperationFailure,
    PyMongoError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from shared.platform.database import Collection, Document, Index, Query, Sort
from shared.platform.errors import TryAgain, UnknownCommit, WrongSetting
from shared.platform.mongo_copy import Copying
from shared.platform.mongo_errors import by_code, translated, understood

Driver = Literal["motor", "pymongo"]
MAJORITY = WriteConcern("majority")
CLOSE_WITHIN = 1.0

ALREADY_IN_ONE = 23
NO_ADDRESS = "MONGO_URL is not an address that MongoDB understands."
NO_REPLICA_SET = "MongoDB at MONGO_URL is no replica set, and transactions need one: start it with --replSet."


def connect(url: str, name: str, driver: Driver = "motor", *, timeout_ms: int = 5_000) -> "MongoDatabase":
    """A database at `url`; nothing is sent before the first use. Raises WrongSetting for an address it can't read."""
    make: Callable[..., Any] = AsyncIOMotorClient if driver == "motor" else AsyncMongoClient
    try:
        client = make(
            url,
            tz_aware=True,
            tzinfo=UTC,
            w="majority",
            serverSelectionTimeoutMS=timeout_ms,
            connectTimeoutMS=timeout_ms,
            socketTimeoutMS=60_000,
            uuidRepresentation="standard",
        )
    except (ConfigurationError, ValueError, PyMongoError):
        raise WrongSetting(NO_ADDRESS) from None
    return MongoDatabase(client, name)


def connect_to_copy(url: str, name: str, *, timeout_ms: int = 5_000) -> Copying:
    """The same database for a dump or a restore, which do one thing after the other. Raises WrongSetting as above."""
    try:
        client: MongoClient[Document] = MongoClient(
            url, tz_aware=True, tzinfo=UTC, w="majority", serverSelectionTimeoutMS=timeout_ms
        )
    except (ConfigurationError, ValueError, PyMongoError):
        raise WrongSetting(NO_ADDRESS) from None
    return Copying(client, name)


async def _settled(value: Any) -> Any:
    """The one difference between the two drivers: some calls are awaited in one of them only."""
    return await value if inspect.isawaitable(value) else value


class MongoTransaction:
    """One open transaction on a session."""

    def __init__(self, database: Any, session: Any) -> None:
        self._database, self._session = database, session

    async def find(self, collection: str, query: Query, *, sort: Sort = (), limit: int = 0) -> list[Document]:
        """See `Reads`."""
        async with understood():
            return await _find(self._database[collection], query, sort, limit, self._session)

    async def update(self, collection: str, statements: Sequence[Document]) -> int:
        """See `Transaction`."""
        if not statements:
            return 0
        reply = await self._command({"update": collection, "updates": list(statements), "ordered": True})
        return int(reply["n"])

    async def insert(self, collection: str, documents: Sequence[Document]) -> None:
        """See `Transaction`."""
        if documents:
            await self._command({"insert": collection, "documents": list(documents), "ordered": True})

    async def delete(self, collection: str, query: Query) -> int:
        """See `Transaction`."""
        reply = await self._command({"delete": collection, "deletes": [{"q": query, "limit": 0}]})
        return int(reply["n"])

    async def _command(self, command: Document) -> Document:
        async with understood():
            reply: Document = await self._database.command(command, session=self._session)
        if errors := reply.get("writeErrors"):
            raise by_code(errors[0]["code"])
        return reply


class MongoSession:
    """One session of the driver."""

    def __init__(self, database: Any, session: Any) -> None:
        self._database, self._session = database, session

    @property
    def id(self) -> bytes:
        """See `Session`."""
        return bytes(self._session.session_id["id"])

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MongoTransaction]:
        """See `Session`. We never use `with_transaction`: it retries for up to 120 s and hides outages."""
        async with understood():
            await _settled(
                self._session.start_transaction(read_concern=ReadConcern("snapshot"), write_concern=MAJORITY)
            )
        try:
            yield MongoTransaction(self._database, self._session)
        except BaseException:
            await self._undo()
            raise
        await self._commit()

    async def _undo(self) -> None:
        try:
            await self._session.abort_transaction()
        except PyMongoError:
            return  # the server undoes it by itself when the session is used again or its time is out

    async def _commit(self) -> None:
        try:
            await self._session.commit_transaction()
        except PyMongoError as error:
            if error.has_error_label("UnknownTransactionCommitResult"):
                raise UnknownCommit("the answer to a commit was lost") from error
            raise (translated(error) or error) from error

    async def close(self) -> None:
        """See `Session`."""
        await _settled(self._session.end_session())


class MongoDatabase:
    """One service's database on a real MongoDB."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._database = client.get_database(name, codec_options=CodecOptions(tz_aware=True, tzinfo=UTC))

    async def find(self, collection: str, query: Query, *, sort: Sort = (), limit: int = 0) -> list[Document]:
        """See `Reads`."""
        async with understood():
            return await _find(self._database[collection], query, sort, limit, None)

    async def session(self) -> MongoSession:
        """See `Database`."""
        async with understood():
            return MongoSession(self._database, await _settled(self._client.start_session()))

    async def end_session(self, session_id: bytes) -> None:
        """See `Database`."""
        known = Binary.from_uuid(UUID(bytes=session_id), UuidRepresentation.STANDARD)
        async with understood():
            await self._client.admin.command("killSessions", [{"id": known}])

    async def change(
        self, collection: str, query: Query, change: Mapping[str, Any], *, upsert: bool = False
    ) -> Document | None:
        """See `Database`."""
        async with understood():
            try:
                changed: Document | None = await self._database[collection].find_one_and_update(
                    query, change, upsert=upsert, return_document=ReturnDocument.AFTER
                )
            except DuplicateKeyError:
                return None
            return changed

    async def delete(self, collection: str, query: Query) -> int:
        """See `Database`."""
        async with understood():
            return int((await self._database[collection].delete_many(query)).deleted_count)

    async def count(self, collection: str, query: Query, *, limit: int = 0) -> int:
        """See `Database`."""
        most = {"limit": limit} if limit else {}
        async with understood():
            return int(await self._database[collection].count_documents(query, **most))

    async def prepare(self, collections: Sequence[Collection]) -> None:
        """See `Database`."""
        async with understood():
            there = set(await self._database.list_collection_names())
            for collection in collections:
                await self._prepare(collection, collection.name in there)

    async def _prepare(self, collection: Collection, there: bool) -> None:
        if not there:
            await self._create(collection)
        for index in collection.indexes:
            await self._database[collection.name].create_index(list(index.fields), **_index_options(index))

    async def _create(self, collection: Collection) -> None:
        options: Document = {"clusteredIndex": {"key": {"_id": 1}, "unique": True}} if collection.clustered else {}
        try:
            await self._database.create_collection(collection.name, **options)
        except CollectionInvalid:
            return  # another instance was first
        except OperationFailure as error:
            if error.code != 48:  # NamespaceExists
                raise

    async def check(self) -> None:
        """See `Database`."""
        async with understood():
            hello = await self._client.admin.command("hello")
        if "setName" not in hello and hello.get("msg") != "isdbgrid":
            raise WrongSetting(NO_REPLICA_SET)
        if not hello.get("isWritablePrimary"):
            raise TryAgain("MongoDB has no primary yet")

    async def initiate(self, name: str, member: str) -> bool:
        """Make a replica set of this server alone, which others reach as `member`; False when it is in one already."""
        config = {"_id": name, "members": [{"_id": 0, "host": member}]}
        async with understood():
            try:
                await self._client.admin.command("replSetInitiate", config)
            except OperationFailure as refused:
                if refused.code == ALREADY_IN_ONE:
                    return False
                told = f"MongoDB would not become the replica set {name} of {member} (code {refused.code})."
                raise WrongSetting(told) from None
        return True

    async def keep_user(self, name: str, password: str, databases: Sequence[str]) -> None:
        """A user with this password who may read and write these databases, and no other."""
        roles = [{"role": "readWrite", "db": database} for database in databases]
        async with understood():
            there = (await self._database.command("usersInfo", name))["users"]
            await self._database.command("updateUser" if there else "createUser", name, pwd=password, roles=roles)

    async def change_password(self, name: str, password: str) -> None:
        """Give a user another password."""
        async with understood():
            await self._database.command("updateUser", name, pwd=password)

    async def drop(self) -> None:
        """Forget the whole database: for tests and `make clean-data`."""
        async with understood():
            await self._client.drop_database(self._database.name)

    async def close(self) -> None:
        """See `Database`. The driver takes leave of its sessions; of a server that is away, only for so long."""
        with pymongo.timeout(CLOSE_WITHIN):
            await _settled(self._client.close())


def _index_options(index: Index) -> Document:
    options: Document = {"unique": index.unique}
    if index.where is not None:
        options["partialFilterExpression"] = index.where
    if index.expires_after_seconds is not None:
        options["expireAfterSeconds"] = index.expires_after_seconds
    return options


async def _find(collection: Any, query: Query, sort: Sort, limit: int, session: Any) -> list[Document]:
    cursor = collection.find(query, session=session, batch_size=100_000, limit=limit)
    if sort:
        cursor = cursor.sort(list(sort))
    found: list[Document] = await cursor.to_list(None)
    return found
