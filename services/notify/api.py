"""notify's doors: what was sent to whom and what became of it, without texts and addresses."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from services.notify.model import Message
from services.notify.store import Messages
from shared.contracts.refusal import Unknown
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.paging import Listing, Page, paged
from shared.platform.web.who import Municipality, Person, allowed

Follower = Annotated[Person, Depends(allowed("operator", "coordinator"))]
AboutId = Annotated[
    str | None,
    Query(max_length=200, pattern=r"^[^\p{C}]+$", description="Only messages about this matter or contract."),
]


class AttemptShown(BaseModel):
    """One attempt at handing a message over; without an outcome while it is under way."""

    number: int
    claimed_at: datetime
    ended_at: datetime | None
    outcome: str | None
    answer: str | None


class MessageShown(BaseModel):
    """A message and how it stands."""

    message_id: str
    recipient_id: str
    channel: str
    wording: str
    about_id: str
    state: str
    planned_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    reason: str | None
    times_away: int
    unknown_outcomes: int = Field(description="Attempts of which nobody knows whether the message was taken.")


class MessageWithLedger(MessageShown):
    """A message with all its attempts."""

    attempts: list[AttemptShown]


router = APIRouter(tags=["messages"])


@router.get("/{municipality}/messages")
async def list_messages(
    municipality: Municipality,
    _: Follower,
    page: Annotated[Page, Depends(paged(datetime, str))],
    desk: AtDesk,
    about_id: AboutId = None,
) -> Listing[MessageShown]:
    """Messages, the newest first."""

    async def newest(messages: Messages) -> list[Message]:
        return await messages.newest(municipality, about_id, page.after, page.limit + 1)

    listed = [shown(message) for message in await desk.ask(newest)]
    return page.listing(listed, key=lambda one: (one.planned_at, one.message_id))


@router.get("/{municipality}/messages/{message_id}")
async def see_message(municipality: Municipality, message_id: str, _: Follower, desk: AtDesk) -> MessageWithLedger:
    """One message with its ledger: each attempt and what became of it."""

    async def see(messages: Messages) -> Message | None:
        return await messages.get(message_id)

    message = await desk.ask(see)
    if message is None or message.municipality != municipality:
        raise Unknown("no-such-message", "Meddelandet finns inte.", "There is no such message.")
    return with_ledger(message)


def shown(message: Message) -> MessageShown:
    """A message as those who follow up see it."""
    return MessageShown(**_told(message))


def with_ledger(message: Message) -> MessageWithLedger:
    """The same with its attempts."""
    named = AttemptShown.model_fields
    attempts = [AttemptShown(**{name: getattr(one, name) for name in named}) for one in message.attempts]
    return MessageWithLedger(attempts=attempts, **_told(message))


def _told(message: Message) -> dict[str, object]:
    return {name: getattr(message, name) for name in MessageShown.model_fields}
