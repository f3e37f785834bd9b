"""The daily run of the retention plan: one instance at a time, in small batches, each a unit of work of its own.

That a thing goes once rests on the run's own document and on versions, not on the lease: whoever is killed, the next
goes on where the run stands. A package is whole in the archive before its contact is erased here.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from services.intake.model.retention import RetentionRun
from services.intake.retention.looking import Kept, Look, Seen, looked
from services.intake.retention.package import NotPacked, Parcel, hand_over
from services.intake.retention.taking import Came, Hands, Prints, parcel_of, pass_by, run_begun, take_batch
from services.intake.rules.arrival_day import day_of
from services.intake.rules.retention import RetentionPlan, run_id
from services.intake.store.retention import RetentionRuns
from shared.platform.clock import Clock
from shared.platform.desk import Desk
from shared.platform.errors import LostRace, Outdated, TryAgain
from shared.platform.files import Files
from shared.platform.leases import Lease

AT_ONCE = 100
LOOK_EVERY, WAITS = 5.0, 0.5
BREATH = 0.05
"""Between two batches, so that those who wait for an answer go first."""
NAME = "retention"

log = logging.getLogger("kommunkontakt.intake.retention")


@dataclass(slots=True)
class RetentionJob:
    """Carries out the plan of each municipality that has decided on one, once a day."""

    desk: Desk
    plan: RetentionPlan
    archive: Path | None
    clock: Clock
    lease: Lease
    at_once: int = AT_ONCE
    trouble: str | None = None
    _ended: frozenset[tuple[str, date]] = frozenset()

    async def run(self) -> None:
        """Look again and again whether a run is to be gone on with; nothing that is wrong here stops the doors."""
        while True:
            busy = False
            try:
                busy = await self.step()
            except (TryAgain, LostRace, Outdated) as away:
                log.info("the retention plan waits", extra={"reason": str(away)})
            except Exception as error:
                log.error("the retention plan stands still", exc_info=error)
            await asyncio.sleep(BREATH if busy else LOOK_EVERY)

    async def step(self) -> bool:
        """One batch of one municipality, when today's runs have not all ended and nobody else is at it."""
        look = await self._next()
        if look is None or not await self.lease.hold():
            return False
        try:
            await self._take(look)
        except (TryAgain, LostRace, Outdated):
            raise
        except Exception as error:
            log.error("a batch of the retention plan failed", extra={"place": look.group}, exc_info=error)
            await self._one_by_one(look)
        return True

    async def finish(self) -> None:
        """Go on until today's runs have all ended, whoever carries them out."""
        while await self._next() is not None:
            if not await self.step():
                await asyncio.sleep(WAITS)

    async def _next(self) -> Look | None:
        """The next batch of today's runs; None when they have all ended."""
        today = day_of(self.clock.now())
        for town in self.plan.decided(today):
            if (town, today) in self._ended:
                continue
            run = await self.desk.ask(_standing(town, today))
            if run.group is not None:
                return Look(town, run.group, today, today, run.place, self.at_once)
            self._ended = frozenset({*(one for one in self._ended if one[1] == today), (town, today)})
        return None

    async def _take(self, look: Look) -> None:
        packed = {} if self.archive is None else await self._packed(look, self.archive)

        async def take(hands: Hands, at: datetime) -> Came:
            return await take_batch(look, packed, hands, at)

        await self.desk.do(take)

    async def _one_by_one(self, look: Look) -> None:
        """What cannot be taken is passed by until tomorrow; the others go."""
        for one in await self.desk.ask(_seen(look)):
            single = replace(look, limit=1)
            try:
                await self._take(single)
            except (TryAgain, LostRace, Outdated):
                raise
            except Exception as error:
                log.error("something due cannot be taken", extra={"subject": one.place[1]}, exc_info=error)
                await self.desk.do(_passing(single, one))
            look = replace(look, after=one.place)

    async def _packed(self, look: Look, folder: Path) -> Prints:
        """Hand what goes to the archive there; what could not be handed over stays here."""
        parcels, files = await self.desk.ask(_parcels(look)), self.desk.given(Files)
        packed: dict[str, str] = {}
        for parcel in parcels:
            contact_id = parcel.contact.contact_id
            try:
                packed[contact_id] = await hand_over(parcel, folder, files, self.clock.now())
            except NotPacked as why:
                log.error("a contact could not be archived", extra={"subject": contact_id, "reason": str(why)})
        return packed


def _standing(municipality: str, today: date) -> Callable[..., Awaitable[RetentionRun]]:
    async def standing(runs: RetentionRuns, at: datetime) -> RetentionRun:
        known = await runs.get(run_id(municipality, today))
        return known or run_begun(Look(municipality, "", today, today, None, 0), at)

    return standing


def _seen(look: Look) -> Callable[..., Awaitable[list[Seen]]]:
    async def seen(kept: Kept) -> list[Seen]:
        return await looked(look, kept)

    return seen


def _parcels(look: Look) -> Callable[..., Awaitable[list[Parcel]]]:
    async def parcels(hands: Hands) -> list[Parcel]:
        due = [one.judgement for one in await looked(look, hands.kept) if one.judgement is not None]
        going = [one for one in due if one.standing == "goes" and one.rule.fate == "archive"]
        found = [await parcel_of(one, hands) for one in going]
        return [one for one in found if one is not None]

    return parcels


def _passing(look: Look, one: Seen) -> Callable[..., Awaitable[Came]]:
    async def passing(hands: Hands, at: datetime) -> Came:
        return await pass_by(look, one.place, hands, at)

    return passing
