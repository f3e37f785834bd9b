"""<service>.parked.v1: that a service could not act on an event of our own streams."""

from pydantic import ConfigDict, Field

from shared.contracts.event import Event
from shared.contracts.members import Id, Municipality, Utc
from shared.contracts.streams import PARKED


class EventParked(
    Event,
    stream=PARKED,
    about="parking_id",
    unheard="for those who run the installation; a service must not act on another's trouble",
):
    """An event could not be acted on and is kept until a person replays or discards it (händelse parkerad).

    `type` and `subject` are those of the parked event; `place` is topic/partition/offset.
    """

    # On the wire the members are `type` and `subject`; in Python those are already the event's own.
    model_config = ConfigDict(serialize_by_alias=True)

    service: Id
    parking_id: Id
    municipality: Municipality | None = None
    listener: Id
    event_type: str | None = Field(default=None, alias="type")
    event_subject: str | None = Field(default=None, alias="subject")
    place: str
    reason: str
    parked_at: Utc
