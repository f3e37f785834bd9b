"""Who hears what: read from the Bus that each service's handlers declare."""

from collections import defaultdict
from importlib import import_module

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
    """The services that have no handlers yet."""
    return tuple(service for service in services() if _handlers(service) is None)


def _heard_by(service: str) -> set[str]:
    bus = getattr(_handlers(service), "bus", None)
    return {type_ for types in bus.heard.values() for type_ in types} if bus is not None else set()


def _handlers(service: str) -> object | None:
    name = f"services.{service}.handlers"
    try:
        return import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name in (name, f"services.{service}"):
            return None
        raise
