"""One question for all that the events of a batch, or the commands of a turn, are about, before each asks.

It only saves round trips: whatever fails here is met again by the handler that asks for the same, and parks its event.
"""

import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from shared.contracts.refusal import Refused
from shared.platform.errors import LostRace, Outdated, TryAgain
from shared.platform.handlers import Wants
from shared.platform.hearing import Hearing
from shared.platform.items import Item
from shared.platform.unit import Unit

log = logging.getLogger("kommunkontakt.early")


def loading_early(unit: Unit, items: Sequence[Item], hearing: Hearing) -> list[Awaitable[None]]:
    """What loads all that the handlers' declarations name, as `loading`."""
    wanted: defaultdict[type, set[str]] = defaultdict(set)
    for item in items:
        if item.handler is not None and item.event is not None:
            for kind, about in item.handler.about.items():
                wanted[kind].update(_asked(about, item, unit, hearing))
    return loading(unit, wanted)


def loading(unit: Unit, wanted: Mapping[type, Iterable[str]]) -> list[Awaitable[None]]:
    """What loads these aggregates of each kind, and the keys that open them: to be asked together.

    TryAgain, LostRace and Outdated pass through.
    """
    found = (_tried(_load, unit, kind, aggregate_ids) for kind, aggregate_ids in wanted.items())
    return [_tried(unit.load_keys, wanted), *found]


def _asked(about: Wants, item: Item, unit: Unit, hearing: Hearing) -> Iterable[str]:
    try:
        _, event, envelope = item.ready()
        origin = hearing.origin(item.record.topic, envelope) if about.kinds else None
        ids = about.function(event, *about.arguments(unit, Envelope=envelope, Origin=origin))
        return (ids,) if isinstance(ids, str) else tuple(ids)
    except Refused:
        return ()
    except Exception as error:
        log.error("about does not work", extra={"reason": type(error).__name__})
        return ()


async def _load(unit: Unit, kind: type, aggregate_ids: Iterable[str]) -> None:
    await unit.store(kind).load(aggregate_ids)


async def _tried(load: Callable[..., Awaitable[None]], *about: Any) -> None:
    try:
        await load(*about)
    except (TryAgain, LostRace, Outdated):
        raise
    except Exception as error:
        log.error("a document cannot be read", extra={"reason": type(error).__name__})
