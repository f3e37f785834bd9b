"""A command at a door goes through the same unit of work: state, outbox, journal and idempotency key in one write.

Commands that all change one document name the same turn. In this process those who wait for it are carried out
together, in one unit and one transaction, as a batch of records is: one by one they would wait for others' commits.
"""

import asyncio
import hashlib
import json
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel

from shared.contracts.refusal import Invalid, Refused
from shared.platform.database import Collection, Document, Index, Transaction
from shared.platform.errors import LostRace, Outdated, Taken, TryAgain, Unwritable
from shared.platform.handlers import Wants
from shared.platform.hearing import Hearing
from shared.platform.logs import correlation_id, traceparent
from shared.platform.outbox import Cause
from shared.platform.secrets import BrokenSeal, Seal
from shared.platform.unit import Unit, lock

REQUESTS = Collection("requests", (Index((("at", 1),), expires_after_seconds=30 * 86_400),))
"""Answers given under an idempotency key, kept for 30 days, sealed: they say what callers said."""
PRINT_LETTERS = 64
TRIES = 20
TOGETHER = 50
"""So many commands of one turn are carried out together at most."""

KEY_USED = (
    "Nyckeln har redan använts till en annan begäran.",
    "The key has been used for another request.",
)
IS_TAKEN = ("Det finns redan.", "It is there already.")
UNREADABLE = (
    "Begäran är redan utförd, men svaret kan inte läsas längre.",
    "The request was carried out before, but its answer can no longer be read.",
)
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
        """The row's id: a hash, since clients make keys of what callers said."""
        named = json.dumps((self.municipality, self.caller, self.door, self.key), ensure_ascii=False)
        return hashlib.sha256(named.encode()).hexdigest()

    @property
    def print(self) -> str:
        """What tells another request under the same key from the same request again."""
        return hashlib.sha256(self.asked.encode()).hexdigest()


@dataclass(slots=True, eq=False)
class Command:
    """One action that is to be carried out, from whom, and what has come of it: an answer or a refusal."""

    wants: Wants
    once: Once | None
    cause: Cause
    context: Context
    told: asyncio.Future[Any]
    outcome: BaseModel | Exception | None = None

    @classmethod
    def of(cls, action: Callable[..., Awaitable[Any]], once: Once | None) -> "Command":
        """The action as asked for now, within the caller's own context."""
        cause = Cause(None, correlation_id.get(), traceparent.get())
        told: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        return cls(Wants.of(action, skip=0), once, cause, copy_context(), told)

    async def run(self, unit: Unit) -> BaseModel:
        """Decide; what is decided counts, or nothing of it."""
        decision = self.wants.function(*self.wants.arguments(unit))
        answer: BaseModel = await asyncio.create_task(_awaited(decision), context=self.context)
        unit.merge(self.cause)
        return answer

    def tell(self) -> None:
        """Let the caller know, who may have gone away."""
        if self.told.done():
            return
        if isinstance(self.outcome, Exception):
            self.told.set_exception(self.outcome)
        else:
            self.told.set_result(self.outcome)


@dataclass(slots=True)
class Known:
    """The answers under the keys of a batch: those given before, and those that it gives."""

    seal: Seal
    rows: dict[str, Document]
    new: list[Document] = field(default_factory=list)

    @classmethod
    async def of(cls, transaction: Transaction, commands: Sequence[Command], seal: Seal) -> "Known":
        """What was answered before."""
        keys = [command.once.id for command in commands if command.once is not None]
        query = {"_id": keys[0] if len(keys) == 1 else {"$in": keys}}
        found = await transaction.find(REQUESTS.name, query) if keys else []
        return cls(seal, {row["_id"]: row for row in found})

    def answer(self, command: Command) -> BaseModel | None:
        """What was answered under the command's key; Refused when something else was asked under it."""
        row = None if command.once is None else self.rows.get(command.once.id)
        if row is None or command.once is None:
            return None
        told = self._opened(row)
        if told[:PRINT_LETTERS] != command.once.print:
            raise Invalid("idempotency-key-used", *KEY_USED, "/headers/Idempotency-Key")
        model: type[BaseModel] = get_type_hints(command.wants.function)["return"]
        return model.model_validate_json(told[PRINT_LETTERS:])

    def note(self, once: Once, answer: BaseModel, unit: Unit) -> None:
        """This is the answer under that key from now on."""
        told = f"{once.print}{answer.model_dump_json()}".encode()
        row = {"_id": once.id, "sealed": self.seal.seal(told, _place(once.id)), "at": unit.voice.at}
        self.rows[once.id] = row
        self.new.append(row)

    def _opened(self, row: Document) -> str:
        try:
            return self.seal.unseal(row["sealed"], _place(row["_id"])).decode()
        except BrokenSeal:  # the service's secret is another since
            raise Refused("answer-unreadable", *UNREADABLE) from None


