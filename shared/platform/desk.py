"""A command at a door goes through the same unit of work: state, outbox, journal and idempotency key in one write."""

import asyncio
import hashlib
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel

from shared.contracts.refusal import Invalid, Refused
from shared.platform.database import Collection, Index, Transaction
from shared.platform.errors import LostRace, Taken, TryAgain, Unwritable
from shared.platform.handlers import Wants
from shared.platform.hearing import Hearing
from shared.platform.logs import correlation_id, traceparent
from shared.platform.outbox import Cause
from shared.platform.unit import Unit, lock

REQUESTS = Collection("requests", (Index((("at", 1),), expires_after_seconds=30 * 86_400),))
"""Answers given under an idempotency key, kept for 30 days."""
TRIES = 20

KEY_USED = (
    "Nyckeln har redan använts till en annan begäran.",
    "The key has been used for another request.",
)
IS_TAKEN = ("Det finns redan.", "It is there already.")
TOO_LARGE = ("Innehållet kan inte sparas.", "The content cannot be kept.")

Answer = TypeVar("Answer", bound=BaseModel)
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Once:
    """An idempotency key as one caller uses it at one door, and what was asked under it."""

    municipality: str
    caller: str
    door: str
    key: str
    asked: str

    @classmethod
    def under(cls, key: str | None, municipality: str, caller: str, door: str, asked: BaseModel) -> "Once | None":
        """The key as this caller uses it at this door; None without a key."""
        return None if key is None else cls(municipality, caller, door, key, asked.model_dump_json())

    @property
    def id(self) -> str:
        """The row's id."""
        return json.dumps((self.municipality, self.caller, self.door, self.key), ensure_ascii=False)

    @property
    def print(self) -> str:
        """What tells another request under the same key from the same request again."""
        return hashlib.sha256(self.asked.encode()).hexdigest()


class Desk:
    """Carries out commands and questions."""

    def __init__(self, hearing: Hearing) -> None:
        self._hearing = hearing
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def do(
        self, action: Callable[..., Awaitable[Answer]], once: Once | None = None, turn: str | None = None
    ) -> Answer:
        """Run `action` with the stores it asks for, write what it changed, and return its answer.

        A lost race runs the whole again. Under `once` the same request gets the same answer and changes nothing;
        another request under the same key is Invalid. TryAgain when the database is away; Refused passes through.
        Actions that all write one document name a `turn`: in this process they go one after the other, for in the
        database all but one would be refused and run again.
        """
        if turn is None:
            return await self._do(action, once)
        async with self._turns[turn]:
            return await self._do(action, once)

    async def _do(self, action: Callable[..., Awaitable[Answer]], once: Once | None) -> Answer:
        wants = Wants.of(action, skip=0)
        touched: dict[str, list[str]] = {}
        last: LostRace | None = None
        for lost in range(TRIES):
            await asyncio.sleep(min(0.05, 0.001 * 2**lost) if lost > 1 else 0)  # so that the winner can finish
            unit = self._hearing.unit(self._hearing.database)
            try:
                return await self._try(wants, unit, touched, once)
            except LostRace as race:
                last, touched = race, unit.touched()
                self._hearing.metrics.conflicts.labels("desk").inc()
            except Unwritable:
                raise Invalid("unwritable", *TOO_LARGE) from None
        if isinstance(last, Taken):
            raise Refused("taken", *IS_TAKEN)
        raise TryAgain("others write the same all the time")

    async def ask(self, question: Callable[..., Awaitable[Found]]) -> Found:
        """Answer a question: nothing is written."""
        unit = self._hearing.unit(self._hearing.database)
        return await question(*Wants.of(question, skip=0).arguments(unit))

    async def _try(self, wants: Wants, unit: Unit, touched: dict[str, list[str]], once: Once | None) -> Answer:
        session = await self._hearing.database.session()
        try:
            async with session.transaction() as transaction:
                await lock(transaction, touched)
                unit.reads = transaction
                known = await _given(transaction, once)
                answer: Answer = await wants.function(*wants.arguments(unit)) if known is None else _read(wants, known)
                if known is None:
                    await self._write(transaction, unit, once, answer)
        finally:
            await session.close()
        self._hearing.news.set()
        return answer

    async def _write(self, transaction: Transaction, unit: Unit, once: Once | None, answer: BaseModel) -> None:
        correlation = correlation_id.get()
        unit.merge(Cause(None, correlation, traceparent.get()))
        await unit.write(transaction)
        if once is not None:
            row = {"_id": once.id, "print": once.print, "answer": answer.model_dump_json(), "at": unit.voice.at}
            await transaction.insert(REQUESTS.name, [row])
        for said in unit.says:
            self._hearing.metrics.said.labels(said.event.type).inc()


async def _given(transaction: Transaction, once: Once | None) -> str | None:
    """The answer given before under this key."""
    if once is None:
        return None
    found = await transaction.find(REQUESTS.name, {"_id": once.id})
    if found and found[0]["print"] != once.print:
        raise Invalid("idempotency-key-used", *KEY_USED, "/headers/Idempotency-Key")
    return str(found[0]["answer"]) if found else None


def _read(wants: Wants, answer: str) -> Any:
    model = get_type_hints(wants.function)["return"]
    return model.model_validate_json(answer)
