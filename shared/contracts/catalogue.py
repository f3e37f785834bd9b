"""The catalogue: every event class and every stream of ours, found in this package."""

import pkgutil
from functools import cache
from importlib import import_module
from pathlib import Path

import shared.contracts as contracts
from shared.contracts import streams
from shared.contracts.event import Event
from shared.contracts.streams import Stream

SAMPLES = Path(__file__).with_name("samples")


@cache
def all_events() -> tuple[type[Event], ...]:
    """Every event class, by type."""
    for module in pkgutil.iter_modules(contracts.__path__, f"{contracts.__name__}."):
        import_module(module.name)
    found = [event for event in Event.__subclasses__() if event.__module__.startswith(f"{contracts.__name__}.")]
    return tuple(sorted(found, key=lambda event: event.type))


def event_for(type_: str) -> type[Event] | None:
    """The class of a CloudEvents type, None when we do not know it."""
    return _by_type().get(type_)


@cache
def all_streams() -> tuple[Stream, ...]:
    """Every topic of our own, in the order of `streams.py`; inboxes come from settings."""
    declared = (value for value in vars(streams).values() if isinstance(value, Stream))
    return tuple(stream for stream in declared if stream.owner not in ("inbox", "platform"))


def events_on(stream: Stream) -> tuple[type[Event], ...]:
    """The events that may be said on a stream; rejections and parked ones are the platform's, on each service's own."""
    return tuple(event for event in all_events() if _carries(stream, event.stream))


def samples_of(event: type[Event]) -> tuple[Path, ...]:
    """The sample files of an event, its first one first."""
    version = event.type.rpartition(".")[2]
    first, others = SAMPLES / f"{event.__name__}.{version}.json", f"{event.__name__}.{version}.*.json"
    return (*([first] if first.exists() else []), *sorted(SAMPLES.glob(others)))


@cache
def _by_type() -> dict[str, type[Event]]:
    return {event.type: event for event in all_events()}


def _carries(stream: Stream, declared: Stream) -> bool:
    if declared.is_inbox:
        return stream.is_inbox
    return declared.topic.replace("<service>", stream.owner) == stream.topic
