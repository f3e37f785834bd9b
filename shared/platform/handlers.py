"""A handler and what it asks for: its first parameter is the event, the others are filled by their annotations.

A `datetime` is the moment of the unit of work; `Envelope` and `Origin` tell of the event; a Protocol that the service
keeps gets its store; a dataclass of such things is put together; anything else is what the service has provided (its
rules, its id maker).
"""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, get_type_hints

from shared.contracts.event import Event
from shared.platform.cloudevents import Envelope
from shared.platform.unit import Unit

About = Callable[..., str | Iterable[str]]
"""Which ids an event is about: (event, *what it asks for) -> one id or several."""
Function = Callable[..., Any]


class Origin(NamedTuple):
    """Where an event came in: whose it is and, from an inbox, which publisher said it under which identity.

    `key` is the same each time the same event comes: what ids can be made of.
    """

    municipality: str
    publisher: str | None
    key: str


@dataclass(frozen=True, slots=True)
class Wants:
    """What a function asks for, in the order of its parameters after the first `skip`."""

    function: Function
    kinds: tuple[Any, ...]

    @classmethod
    def of(cls, function: Function, skip: int) -> "Wants":
        """Read a function's annotations once."""
        hints = get_type_hints(function)
        names = list(inspect.signature(function).parameters)[skip:]
        return cls(function, tuple(hints[name] for name in names))

    def arguments(self, unit: Unit, **about: Any) -> list[Any]:
        """The arguments: `about` holds what belongs to this one event, by the name of its class."""
        return [self._argument(kind, unit, about) for kind in self.kinds]

    def _argument(self, kind: Any, unit: Unit, about: Mapping[str, Any]) -> Any:
        if kind is datetime:
            return unit.voice.at
        named = about.get(kind.__name__)
        return unit.given(kind) if named is None else named

    @property
    def personal_to_event(self) -> bool:
        """Whether an argument differs from event to event."""
        return Envelope in self.kinds or Origin in self.kinds


@dataclass(frozen=True, slots=True, eq=False)
class Handler:
    """One function that hears one kind of event; `about` tells for each kept kind which ids a batch should load."""

    kind: type[Event]
    wants: Wants
    about: Mapping[type[Any], Wants]

    @classmethod
    def of(cls, function: Function, about: About | Mapping[type[Any], About] | None) -> "Handler":
        """Read a handler's signature; a bare `about` speaks of the first kept kind it asks for."""
        first = next(iter(inspect.signature(function).parameters))
        kind = get_type_hints(function)[first]
        wants = Wants.of(function, skip=1)
        named = about if isinstance(about, Mapping) else {wants.kinds[0]: about} if about else {}
        return cls(kind, wants, {kept: Wants.of(ids, skip=1) for kept, ids in named.items()})

    def __call__(self, event: Event, unit: Unit, envelope: Envelope, origin: Origin) -> Awaitable[Any]:
        """Act on an event within a unit of work."""
        arguments = unit.arguments.get(self)
        if arguments is None:
            arguments = self.wants.arguments(unit, Envelope=envelope, Origin=origin)
            if not self.wants.personal_to_event:
                unit.arguments[self] = arguments
        acting: Awaitable[Any] = self.wants.function(event, *arguments)
        return acting
