"""Promises: what is due is done, once, also after downtime. Level-triggered: state says what is due, a rule what then.

An aggregate's `due_at` is the next moment at which something may have to happen. One instance at a time looks (a
lease); that a thing is done once rests on versions, not on the lease.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shared.platform.database import Document, Transaction, statement
from shared.platform.errors import LostRace, Outdated, TryAgain
from shared.platform.handlers import Function, Wants
from shared.platform.hearing import Hearing
from shared.platform.leases import Lease
from shared.platform.outbox import Cause
from shared.platform.parked import PARKED, Kind, parking, told, why
from shared.platform.unit import Unit, write_matching

AT_ONCE = 200
LONGEST_WAIT = timedelta(seconds=30)
LOOK_EVERY = 0.25

Versions = Mapping[str, int]
"""Aggregates that are due, and the versions in which they were seen so."""
Failed = tuple[str, int, Exception]

log = logging.getLogger("kommunkontakt.timers")


@dataclass(frozen=True, slots=True)
class Promise:
    """One kind of aggregate and the function that is called when it is due: (aggregate, *what it asks for)."""

    kind: type[Any]
    wants: Wants

    @property
    def name(self) -> str:
        """The function's name: what metrics and parked rows call it."""
        return self.wants.function.__name__

    @classmethod
    def of(cls, kind: type[Any], function: Function) -> "Promise":
        """Read the function's signature."""
        return cls(kind, Wants.of(function, skip=1))


class Timers:
    """Keeps a service's promises."""

    def __init__(self, hearing: Hearing, promises: tuple[Promise, ...], lease: Lease) -> None:
        self._hearing, self._promises, self._lease = hearing, promises, lease
        self.trouble: str | None = None

    async def run(self) -> None:
        """Look for what is due, again and again."""
        while True:
            try:
                busy = await self._lease.hold() and await self.keep_due()
                self.trouble = None
            except (TryAgain, LostRace) as away:
                self.trouble, busy = str(away), 0
            await asyncio.sleep(0 if busy else LOOK_EVERY)

    async def let_go(self) -> None:
        """Give the lease back."""
        await self._lease.let_go()

    async def keep_due(self) -> int:
        """One look: what is due now is done. Returns how many aggregates were acted on."""
        return sum([await self._keep(promise) for promise in self._promises])

    async def _keep(self, promise: Promise) -> int:
        hearing, store = self._hearing, self._hearing.shelf[promise.kind]
        query = {"due_at": {"$lte": hearing.clock.now()}}
        due = await hearing.database.find(store.collection, query, sort=(("due_at", 1),), limit=AT_ONCE)
        if due:
            await self._act(promise, due)
        return len(due)

    async def _act(self, promise: Promise, due: list[Document]) -> None:
        """All in one unit of work; should that be refused or lost, one by one."""
        versions = {found["_id"]: found["_v"] for found in due}
        try:
            await self._together(promise, versions)
        except (TryAgain, Outdated):
            raise
        except Exception:
            for aggregate_id, version in versions.items():
                await self._alone(promise, {aggregate_id: version})

    async def _alone(self, promise: Promise, versions: Versions) -> None:
        try:
            await self._together(promise, versions)
        except LostRace:
            return  # it has changed: the next look sees it as it now is
        except (TryAgain, Outdated):
            raise
        except Exception as error:
            await self._write(promise, None, [(one, version, error) for one, version in versions.items()])

    async def _together(self, promise: Promise, versions: Versions) -> None:
        hearing = self._hearing
        unit = hearing.unit(hearing.database)
        await unit.store(promise.kind).load(versions)
        failed: list[Failed] = []
        for aggregate_id, version in versions.items():
            try:
                await self._one(promise, unit, aggregate_id)
            except (TryAgain, LostRace, Outdated):
                raise
            except Exception as error:
                unit.discard()
                unit.trail.fails(type(error).__name__)
                failed.append((aggregate_id, version, error))
        await self._write(promise, unit, failed)
        hearing.metrics.timers_kept.labels(promise.name).inc(len(versions) - len(failed))
        hearing.news.set()
        unit.trail.told()

    async def _one(self, promise: Promise, unit: Unit, aggregate_id: str) -> None:
        store = unit.store(promise.kind)
        before = await store.get(aggregate_id)
        if before is None or before.due_at is None or before.due_at > unit.voice.at:
            return
        context = unit.trail.keeps(promise.name)
        await promise.wants.function(before, *promise.wants.arguments(unit))
        after = await store.get(aggregate_id)
        if after is not None and after.due_at is not None and after.due_at <= unit.voice.at:
            raise RuntimeError("a promise that was kept must say when the next one is due")
        unit.merge(Cause(traceparent=context))

    async def _write(self, promise: Promise, unit: Unit | None, failed: list[Failed]) -> None:
        session = await self._hearing.database.session()
        try:
            async with session.transaction() as transaction:
                if unit is not None:
                    await unit.write(transaction)
                for one in failed:
                    await self._park(transaction, promise, one)
        finally:
            await session.close()

    async def _park(self, transaction: Transaction, promise: Promise, failed: Failed) -> None:
        """A promise that can't be kept waits for a person, so that it neither spins nor disappears."""
        aggregate_id, version, error = failed
        collection = self._hearing.shelf[promise.kind].collection
        log.error("a promise could not be kept", extra={"timer": promise.name, "subject": aggregate_id}, exc_info=error)
        as_it_was = {"_id": aggregate_id, "_v": version}
        await write_matching(transaction, collection, [statement(as_it_was, {"$unset": {"due_at": ""}})])
        await transaction.update(PARKED.name, [parking(self._row(promise, collection, aggregate_id, error))])

    def _row(self, promise: Promise, collection: str, aggregate_id: str, error: Exception) -> Document:
        self._hearing.metrics.parked.labels(promise.name).inc()
        return {
            "_id": f"timer.{collection}.{aggregate_id}",
            "open": True,
            "kind": Kind.TIMER.value,
            "municipality": aggregate_id[:4],
            "lane": None,
            "order": 0,
            "topic": None,
            "place": promise.name,
            "type": None,
            "subject": aggregate_id,
            "collection": collection,
            "source": None,
            "event_id": None,
            "correlation": None,
            **told(why(error, inbox=False)),
            "at": self._hearing.clock.now(),
            "retry_at": self._hearing.wall.now() + LONGEST_WAIT,
            "tries": 0,
        }
