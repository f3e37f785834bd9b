"""notify.deliveries.v1: what became of each message, without its text and without its address."""

from typing import Annotated

from pydantic import Field

from shared.contracts.event import Event
from shared.contracts.members import Code, Id, Municipality, Sentence, Utc, Whole
from shared.contracts.streams import NOTIFY_DELIVERIES

_OUTSIDE = "said for those outside who follow up deliveries; nobody here acts on it"


class MessagePlanned(Event, stream=NOTIFY_DELIVERIES, about="message_id", unheard=_OUTSIDE):
    """A message is to be sent to a recipient (meddelande planerat)."""

    municipality: Municipality
    message_id: Id
    recipient_id: Id
    channel: Code
    wording: Code
    about_id: Id
    planned_at: Utc


class MessageHandedOver(Event, stream=NOTIFY_DELIVERIES, about="message_id", unheard=_OUTSIDE):
    """A message has been taken over by the next carrier, a mail server for one (meddelande överlämnat)."""

    municipality: Municipality
    message_id: Id
    recipient_id: Id
    channel: Code
    attempt: Annotated[Whole, Field(ge=1)]
    handed_over_at: Utc


class MessageGivenUp(Event, stream=NOTIFY_DELIVERIES, about="message_id", unheard=_OUTSIDE):
    """A message could not be handed over and will not be tried again (meddelande uppgivet)."""

    municipality: Municipality
    message_id: Id
    recipient_id: Id
    channel: Code
    reason: Sentence
    given_up_at: Utc
