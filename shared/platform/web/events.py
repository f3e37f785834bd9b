"""The door through which other systems publish over HTTP: CloudEvents in binary, structured or batch mode."""

from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from shared.platform import cloudevents_http as http
from shared.platform.cloudevents import Envelope
from shared.platform.cloudevents_http import Posted
from shared.platform.errors import NotAnEvent
from shared.platform.hearing import Hearing, Topic
from shared.platform.items import NOT_REGISTERED
from shared.platform.posting import Posting
from shared.platform.settings import Publisher
from shared.platform.web import wording
from shared.platform.web.body import TooLarge
from shared.platform.web.errors import MEDIA_TYPE, Forbidden
from shared.platform.web.who import Municipality, Person, allowed

LARGEST = 1_000_000
"""The most that a record may hold, headers and value: Kafka takes a little more."""

NOT_TAKEN = (
    "Events of this type are not taken here, but where they are heard.",
    "/type",
    "Händelser av den här typen tas inte emot här, utan där de hörs.",
)


class EventKept(BaseModel):
    """One event that was kept, and the address that tells how it fares."""

    source: str
    id: str
    inbound: str


class EventsKept(BaseModel):
    """Events that are kept and on their way, in their order: each is registered once."""

    events: list[EventKept]


DATA: dict[str, Any] = {
    "reference": "E-1",
    "channel": "web",
    "received_at": "2026-11-24T10:00:00+01:00",
    "wish": "Hej.",
}
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "E-1",
    "source": "/e-services",
    "type": "se.kommunkontakt.inbox.contact-received.v1",
    "data": DATA,
}
OBJECT: dict[str, Any] = {"type": "object"}
BODIES = {
    http.JSON: {"schema": OBJECT, "example": DATA},
    http.STRUCTURED: {"schema": OBJECT, "example": EVENT},
    http.BATCH: {"schema": {"type": "array", "items": OBJECT}, "example": [EVENT]},
}
DOCUMENTED: dict[str, Any] = {
    "requestBody": {"required": True, "content": BODIES},
    "parameters": [
        {"name": f"ce-{name}", "in": "header", "schema": {"type": "string"}, "description": "In binary mode."}
        for name in ("specversion", "id", "source", "type", "partitionkey")
    ],
}
LOCATION = {"Location": {"description": "Where to ask, when it is one event.", "schema": {"type": "string"}}}
HOW_IT_FARES = {
    "inbound": {
        "operationId": "inbound",
        "parameters": {
            "municipality": "$request.path.municipality",
            "source": "$response.body#/events/0/source",
            "id": "$response.body#/events/0/id",
        },
    }
}
WAIT = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def events_router(hearing: Hearing) -> APIRouter:
    """Publish."""
    router, posting = APIRouter(tags=["inbound"]), Posting(hearing)

    @router.post(
        "/{municipality}/events",
        status_code=202,
        openapi_extra=DOCUMENTED,
        responses={
            202: {"headers": LOCATION, "links": HOW_IT_FARES},
            429: {"description": wording.TITLES[429].en, "headers": WAIT, "content": PROBLEM},
        },
    )
    async def publish(
        municipality: Municipality,
        request: Request,
        response: Response,
        person: Annotated[Person, Depends(allowed("publisher"))],
    ) -> EventsKept:
        """Publish CloudEvents: all that the request holds is kept, or nothing. 202 tells where to ask how they fare."""
        topic, publisher, per_minute = registered(hearing, person)
        posted = http.read(request.headers.raw, await request.body())
        http.all_of([partial(checked, topic, one) for one in posted])
        await posting.keep(topic, publisher, per_minute, posted)
        kept = [_kept(hearing.service, municipality, one.envelope) for one in posted]
        if len(kept) == 1:
            response.headers["Location"] = kept[0].inbound
        return EventsKept(events=kept)

    return router


def registered(hearing: Hearing, person: Person) -> tuple[Topic, Publisher, int]:
    """The inbox of whom the token speaks of, and its rate; Forbidden unless it is registered here for HTTP."""
    for topic in hearing.topics.values():
        publisher = topic.publisher
        if publisher is not None and (publisher.name, publisher.municipality) == (person.id, person.municipality):
            per_minute = publisher.per_minute(hearing.clock.now().date())
            if per_minute is not None:
                return topic, publisher, per_minute
    raise Forbidden("unknown-publisher", *wording.UNKNOWN_PUBLISHER.both())


def checked(topic: Topic, posted: Posted) -> Posted:
    """The event, when its publisher may say it here; Invalid or TooLarge when not."""
    if len(posted.value) + sum(len(name) + len(raw) for name, raw in posted.headers) > LARGEST:
        raise TooLarge("too-large", *wording.TOO_LARGE.both({"limit": LARGEST}))
    try:
        if not topic.may_say(posted.envelope.type):
            raise NotAnEvent(*NOT_REGISTERED)
        if posted.envelope.type not in topic.handlers:
            raise NotAnEvent(*NOT_TAKEN)
        topic.check(posted.envelope)
    except NotAnEvent as error:
        raise http.refusal(error, posted.pointer(error.where.removeprefix("/"))) from None
    return posted


def _kept(service: str, municipality: str, envelope: Envelope) -> EventKept:
    asked = urlencode({"source": envelope.source, "id": envelope.id})
    where = f"/{service}/v1/{municipality}/inbound?{asked}"
    return EventKept(source=envelope.source, id=envelope.id, inbound=where)
