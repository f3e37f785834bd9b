"""Who hears what: read from the Bus that each service's handlers declare."""

from collections import defaultdict
from importlib import import_module
from typing import Any

from shared.contracts.catalogue import all_streams


def services() -> tuple[str, ...]:
    """The names of the services: the owners of our streams."""
    return tuple(dict.fromkeys(stream.owner for stream in all_streams()))


def listeners() -> dict[str, tuple[str, ...]]:
    """The services that hear each event type, in the order of `services`."""
    heard: dict[str, list[str]] = defaultdict(list)
    for service in services():
        for type_ in _heard_by(service):
            heard[type_].append(service)
    return {type_: tuple(names) for type_, names in sorted(heard.items())}


def unwritten() -> tuple[str, ...]:
    """The services that declare no Bus yet."""
    return tuple(service for service in services() if bus_of(service) is None)


def _heard_by(service: str) -> set[str]:
    bus = bus_of(service)
    return set() if bus is None else {type_ for types in bus.heard.values() for type_ in types}


def bus_of(service: str) -> Any:
    """What a service declares to hear and to promise; None while it is not written."""
    try:
        return getattr(import_module(f"services.{service}.handlers"), "bus", None)
    except ModuleNotFoundError as missing:
        # A service in the making hears nothing yet; a library that is not installed is a fault.
        if (missing.name or "").partition(".")[0] in ("services", "shared"):
            return None
        raise
