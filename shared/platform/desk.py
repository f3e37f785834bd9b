"""A command at a door goes through the same unit of work: state, outbox, journal and idempotency key in one write.

Commands that all change one document name the same turn. In this process those who wait for it are carried out
together, in one unit and one transaction, as a batch of records is: one by one they would wait for others' commits.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import Context, copy_context
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel

from shared.contracts.refusal import Invalid, Refused
from shared.platform.database import Reads, Session, Transaction, Write
from shared.platform.early import loading
from shared.platform.errors import LostRace, Outdated, Taken, TryAgain, Unwritable
from shared.platform.handlers import Wants
from shared.platform.hearing import Hearing
from shared.platform.logs import correlation_id, traceparent
from shared.platform.once import REQUESTS, Known, Once
from shared.platform.outbox import Cause
from shared.platform.unit import Unit, lock

TRIES = 20
TOGETHER = 50
"""So many commands of one turn are carried out together at most."""

IS_TAKEN = ("Det finns redan.", "It is there already.")
TOO_LARGE = ("Innehållet kan inte sparas.", "The content cannot be kept.")

Answer = TypeVar("Answer", bound=BaseModel)
Found = TypeVar("Found")
Given = TypeVar("Given")

Early = Mapping[type[Any], Iterable[str]]
"""Which aggregates of which kinds will be looked at."""
About = Callable[..., Early]
"""Tells it, and may ask for what the service provides and for the moment, as an action may."""


@dataclass(slots=True, eq=False)
class Command:
    """One action that is to be carried out, from whom, and what has come of it: an answer or a refusal."""

    wants: Wants
    about: Wants | None
    once: Once | None
    cause: Cause
    context: Context
    told: asyncio.Future[Any]
    outcome: BaseModel | Exception | None = None

    @classmethod
    def of(cls, action: Callable[..., Awaitable[Any]], once: Once | None, about: About | None) -> "Command":
        """The action as asked for now, within the caller's own context."""
        cause = Cause(None, correlation_id.get(), traceparent.get())
        told: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        early = None if about is None else Wants.of(about, skip=0)
        return cls(Wants.of(action, skip=0), early, once, cause, copy_context(), told)

    def early(self, unit: Unit) -> Early:
        """What it will look at; nothing when that can't be told, for then the action is refused by itself."""
        if self.about is None:
            return {}
        try:
            found: Early = self.about.function(*self.about.arguments(unit))
        except Refused:
            return {}
        return found

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


@dataclass(frozen=True, slots=True)
class Work:
    """One attempt at some commands: what was decided, and what is known under their keys."""

    unit: Unit
    known: Known

    async def write(self, transaction: Transaction) -> None:
        """All of it; LostRace when something has moved on since it was read."""
        await self.unit.write(transaction, Write(REQUESTS.name, new=self.known.new))


class Desk:
    """Carries out commands and questions."""

    def __init__(self, hearing: Hearing) -> None:
        self._hearing = hearing
        self._waiting: dict[str, deque[Command]] = {}
        self._turns: set[asyncio.Task[None]] = set()
        self._resting: list[Session] = []

    async def do(
        self,
        action: Callable[..., Awaitable[Answer]],
        once: Once | None = None,
        turn: str | None = None,
        about: About | None = None,
    ) -> Answer:
        """Run `action` with the stores it asks for, write what it changed, and return its answer.

        A lost race runs the whole again. Under `once` the same request gets the same answer and changes nothing;
        another request under the same key is Invalid. TryAgain when the database is away; Refused passes through.
        Actions of one `turn` see each other's changes, each whole or not at all; what they are `about` is loaded for
        all of them in one question.
        """
        command = Command.of(action, once, about)
        if turn is None:
            await self._settle([command])
        else:
            self._queue(turn, command)
        answer: Answer = await command.told
        return answer

    def given(self, kind: type[Given]) -> Given:
        """What the service provides: its rules, its id maker."""
        provided: Given = self._hearing.provided[kind]
        return provided

    async def ask(self, question: Callable[..., Awaitable[Found]]) -> Found:
        """Answer a question: nothing is written."""
        unit = self._hearing.unit(self._hearing.database)
        return await question(*Wants.of(question, skip=0).arguments(unit))

    async def note(self, kind: type[Any], made: Callable[..., Any]) -> None:
        """Keep the new state that `made` makes, in one write by itself: nothing is decided on it, nothing said of it.

        TryAgain when the database is away: then it was not kept.
        """
        unit = self._hearing.unit(self._hearing.database)
        store = unit.store(kind)
        document = store.new(made(*Wants.of(made, skip=0).arguments(unit)))
        wanted = {"_id": document.pop("_id")}
        await self._hearing.database.change(store.collection, wanted, {"$setOnInsert": document}, upsert=True)

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
            try:
                self._done(await self._attempt(commands, touched))
            except LostRace as race:
                last = race
                self._hearing.metrics.conflicts.labels("desk").inc()
            else:
                return
        raise last

    async def _attempt(self, commands: Sequence[Command], touched: dict[str, list[str]]) -> Work:
        """The first time decide before the transaction; once a race was lost, `touched` says what to lock first."""
        if not touched:
            work = await self._decide(commands, self._hearing.database)
            touched.update(work.unit.touched())
            async with self._transaction() as transaction:
                await work.write(transaction)
            return work
        async with self._transaction() as transaction:
            await lock(transaction, touched)
            work = await self._decide(commands, transaction)
            touched.update(work.unit.touched())
            await work.write(transaction)
        return work

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Transaction]:
        """A transaction on a session that has rested since its last one; after an error a session is given up."""
        session = self._resting.pop() if self._resting else await self._hearing.database.session()
        try:
            async with session.transaction() as transaction:
                yield transaction
        except BaseException:
            await session.close()
            raise
        self._resting.append(session)

    async def _decide(self, commands: Sequence[Command], reads: Reads) -> Work:
        unit = self._hearing.unit(reads)
        known, *_ = await reads.together(
            Known.of(reads, [command.once for command in commands], self._hearing.seal),
            *loading(unit, _together(command.early(unit) for command in commands)),
        )
        work = Work(unit, known)
        for command in commands:
            command.outcome = await self._outcome(command, unit, known)
        return work

    def _done(self, work: Work) -> None:
        for said in work.unit.says:
            self._hearing.metrics.said.labels(said.event.type).inc()
        self._hearing.news.set()

    async def _outcome(self, command: Command, unit: Unit, known: Known) -> BaseModel | Exception:
        """The answer, or why there is none: then nothing of it counts, and the others go on."""
        try:
            answer = known.answer(command.once, get_type_hints(command.wants.function)["return"])
            if answer is None:
                answer = await command.run(unit)
                if command.once is not None:
                    known.note(command.once, answer, unit.voice.at)
        except (TryAgain, LostRace, Outdated):
            raise
        except Exception as error:
            unit.discard()
            return error
        return answer


def _together(wanted: Iterable[Early]) -> Early:
    """The ids of each kind, of all who want some."""
    found: defaultdict[type[Any], set[str]] = defaultdict(set)
    for one in wanted:
        for kind, ids in one.items():
            found[kind].update(ids)
    return found


def _fault(error: Unwritable | LostRace) -> Exception:
    """What the caller is told of a command that can't be written."""
    if isinstance(error, Unwritable):
        return Invalid("unwritable", *TOO_LARGE)
    return Refused("taken", *IS_TAKEN) if isinstance(error, Taken) else TryAgain("others write the same all the time")


async def _awaited(decision: Awaitable[Answer]) -> Answer:
    return await decision
