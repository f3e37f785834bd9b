"""notify as the next release would be: it hears of openings and of assignments of version 2, and keeps more.

`python -m tests.end_to_end.notify_next`. What it has acted on it writes down in `stories`, for the test to read.
Versions 1 and 2 of an assignment tell the same fact: whichever comes first is told on, if no earlier release has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import ClassVar

from fastapi import FastAPI

from services.notify.app import parts
from services.notify.handlers import bus, concerned, tell_of_assignment
from services.notify.model import Message, Recipient
from services.notify.settings import Settings
from services.notify.store import KeptMessages, KeptRecipients, Messages, Recipients
from shared.contracts import routing_matters
from shared.contracts.event import Event
from shared.contracts.streams import ROUTING_MATTERS
from shared.platform.clock import Clock
from shared.platform.cloudevents import Envelope
from shared.platform.database import Database
from shared.platform.service import assemble, serve
from shared.platform.store import Store, Upcaster
from shared.platform.unit import Shelf
from tests.end_to_end.next_contracts import NEXT, MatterAssigned, MatterAssignedMore

EARLIER, NOW = "an earlier release", "this release"


@dataclass(frozen=True, slots=True)
class NextRecipient(Recipient):
    """A recipient, and since which release it has been known."""

    known_from: str = NOW


class NextRecipients(KeptRecipients):
    """Recipients of schema 3."""

    state = NextRecipient
    schema = 3
    upcasters: ClassVar[Mapping[int, Upcaster]] = {
        **KeptRecipients.upcasters,
        2: lambda old: {**old, "known_from": EARLIER},
    }

    def save(self, recipient: Recipient, says: Sequence[Event] = ()) -> None:
        """Keep it with the new field."""
        known = {one.name: getattr(recipient, one.name) for one in fields(Recipient)}
        super().save(NextRecipient(**known), says)


class NextMessages(KeptMessages):
    """Messages, with a new question."""

    async def about(self, matter_id: str) -> list[Message]:
        """What was planned because of a matter, by whichever release."""
        return await self.find({"about_id": matter_id}, lambda one: one.about_id == matter_id)


@dataclass(frozen=True, slots=True)
class Story:
    """What this release has acted on of one matter: the sequences of its events, in that order."""

    municipality: str
    matter_id: str
    opened: tuple[int, ...] = ()
    assigned: tuple[int, ...] = ()
    assigned_v2: tuple[int, ...] = ()
    told_on: int = 0
    urgency: str | None = None
    officer_known_from: str | None = None


class Stories(Store[Story]):
    """The stories in MongoDB."""

    collection = "stories"
    state = Story
    identity = "matter_id"

    async def of(self, event: Event, municipality: str) -> Story:
        """The story of the matter that an event is about."""
        return await self.get(event.subject) or Story(municipality, event.subject)


@bus.hear(ROUTING_MATTERS, about=lambda event: event.matter_id)
async def note_opening(event: routing_matters.MatterOpened, stories: Stories, envelope: Envelope) -> None:
    """The new handler for a type that was passed by before."""
    story = await stories.of(event, event.municipality)
    stories.save(replace(story, opened=(*story.opened, envelope.sequence or 0)))


@bus.hear(ROUTING_MATTERS, about={Stories: lambda event: event.matter_id, NextRecipients: concerned})
async def hear_v1(
    event: MatterAssignedMore,
    stories: Stories,
    recipients: NextRecipients,
    messages: NextMessages,
    envelope: Envelope,
    at: datetime,
) -> None:
    """Version 1, now with an urgency."""
    story = await told_once(event, stories, recipients, messages, envelope, at)
    stories.save(replace(story, assigned=(*story.assigned, envelope.sequence or 0), urgency=event.urgency))


@bus.hear(ROUTING_MATTERS, about={Stories: lambda event: event.matter_id})
async def hear_v2(
    event: MatterAssigned,
    stories: Stories,
    recipients: NextRecipients,
    messages: NextMessages,
    envelope: Envelope,
    at: datetime,
) -> None:
    """Version 2, beside version 1 or alone."""
    story = await told_once(event.as_v1(), stories, recipients, messages, envelope, at)
    stories.save(replace(story, assigned_v2=(*story.assigned_v2, envelope.sequence or 0)))


async def told_once(
    event: routing_matters.MatterAssigned,
    stories: Stories,
    recipients: NextRecipients,
    messages: NextMessages,
    envelope: Envelope,
    at: datetime,
) -> Story:
    """Tell of an assignment as today, unless somebody was told of this matter already."""
    story = await stories.of(event, event.municipality)
    if not await messages.about(event.matter_id):
        await tell_of_assignment(event, recipients, messages, envelope, at)
        story = replace(story, told_on=story.told_on + 1)
    officer = await recipients.get(event.officer_id)
    return replace(story, officer_known_from=getattr(officer, "known_from", None))


def create_app(settings: Settings, database: Database, clock: Clock, wall: Clock) -> FastAPI:
    """The next notify."""
    of_today = parts(settings)
    shelf: Shelf = {
        **of_today.shelf,
        **dict.fromkeys((Recipients, NextRecipients), NextRecipients),
        **dict.fromkeys((Messages, NextMessages), NextMessages),
        Stories: Stories,
    }
    return assemble(replace(of_today, shelf=shelf, release=NEXT), settings, database, clock, wall)


if __name__ == "__main__":
    serve(Settings.load, create_app, "notify")
