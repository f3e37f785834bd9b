"""The bus of a service: FastStream's broker, so that handlers are ordinary subscribers, with our loop under it.

`hear` and `when_due` declare; nothing is connected before `start`. AsyncAPI, `TestKafkaBroker` and
`FastStream(bus).run()` see ordinary FastStream subscribers; at work our listeners carry the records
(docs/promises.md says why).
"""

from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Protocol, TypeVar

from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.annotations import KafkaMessage as Incoming

from shared.contracts.event import Event
from shared.contracts.streams import Stream
from shared.platform.cloudevents import decode
from shared.platform.handlers import About, Function, Handler
from shared.platform.hearing import Hearing
from shared.platform.outbox import Cause
from shared.platform.timers import Promise
from shared.platform.understand import Record, from_envelope

Declared = TypeVar("Declared", bound=Function)


class Work(Protocol):
    """What runs under the bus: listeners, relay, timers."""

    hearing: Hearing

    async def start(self) -> None:
        """Begin."""
        ...

    async def stop(self) -> None:
        """Finish what is in hand, and leave."""
        ...


class Bus(KafkaBroker):
    """What one service hears and promises. Only the public `start` and `stop` of the broker are replaced."""

    def __init__(self, service: str) -> None:
        super().__init__("localhost:9092")
        self.service = service
        self.heard: dict[str, dict[str, Handler]] = {}
        self.promises: list[Promise] = []
        self.recalls: dict[str, Handler] = {}
        self._by_topic: dict[str, Any] = {}
        self._work: Work | None = None

    def hear(
        self, stream: Stream, about: About | Mapping[type[Any], About] | None = None
    ) -> Callable[[Declared], Declared]:
        """Declare what is done about one type of event of a stream; `about` says which aggregates a batch loads:
        (event, *what it asks for) -> one id or several, for the first kind that the function asks for or for each."""

        def declared(function: Declared) -> Declared:
            handler = Handler.of(function, about)
            self.heard.setdefault(stream.topic, {})[handler.kind.type] = handler
            self._subscribe(stream.topic, handler)
            return function

        return declared

    def when_due(self, kind: type[Any]) -> Callable[[Declared], Declared]:
        """Declare what is done about an aggregate when its `due_at` has come: (aggregate, *what it asks for)."""

        def declared(function: Declared) -> Declared:
            self.promises.append(Promise.of(kind, function))
            return function

        return declared

    def recall(self, function: Declared) -> Declared:
        """Declare what is done, after a restore, about an event of our own from the lost time: (event, *what it asks
        for).
        """
        handler = Handler.of(function, None)
        self.recalls[handler.kind.type] = handler
        return function

    def wire(self, work: Work) -> None:
        """Say what runs under the bus; `start` starts it."""
        self._work = work

    async def start(self) -> None:
        """Start our own listeners in the place of FastStream's consumers."""
        if self._work is None:
            raise RuntimeError("the bus is not wired: create_app does that")
        await self._work.start()
        self.running = True

    async def stop(
        self,
        exc_type: type[BaseException] | None = None,
        exc_val: BaseException | None = None,
        exc_tb: TracebackType | None = None,
    ) -> None:
        """Finish the batches in hand and leave the group."""
        if self._work is not None:
            await self._work.stop()
        self.running = False

    def _subscribe(self, topic: str, handler: Handler) -> None:
        subscriber = self._by_topic.get(topic)
        if subscriber is None:
            subscriber = self.subscriber(topic, group_id=self.service, title=topic, ack_policy=AckPolicy.MANUAL)
            self._by_topic[topic] = subscriber
        decoder = _erasing(handler.kind) if handler.kind.tombstone else None
        subscriber(filter=_only(handler.kind.type), decoder=decoder)(self._through_a_unit(handler))

    def _through_a_unit(self, handler: Handler) -> Callable[..., Awaitable[None]]:
        """The handler as FastStream calls it: one event, one unit of work, on whatever database is wired."""

        async def heard(event: Any, message: Incoming) -> None:
            if self._work is None:
                raise RuntimeError("the bus is not wired: create_app does that")
            await act_once(self._work.hearing, handler, event, _record(message))

        heard.__annotations__["event"] = handler.kind
        heard.__name__ = handler.wants.function.__name__
        heard.__doc__ = handler.wants.function.__doc__
        return heard


async def act_once(hearing: Hearing, handler: Handler, event: Any, record: Record) -> None:
    """Act on one event that came another way than our listener, in a unit of work of its own."""
    envelope, _ = decode(record.headers, record.value)
    session = await hearing.database.session()
    try:
        async with session.transaction() as transaction:
            unit = hearing.unit(transaction)
            await handler(event, unit, envelope, hearing.origin(record.topic, envelope))
            unit.merge(Cause.of(envelope))
            await unit.write(transaction)
    finally:
        await session.close()


def _only(type_: str) -> Callable[[KafkaMessage], Awaitable[bool]]:
    async def is_it(message: KafkaMessage) -> bool:
        return bool(message.headers.get("ce_type") == type_)

    return is_it


def _erasing(kind: type[Event]) -> Callable[[KafkaMessage], Awaitable[Any]]:
    """FastStream reads bodies, and a tombstone has none."""

    async def from_headers(message: KafkaMessage) -> Any:
        record = _record(message)
        return from_envelope(kind, decode(record.headers, record.value)[0])

    return from_headers


def _record(message: KafkaMessage) -> Record:
    raw: Any = message.raw_message
    return Record(raw.topic, raw.partition, raw.offset, raw.key, raw.value, raw.headers)
