"""One query a collection for all that the events of a batch, or the commands of a turn, are about, before each asks.

It only saves round trips: whatever fails here is met again by the handler that asks for the same, and parks its event.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Iterable, Mapping, Sequence

from shared.contracts.refusal import Refused
from shared.platform.errors import LostRace, Outdated, TryAgain
from shared.platform.handlers import Wants
from shared.platform.hearing import Hearing
from shared.platform.items import Item
from shared.platform.unit import Unit

log = logging.getLogger("kommunkontakt.early")


async def load_early(unit: Unit, items: Sequence[Item], hearing: Hearing) -> None:
    """Load what the handlers' declarations name; TryAgain, LostRace and Outdated pass through."""
    wanted: defaultdict[type, set[str]] = defaultdict(set)
    for item in items:
        if item.handler is not None and item.event is not None:
            for kind, about in item.handler.about.items():
                wanted[kind].update(_asked(about, item, unit, hearing))
    await load_all(unit, wanted)


async def load_all(unit: Unit, wanted: Mapping[type, Iterable[str]]) -> None:
    """Load these aggregates of each kind, and the keys that open them, one after the other."""
    await _tried(unit.load_keys(wanted))
    for kind, aggregate_ids in wanted.items():
        await _tried(_load(unit, kind, aggregate_ids))


async def load_at_once(unit: Unit, wanted: Mapping[type, Iterable[str]]) -> None:
    """Load them all at the same time, which no transaction allows: only for a unit that reads from the database."""
    found = (_load(unit, kind, aggregate_ids) for kind, aggregate_ids in wanted.items())
    await asyncio.gather(*map(_tried, (unit.load_keys(wanted), *found)))


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


async def _tried(loading: Awaitable[None]) -> None:
    try:
        await loading
    except (TryAgain, LostRace, Outdated):
        raise
    except Exception as error:
        log.error("a document cannot be read", extra={"reason": type(error).__name__})
