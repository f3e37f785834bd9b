"""<service>.rejections.v1: what a publishing system is told back about an event that could not be taken."""

from pydantic import ConfigDict, Field

from shared.contracts.event import Event
from shared.contracts.members import Id, Municipality, Utc
from shared.contracts.streams import REJECTIONS


class InboundRejected(
    Event,
    stream=REJECTIONS,
    about="rejection_id",
    unheard="told back to the publishing system, which is not one of ours",
):
    """An event in an inbox could not be taken; says why and where, and waits for a person (händelse avvisad).

    `source`, `id` and `type` are those of the rejected event, where they could be read. The Kafka key is the publisher.
    """

    # On the wire the member is `type`; in Python `type` is already the event's own.
    model_config = ConfigDict(serialize_by_alias=True)

    service: Id
    rejection_id: Id
    municipality: Municipality | None = None
    publisher: Id
    source: str | None = None
    id: str | None = None
    event_type: str | None = Field(default=None, alias="type")
    reason_sv: str
    reason_en: str
    pointer: str = Field(description="JSON pointer (RFC 6901) to what was wrong, empty for the whole")
    rejected_at: Utc
