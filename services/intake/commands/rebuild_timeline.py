"""`python -m services.intake.commands.rebuild_timeline`: the timeline from the topics anew, while intake runs.

Nobody's timeline is ever short meanwhile: all entries are marked, each event's is written again, and what is marked
still at the end goes. What comes in meanwhile is written by the service itself, unmarked. Stopped, it is run again.
Exit codes: 0 done, 1 run it again, 2 wrong use.
"""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import typer
from pydantic import BaseModel

from services.intake.commands.at_desk import REFUSED, complaints, hearing_of
from services.intake.handlers import TOLD
from services.intake.settings import Settings
from services.intake.store.timeline import drop_marked, mark_all
from services.intake.timeline import Timelines, contacts_of, entry_id_of, note_anew
from shared.contracts.event import Event
from shared.platform.cloudevents import Envelope
from shared.platform.desk import Desk
from shared.platform.errors import BackupRefused, NotAnEvent
from shared.platform.hearing import Hearing
from shared.platform.kafka import KafkaAccess
from shared.platform.topics import topics
from shared.platform.understand import Record, read_event, understand

AT_ONCE = 500


class Rebuilt(BaseModel):
    """How many entries were written, and how many no event stands for any more."""

    written: int = 0
    dropped: int = 0


class Told(NamedTuple):
    """An event, and what stands around it."""

    event: Event
    envelope: Envelope


async def rebuild(hearing: Hearing, kafka: KafkaAccess) -> Rebuilt:
    """All entries from all events; BackupRefused when Kafka does not answer."""
    desk, rebuilt = Desk(hearing), Rebuilt()
    async with topics(kafka) as look:
        await mark_all(hearing.database, AT_ONCE)
        async for records in look.pieces(stream.topic for stream in TOLD):
            rebuilt.written += (await _written(desk, list(_told(records)))).written
    rebuilt.dropped = await drop_marked(hearing.database)
    return rebuilt


def _told(records: Sequence[Record]) -> Iterator[Told]:
    """The events that the service hears; what it could not read it has set aside."""
    kinds = {kind.type: kind for told in TOLD.values() for kind in told}
    for record in records:
        try:
            envelope, body = understand(record, own=True)
            if envelope.type in kinds:
                yield Told(read_event(kinds[envelope.type], envelope, body), envelope)
        except NotAnEvent:
            continue


async def _written(desk: Desk, told: Sequence[Told]) -> Rebuilt:
    async def write(timelines: Timelines) -> Rebuilt:
        await timelines.contacts.load({contact for event, _ in told for contact in contacts_of(event)})
        await timelines.timeline.load({entry_id_of(event) for event, _ in told})
        for event, envelope in told:
            await note_anew(event, envelope, timelines)
        return Rebuilt(written=len(told))

    return await desk.do(write)


async def _rebuild(settings: Settings) -> Rebuilt:
    async with hearing_of(settings) as hearing:
        return await rebuild(hearing, settings.platform.kafka)


def main() -> None:
    """Rebuild the timeline."""
    try:
        with complaints("timeline"):
            rebuilt = asyncio.run(_rebuild(Settings.load()))
    except BackupRefused as away:
        sys.stderr.write(f"timeline: {away}\n")
        raise typer.Exit(REFUSED) from None
    typer.echo(f"timeline: {rebuilt.written} events read, {rebuilt.dropped} entries gone that no event stands for.")


if __name__ == "__main__":
    typer.run(main)
