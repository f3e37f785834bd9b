"""Traces: which step of a story was taken where, and for how long. Until an endpoint is set nothing is made, or loaded.

A step's context goes on as `traceparent`, in a request's log and in what is said, so that who hears it takes the next
step of the same trace. `otlp.py` makes real ones.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from shared.platform.cloudevents import Envelope
from shared.platform.understand import Record


class Trail(Protocol):
    """The steps of one unit of work. They are told when it is kept: an attempt that was lost leaves none."""

    def hears(self, record: Record, envelope: Envelope, *, own: bool) -> Envelope:
        """An event is acted on from now on; returns its envelope with the context that goes on from this step."""
        ...

    def keeps(self, promise: str) -> str | None:
        """A promise is kept from now on: a new trace begins, whose context is returned."""
        ...

    def fails(self, error: str) -> None:
        """The step in hand came to nothing, for an error of this class."""
        ...

    def told(self) -> None:
        """The unit of work was kept."""
        ...


class Served(Protocol):
    """One request on its way through a door."""

    traceparent: str | None

    def answered(self, route: str | None, status: int) -> None:
        """It was answered; `route` is the door's pattern, None when there is no such door."""
        ...


class Carried(Protocol):
    """One message on its way out of a channel."""

    def ended(self, outcome: str) -> None:
        """What became of it."""
        ...


class Traces(Protocol):
    """What a service tells of its steps."""

    def trail(self) -> Trail:
        """The steps of a unit of work that begins now."""
        ...

    def serves(self, path: str, method: str, traceparent: str | None) -> Served:
        """A request has come in; who asks may have sent a context."""
        ...

    def sends(self, said: Sequence[Mapping[str, Any]]) -> AbstractContextManager[None]:
        """These outbox documents are published within."""
        ...

    def hands_over(self, channel: str, message_id: str, traceparent: str | None) -> AbstractContextManager[Carried]:
        """A message is handed over within, as a step of the trace that planned it."""
        ...

    async def close(self) -> None:
        """Send what is left, in a second at most."""
        ...


class _Passed:
    """A request or a message of which nothing is told."""

    def __init__(self, traceparent: str | None) -> None:
        self.traceparent = traceparent

    def answered(self, route: str | None, status: int) -> None:
        """Nobody wants to know."""

    def ended(self, outcome: str) -> None:
        """Nobody wants to know."""


class Untraced:
    """No endpoint is set: contexts of others are carried on, and nothing is made."""

    def trail(self) -> Trail:
        """See `Traces`."""
        return self

    def hears(self, record: Record, envelope: Envelope, *, own: bool) -> Envelope:
        """See `Trail`."""
        return envelope

    def keeps(self, promise: str) -> str | None:
        """See `Trail`."""
        return None

    def fails(self, error: str) -> None:
        """See `Trail`."""

    def told(self) -> None:
        """See `Trail`."""

    def serves(self, path: str, method: str, traceparent: str | None) -> Served:
        """See `Traces`."""
        return _Passed(traceparent)

    def sends(self, said: Sequence[Mapping[str, Any]]) -> AbstractContextManager[None]:
        """See `Traces`."""
        return nullcontext()

    def hands_over(self, channel: str, message_id: str, traceparent: str | None) -> AbstractContextManager[Carried]:
        """See `Traces`."""
        return nullcontext(_Passed(traceparent))

    async def close(self) -> None:
        """See `Traces`."""


UNTRACED = Untraced()


def traces_for(endpoint: str | None, service: str, instance: str, version: str) -> Traces:
    """Where an endpoint is set, traces that go there; OpenTelemetry is loaded only then."""
    if endpoint is None:
        return UNTRACED
    from shared.platform.otlp import exported

    return exported(endpoint, service, instance, version)
