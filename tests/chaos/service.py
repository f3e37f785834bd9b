"""A service as the run starts it: its own main, with named steps around what it calls, and two faults in routing.

`python -m tests.chaos.service routing`. Production code knows nothing of it: what is wrapped are the public calls of
the database, of Kafka's clients and of the channel; who calls is kept in a context variable.
"""

import asyncio
import importlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from unittest.mock import patch

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from services.intake.mail.postbox import Postbox
from services.notify.channels.email import EmailChannel
from services.notify.sender import Sender
from shared.contracts.intake_contacts import ContactRegistered
from shared.contracts.routing_matters import MatterOpened
from shared.contracts.streams import INTAKE_CONTACTS
from shared.platform import mongo_writes
from shared.platform.batch import Batch
from shared.platform.bus import Bus
from shared.platform.database import Document, Write
from shared.platform.handlers import Handler, Wants
from shared.platform.listener import Listener
from shared.platform.mongo import MongoDatabase
from shared.platform.mongo_session import MongoSession, MongoTransaction
from shared.platform.outbox import OUTBOX
from shared.platform.parking import Parking
from shared.platform.relay import Relay
from shared.platform.timers import Timers
from shared.platform.work import KEPT
from tests.chaos.records import FAULTY, VANISHING
from tests.chaos.steps import FOLDER, Orders

PLATFORM = {collection.name for collection in KEPT}
Call = Callable[..., Awaitable[Any]]
WHO = ContextVar("who", default="service")
CLAIMED: ContextVar[bool] = ContextVar("claimed", default=False)


class Steps:
    """The steps of one service."""

    def __init__(self, service: str, orders: Orders) -> None:
        self._service, self._orders = service, orders

    def passed(self, what: str) -> None:
        """Whoever is at work passes a step."""
        self._orders.passed(self._service, f"{WHO.get()}: {what}")

    def put_in(self) -> None:
        """Put them around everything that the pipeline, the relay, the timers and the sender call."""
        for kind, method, who in ACTORS:
            _wrap(kind, method, _as(who))
        _wrap(MongoDatabase, "find", self._after_what_was_found("read"))
        _wrap(MongoDatabase, "change", self._after("changed"))
        _wrap(MongoDatabase, "delete", self._after("deleted"))
        for method in ("update", "insert"):
            _wrap(MongoTransaction, method, self._after_what_was_given("wrote"))
        _wrap(mongo_writes, "done", self._after_each_of_several)
        _wrap(MongoSession, "transaction", self._around_a_transaction)
        _wrap(AIOKafkaConsumer, "getmany", self._after_a_poll)
        _wrap(AIOKafkaConsumer, "commit", self._both("before offsets", "after offsets"))
        _wrap(AIOKafkaProducer, "start", self._then("producer started"))
        _wrap(AIOKafkaProducer, "send", self._then("sent"))
        _wrap(AIOKafkaProducer, "commit_transaction", self._both("before Kafka's commit", "after Kafka's commit"))
        _wrap(EmailChannel, "send", self._both("before hand-over", "after hand-over"))
        _wrap(Postbox, "take", self._then("mail taken"))

    def _both(self, before: str, after: str) -> Callable[[Call], Call]:
        def wrapped(call: Call) -> Call:
            async def stepped(*arguments: Any, **named: Any) -> Any:
                self.passed(before)
                result = await call(*arguments, **named)
                self.passed(after)
                return result

            return stepped

        return wrapped

    def _then(self, after: str) -> Callable[[Call], Call]:
        def wrapped(call: Call) -> Call:
            async def stepped(*arguments: Any, **named: Any) -> Any:
                result = await call(*arguments, **named)
                self.passed(after)
                return result

            return stepped

        return wrapped

    def _after(self, verb: str) -> Callable[[Call], Call]:
        def wrapped(call: Call) -> Call:
            async def stepped(owner: Any, collection: str, *arguments: Any, **named: Any) -> Any:
                result = await call(owner, collection, *arguments, **named)
                self.passed(f"{verb} {_kind(collection)}")
                return result

            return stepped

        return wrapped

    def _after_what_was_found(self, verb: str) -> Callable[[Call], Call]:
        def wrapped(call: Call) -> Call:
            async def stepped(owner: Any, collection: str, *arguments: Any, **named: Any) -> Any:
                found = await call(owner, collection, *arguments, **named)
                if found:
                    self.passed(f"{verb} {_kind(collection)}")
                return found

            return stepped

        return wrapped

    def _after_what_was_given(self, verb: str) -> Callable[[Call], Call]:
        def wrapped(call: Call) -> Call:
            async def stepped(owner: Any, collection: str, given: Any) -> Any:
                result = await call(owner, collection, given)
                if given:
                    self.passed(f"{verb} {_kind(collection)}")
                return result

            return stepped

        return wrapped

    def _after_each_of_several(self, done: Callable[[Write, Document], None]) -> Callable[[Write, Document], None]:
        def stepped(one: Write, reply: Document) -> None:
            done(one, reply)
            self.passed(f"wrote {_kind(one.collection)}")

        return stepped

    def _after_a_poll(self, call: Call) -> Call:
        async def stepped(*arguments: Any, **named: Any) -> Any:
            polled = await call(*arguments, **named)
            if polled:
                self.passed("polled")
            return polled

        return stepped

    def _around_a_transaction(self, call: Callable[..., Any]) -> Callable[..., Any]:
        @asynccontextmanager
        async def stepped(session: MongoSession) -> AsyncIterator[MongoTransaction]:
            before, after = self._names()
            self.passed("decided")
            async with call(session) as transaction:
                yield transaction
                self.passed(before)
            self.passed(after)

        return stepped

    def _names(self) -> tuple[str, str]:
        """A look of the sender keeps first its claim, then its marks."""
        if WHO.get() != "sender":
            return "before commit", "after commit"
        if CLAIMED.get():
            return "before commit of the mark", "mark kept"
        CLAIMED.set(True)
        return "before commit of the claim", "claim kept"


