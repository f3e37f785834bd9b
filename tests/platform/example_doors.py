"""A small service with one of each kind of door, and ways to knock on it without a server."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.responses import StreamingResponse
from prometheus_client import CollectorRegistry
from pydantic import BaseModel, Field

from shared.contracts.refusal import Invalid, Refused, Unknown
from shared.platform.errors import LostRace, NotYet, Outdated, TryAgain, Unwritable
from shared.platform.metrics import Metrics
from shared.platform.web.body import WholeNumber
from shared.platform.web.doors import IdempotencyKey, Release, create_doors
from shared.platform.web.keys import OneKey, VerifyingKey
from shared.platform.web.paging import Listing, Page, paged
from shared.platform.web.who import Guard, Municipality, Person, allowed

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
SECRET = "anna@example.org"
Message = MutableMapping[str, Any]


class Pet(BaseModel):
    """A cat or a dog, told apart by its kind."""

    kind: Literal["cat", "dog"]
    lives: WholeNumber = 9


class Company(BaseModel):
    """Whom it is about."""

    organisation_number: str = Field(pattern=r"^[0-9]{10}$")


class Call(BaseModel):
    """What the door takes."""

    wish: str = Field(min_length=1, max_length=200)
    channel: Literal["phone", "visit"] = "phone"
    received_at: datetime | None = None
    on: date | None = None
    count: WholeNumber | None = None
    share: float | None = None
    company: Company | None = None
    pets: list[Pet | Company] = []
    anything: Any = None


class Taken(BaseModel):
    """What the door answers."""

    id: str
    by: str
    key: str | None


FAILURES: Mapping[str, Callable[[], Exception]] = {
    "refused": lambda: Refused("already-done", "Det är redan gjort.", "It is done already.", "/wish"),
    "unknown": lambda: Unknown("no-such-contact", "Kontakten finns inte.", "There is no such contact."),
    "invalid": lambda: Invalid("bad-day", "Fel dag.", "Wrong day."),
    "away": lambda: TryAgain(SECRET),
    "lost": LostRace,
    "outdated": lambda: Outdated(SECRET),
    "not-yet": lambda: NotYet("1460-c-1"),
    "unwritable": lambda: Unwritable(SECRET),
    "bug": lambda: ValueError(SECRET),
}


@dataclass
class Parts:
    """What the example's readiness is made of."""

    told: dict[str, str | None] = field(default_factory=lambda: {"routing": None, "relay": None})

    def __call__(self) -> Mapping[str, str | None]:
        return self.told


def example_router() -> APIRouter:
    """Doors as a service has them."""
    router = APIRouter()
    receptionist = Annotated[Person, Depends(allowed("receptionist", "officer"))]
    operator = Annotated[Person, Depends(allowed("operator"))]

    @router.post("/{municipality}/calls", status_code=201)
    async def register_call(
        municipality: Municipality, call: Call, person: receptionist, key: IdempotencyKey = None
    ) -> Taken:
        return Taken(id=f"{municipality}-c-{len(call.wish)}", by=f"{person.id}@{person.municipality}", key=key)

    @router.get("/{municipality}/calls")
    async def calls(municipality: Municipality, person: receptionist) -> list[str]:
        return []

    @router.get("/{municipality}/numbers")
    async def numbers(
        municipality: Municipality, person: receptionist, page: Annotated[Page, Depends(paged(int))]
    ) -> Listing[int]:
        first = page.after[0] + 1 if page.after else 0
        return page.listing(range(50)[first : first + page.limit + 1], lambda number: (number,))

    @router.get("/parts")
    async def whole(person: operator) -> str:
        return f"{person.id}@{person.municipality}"

    return router


def failing_router() -> APIRouter:
    """Doors where something goes wrong."""
    router = APIRouter()

    @router.get("/failures/{kind}")
    async def fail(kind: str, size: Annotated[int, Query(ge=1)] = 1) -> str:
        raise FAILURES[kind]()

    @router.get("/wrong-answer")
    async def wrong_answer() -> Taken:
        return {"id": SECRET}  # type: ignore[return-value]

    @router.post("/bytes")
    async def count_bytes(request: Request) -> int:
        return len(await request.body())

    @router.get("/broken-stream")
    async def broken_stream() -> StreamingResponse:
        async def chunks() -> Any:
            yield b"first"
            raise ValueError(SECRET)

        return StreamingResponse(chunks())

    return router


def example(parts: Parts | None = None) -> FastAPI:
    """The whole example service."""
    return create_doors(
        "example",
        [example_router(), failing_router()],
        release=Release("1.0.0", date(2026, 3, 1)),
        guard=Guard(OneKey(VerifyingKey(KEY.public_key(), "EdDSA")), "kommunkontakt"),
        metrics=Metrics(CollectorRegistry()),
        progress=parts or Parts(),
        new_id=lambda: "new-id",
    )


def token(
    key: Any = KEY, algorithm: str | None = "EdDSA", headers: dict[str, str] | None = None, **changed: Any
) -> str:
    """A token for the example: a receptionist of 1460, unless changed; None takes a claim away."""
    claims = {
        "sub": "o-1",
        "aud": "kommunkontakt",
        "exp": datetime.now(UTC) + timedelta(hours=1),
        "roles": ["receptionist"],
        "municipality": "1460",
    }
    told = {name: value for name, value in (claims | changed).items() if value is not None}
    return jwt.encode(told, key, algorithm=algorithm, headers=headers)


def bearer(**changed: Any) -> dict[str, str]:
    """The header that carries such a token."""
    return {"Authorization": f"Bearer {token(**changed)}"}


def knock(app: FastAPI) -> httpx.AsyncClient:
    """A client for the app; errors that escape the app are raised here."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://example")


def raw(
    app: FastAPI, path: str, headers: Mapping[str, str], chunks: list[bytes], method: str = "POST"
) -> tuple[int, bytes]:
    """Send a request as bytes in chunks, as a server would; the status and the body that came back."""
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(errors="replace"),
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("example", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }
    left = [{"type": "http.request", "body": c, "more_body": i < len(chunks)} for i, c in enumerate(chunks, 1)]
    sent: list[Message] = []

    async def receive() -> Message:
        return left.pop(0) if left else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    call: Callable[..., Awaitable[None]] = app
    asyncio.run(_to_end(call(scope, receive, send)))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


async def _to_end(call: Awaitable[None]) -> None:
    await call