class Desk:
    """Carries out commands and questions."""

    def __init__(self, hearing: Hearing) -> None:
        self._hearing = hearing
        self._waiting: dict[str, deque[Command]] = {}
        self._turns: set[asyncio.Task[None]] = set()

    async def do(
        self, action: Callable[..., Awaitable[Answer]], once: Once | None = None, turn: str | None = None
    ) -> Answer:
        """Run `action` with the stores it asks for, write what it changed, and return its answer.

        A lost race runs the whole again. Under `once` the same request gets the same answer and changes nothing;
        another request under the same key is Invalid. TryAgain when the database is away; Refused passes through.
        Actions of one `turn` see each other's changes, each whole or not at all.
        """
        command = Command.of(action, once)
        if turn is None:
            await self._settle([command])
        else:
            self._queue(turn, command)
        answer: Answer = await command.told
        return answer

    async def ask(self, question: Callable[..., Awaitable[Found]]) -> Found:
        """Answer a question: nothing is written."""
        unit = self._hearing.unit(self._hearing.database)
        return await question(*Wants.of(question, skip=0).arguments(unit))

    def _queue(self, turn: str, command: Command) -> None:
        waiting = self._waiting.get(turn)
        if waiting is not None:
            waiting.append(command)
            return
        self._waiting[turn] = deque([command])
        task = asyncio.create_task(self._take_turns(turn), context=Context())
        self._turns.add(task)
        task.add_done_callback(self._turns.discard)

    async def _take_turns(self, turn: str) -> None:
        """All who wait, so many at a time, until nobody does."""
        waiting = self._waiting[turn]
        while waiting:
            await self._settle([waiting.popleft() for _ in range(min(len(waiting), TOGETHER))])
        del self._waiting[turn]

    async def _settle(self, commands: Sequence[Command]) -> None:
        """Carry out and tell each; what stops one for its content stops it alone."""
        try:
            await self._carry_out(commands)
        except (Unwritable, LostRace) as error:
            if len(commands) > 1:
                for command in commands:
                    await self._settle([command])
                return
            commands[0].outcome = _fault(error)
        except Exception as error:
            for command in commands:
                command.outcome = error
        for command in commands:
            command.tell()

    async def _carry_out(self, commands: Sequence[Command]) -> None:
        touched: dict[str, list[str]] = {}
        last = LostRace("nobody tried")
        for lost in range(TRIES):
            await asyncio.sleep(min(0.05, 0.001 * 2**lost) if lost > 1 else 0)  # so that the winner can finish
            unit = self._hearing.unit(self._hearing.database)
            try:
                return await self._try(commands, unit, touched)
            except LostRace as race:
                last, touched = race, unit.touched()
                self._hearing.metrics.conflicts.labels("desk").inc()
        raise last

    async def _try(self, commands: Sequence[Command], unit: Unit, touched: dict[str, list[str]]) -> None:
        session = await self._hearing.database.session()
        try:
            async with session.transaction() as transaction:
                await lock(transaction, touched)
                unit.reads = transaction
                known = await Known.of(transaction, commands, self._hearing.seal)
                for command in commands:
                    command.outcome = await self._outcome(command, unit, known)
                await unit.write(transaction)
                await transaction.insert(REQUESTS.name, known.new)
        finally:
            await session.close()
        for said in unit.says:
            self._hearing.metrics.said.labels(said.event.type).inc()
        self._hearing.news.set()

    async def _outcome(self, command: Command, unit: Unit, known: Known) -> BaseModel | Exception:
        """The answer, or why there is none: then nothing of it counts, and the others go on."""
        try:
            answer = known.answer(command)
            if answer is None:
                answer = await command.run(unit)
                if command.once is not None:
                    known.note(command.once, answer, unit)
        except (TryAgain, LostRace, Outdated):
            raise
        except Exception as error:
            unit.discard()
            return error
        return answer


def _place(once_id: str) -> str:
    return f"{REQUESTS.name} {once_id}"


def _fault(error: Unwritable | LostRace) -> Exception:
    """What the caller is told of a command that can't be written."""
    if isinstance(error, Unwritable):
        return Invalid("unwritable", *TOO_LARGE)
    return Refused("taken", *IS_TAKEN) if isinstance(error, Taken) else TryAgain("others write the same all the time")


async def _awaited(decision: Awaitable[Answer]) -> Answer:
    return await decision