ACTORS = (
    (Listener, "run", "listener"),
    (Batch, "take", "batch"),
    (Relay, "run", "relay"),
    (Timers, "run", "timers"),
    (Parking, "wake", "waker"),
    (Parking, "wake_due", "waker"),
    (Sender, "look", "sender"),
)


def _kind(collection: str) -> str:
    return collection if collection in PLATFORM else "state"


def _as(who: str) -> Callable[[Call], Call]:
    def wrapped(call: Call) -> Call:
        async def acting(*arguments: Any, **named: Any) -> Any:
            before = WHO.set(who)
            CLAIMED.set(False)
            try:
                return await call(*arguments, **named)
            finally:
                WHO.reset(before)

        return acting

    return wrapped


def _wrap(kind: Any, method: str, around: Callable[[Any], Any]) -> None:
    patch.object(kind, method, around(getattr(kind, method))).start()


def break_handler(bus: Bus) -> None:
    """routing fails on contacts of one case type, as a bad release would."""
    sound = bus.heard[INTAKE_CONTACTS.topic][ContactRegistered.type]

    async def faulty(event: ContactRegistered, *arguments: Any) -> None:
        if FAULTY in event.case_types:
            raise ZeroDivisionError("the fault that was switched on")
        await sound.wants.function(event, *arguments)

    wants = Wants(faulty, sound.wants.kinds)
    bus.heard[INTAKE_CONTACTS.topic][ContactRegistered.type] = Handler(sound.kind, wants, sound.about)


def lose_openings() -> None:
    """routing's outbox loses the opening of matters of one case type, before anybody has read it."""

    def wrapped(call: Call) -> Call:
        async def losing(database: MongoDatabase, collection: str, *arguments: Any, **named: Any) -> Any:
            found = await call(database, collection, *arguments, **named)
            if collection != OUTBOX.name:
                return found
            lost = [one["_id"] for one in found if _vanishes(one)]
            if lost:
                await database.delete(OUTBOX.name, {"_id": {"$in": lost}})
            return [one for one in found if one["_id"] not in lost]

        return losing

    _wrap(MongoDatabase, "find", wrapped)


def _vanishes(said: dict[str, Any]) -> bool:
    return bytes(said["h"]["ce_type"]).decode() == MatterOpened.type and VANISHING.encode() in bytes(said["b"])


def tell_what_it_waits_for(*_: object) -> None:
    """On SIGUSR1: where each task stands, in the log."""
    for task in asyncio.all_tasks():
        sys.stderr.write(f"{task.get_name()} waits at {' > '.join(_awaited(task.get_coro()))}\n")
    sys.stderr.flush()


def _awaited(coroutine: Any) -> Iterator[str]:
    while (frame := getattr(coroutine, "cr_frame", None) or getattr(coroutine, "ag_frame", None)) is not None:
        yield f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_name}:{frame.f_lineno}"
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "ag_await", None)


def main(service: str) -> None:
    """Run the service with its steps."""
    signal.signal(signal.SIGUSR1, tell_what_it_waits_for)
    app = importlib.import_module(f"services.{service}.app")
    if service == "routing":
        break_handler(app.bus)
        lose_openings()
    Steps(service, Orders(Path(os.environ[FOLDER]))).put_in()
    app.main()


if __name__ == "__main__":
    main(sys.argv[1])
