"""The driver's one door: motor, or `pymongo.AsyncMongoClient` by one setting, behind the database port."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
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

from shared.platform.database import Collection, Document, Index, Query, Sort, at_once
from shared.platform.errors import TryAgain, WrongSetting
from shared.platform.mongo_copy import Copying
from shared.platform.mongo_errors import understood
from shared.platform.mongo_session import MongoSession, find, settled
from shared.platform.mongo_together import Together, by_id

Driver = Literal["motor", "pymongo"]
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


class MongoDatabase:
    """One service's database on a real MongoDB."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._database = client.get_database(name, codec_options=CodecOptions(tz_aware=True, tzinfo=UTC))
        self._together = Together(self._database)

    async def find(self, collection: str, query: Query, *, sort: Sort = (), limit: int = 0) -> list[Document]:
        """See `Reads`."""
        async with understood():
            if not sort and not limit and by_id(query):
                return await self._together.find(collection, query)
            return await find(self._database[collection], query, sort, limit, None)

    async def together(self, *questions: Awaitable[Any]) -> list[Any]:
        """See `Reads`."""
        return await at_once(questions)

    async def session(self) -> MongoSession:
        """See `Database`."""
        async with understood():
            return MongoSession(self._database, await settled(self._client.start_session()))

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
            await settled(self._client.close())


def _index_options(index: Index) -> Document:
    options: Document = {"unique": index.unique}
    if index.where is not None:
        options["partialFilterExpression"] = index.where
    if index.expires_after_seconds is not None:
        options["expireAfterSeconds"] = index.expires_after_seconds
    return options
