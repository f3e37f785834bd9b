"""`python -m bench.bare_door`: the least that a door with the same promise has to do, on FastAPI and motor.

The same request, looked up under its key, and the same rows in one transaction: contact, party, outbox, journal,
request. It asks nobody who they are, makes no record of the wish's language or number, and publishes nothing.
"""

import argparse
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, Header
from fastapi.telemetry import TelemetryConfig
from motor.motor_asyncio import AsyncIOMotorClient
from pydantic import BaseModel
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from shared.platform.once import REQUESTS
from shared.platform.outbox import JOURNAL, OUTBOX

UNTRACED: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}


class Called(BaseModel):
    """The request."""

    channel: str
    wish: str
    case_types: list[str]
    language: str
    company: dict[str, str]
    person: dict[str, str]


class Registered(BaseModel):
    """The answer."""

    contact_id: str
    party_id: str
    channel: str
    case_types: list[str]
    language: str
    wish: str
    registered_at: datetime


def create_app(mongo_url: str, name: str) -> FastAPI:
    """The door over one database."""
    client: Any = AsyncIOMotorClient(mongo_url, tz_aware=True, tzinfo=UTC, w="majority")
    database = client[name]

    @asynccontextmanager
    async def prepared(_: FastAPI) -> AsyncIterator[None]:
        clustered = {"clusteredIndex": {"key": {"_id": 1}, "unique": True}}
        for collection in (OUTBOX.name, JOURNAL.name):
            await database.create_collection(collection, **clustered)
        await database.create_collection(REQUESTS.name)
        await database[REQUESTS.name].create_index("at", expireAfterSeconds=30 * 86_400)
        await database.contacts.create_index([("municipality", 1), ("registered_at", -1), ("_id", -1)])
        await database.create_collection("parties")
        yield
        client.close()

    app = FastAPI(lifespan=prepared, telemetry=UNTRACED)

    @app.post("/{municipality}/contacts", status_code=201)
    async def register(
        municipality: str, called: Called, key: Annotated[str, Header(alias="Idempotency-Key")]
    ) -> Registered:
        at, request_id = datetime.now(UTC), f"{municipality} {key}"
        contact_id, party_id = (f"{municipality}-{letter}-{secrets.token_hex(13)}" for letter in "cp")
        answer = Registered(
            contact_id=contact_id,
            party_id=party_id,
            registered_at=at,
            **called.model_dump(include={"channel", "case_types", "language", "wish"}),
        )
        contact = {"_id": contact_id, "municipality": municipality, "_v": 1, **answer.model_dump()}
        party = {"_id": party_id, "municipality": municipality, "_v": 1, **called.person}
        says = [(f"contacts|{contact_id}", answer.model_dump_json()), (f"parties|{party_id}", called.model_dump_json())]
        outbox = [_out(place, body.encode(), at) for place, body in says]
        journal = [{"_id": one["_id"], "at": at, "link": hashlib.sha256(one["b"]).digest(), **one} for one in outbox]
        session = await client.start_session()
        async with session, session.start_transaction(ReadConcern("snapshot"), WriteConcern("majority")):
            known = await database[REQUESTS.name].find_one({"_id": request_id}, session=session)
            if known is not None:
                return Registered.model_validate_json(known["answer"])
            await database.parties.find_one({"_id": party_id}, session=session)
            await database.parties.insert_one(party, session=session)
            await database.contacts.insert_one(contact, session=session)
            await database[OUTBOX.name].insert_many(outbox, session=session)
            await database[JOURNAL.name].insert_many(journal, session=session)
            row = {"_id": request_id, "answer": answer.model_dump_json(), "at": at}
            await database[REQUESTS.name].insert_one(row, session=session)
        return answer

    return app


def _out(place: str, body: bytes, at: datetime) -> dict[str, Any]:
    headers = {f"ce_{number}": secrets.token_bytes(16) for number in range(12)}
    return {"_id": {"k": place, "s": 1}, "t": "bare", "p": place, "h": headers, "b": body, "at": at}


def main() -> None:
    """Serve until killed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--mongo-url", required=True)
    options.add_argument("--database", required=True)
    given = options.parse_args()
    uvicorn.run(create_app(given.mongo_url, given.database), port=given.port, log_config=None)


if __name__ == "__main__":
    main()
