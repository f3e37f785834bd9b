"""Doors on what is parked or rejected: see it, replay it, discard it; and how an inbound event fared."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from shared.contracts.refusal import Unknown
from shared.contracts.streams import inbox
from shared.platform.cloudevents_rules import LONGEST
from shared.platform.heard import INBOUND, inbound_id
from shared.platform.hearing import Hearing
from shared.platform.parked import PARKED, Kind
from shared.platform.parking import Decision, Parking
from shared.platform.posting import POSTED
from shared.platform.web.paging import Listing, Page, paged
from shared.platform.web.who import Municipality, Person, allowed

KindName = Literal["parked", "behind", "awaiting", "rejected", "timer"]


class ParkedEvent(BaseModel):
    """A record that could not be acted on. Its bytes stay sealed in the service's database."""

    id: str
    kind: KindName
    open: bool
    place: str
    type: str | None
    subject: str | None
    source: str | None
    event_id: str | None
    reason_sv: str
    reason_en: str
    pointer: str
    at: datetime
    outcome: str | None = None
    decided_by: str | None = None


class Because(BaseModel):
    """Why a person decided so."""

    reason: str = Field(min_length=1, max_length=1_000)


class Inbound(BaseModel):
    """How an inbound event fared: registered, on its way, or not taken and why."""

    state: Literal["accepted", "waiting", "rejected", "discarded"]
    rejection: ParkedEvent | None = None


def parked_router(parking: Parking, hearing: Hearing) -> APIRouter:
    """See, replay, discard."""
    router = APIRouter(tags=["parked"])
    operator = Annotated[Person, Depends(allowed("operator"))]

    @router.get("/{municipality}/parked")
    async def list_parked(
        municipality: Municipality,
        _: operator,
        page: Annotated[Page, Depends(paged(str))],
        kind: KindName | None = None,
        waiting: Annotated[bool, Query(alias="open", description="What waits for a decision.")] = True,
    ) -> Listing[ParkedEvent]:
        """What could not be acted on, by place."""
        after = {"_id": {"$gt": page.after[0]}} if page.after else {}
        query = {"municipality": municipality, "open": waiting, **({"kind": kind} if kind else {}), **after}
        rows = await hearing.database.find(PARKED.name, query, sort=(("_id", 1),), limit=page.limit + 1)
        return page.listing([shown(row) for row in rows], key=lambda event: (event.id,))

    @router.get("/{municipality}/parked/{parking_id}")
    async def see_parked(municipality: Municipality, parking_id: str, _: operator) -> ParkedEvent:
        """One of them, decided or not."""
        rows = await hearing.database.find(PARKED.name, {"_id": parking_id, "municipality": municipality})
        if not rows:
            raise Unknown("no-such-parked-event", "Händelsen finns inte.", "There is no such event.")
        return shown(rows[0])

    @router.post("/{municipality}/parked/{parking_id}/replay", status_code=204)
    async def replay(municipality: Municipality, parking_id: str, because: Because, person: operator) -> Response:
        """Act on it again, and then on what waits behind it."""
        await parking.decide(municipality, parking_id, Decision("replayed", person.id, because.reason))
        return Response(status_code=204)

    @router.post("/{municipality}/parked/{parking_id}/discard", status_code=204)
    async def discard(municipality: Municipality, parking_id: str, because: Because, person: operator) -> Response:
        """Never act on it, and go on with what waits behind it."""
        await parking.decide(municipality, parking_id, Decision("discarded", person.id, because.reason))
        return Response(status_code=204)

    return router


def inbound_router(hearing: Hearing) -> APIRouter:
    """What a publishing system asks: did my event arrive, and what was wrong with it?"""
    router = APIRouter(tags=["inbound"])

    @router.get("/{municipality}/inbound")
    async def inbound(
        municipality: Municipality,
        source: Annotated[str, Query(max_length=LONGEST)],
        event_id: Annotated[str, Query(alias="id", max_length=LONGEST)],
        person: Annotated[Person, Depends(allowed("publisher", "operator"))],
    ) -> Inbound:
        """How an inbound event fared, by its source and id: a publisher asks of its own, an operator of any."""
        own = None if "operator" in person.roles else person.id
        return await fared(hearing, identities(hearing, municipality, own, source, event_id))

    return router


async def fared(hearing: Hearing, identities: Sequence[str]) -> Inbound:
    """Accepted, waiting, rejected or discarded; Unknown when no such event has come."""
    wanted = {"$in": list(identities)}
    heard = await hearing.database.find(INBOUND.name, {"_id": wanted})
    parked = await hearing.database.find(PARKED.name, {"identity": wanted}, sort=(("at", -1), ("_id", -1)))
    waiting = [row for row in parked if row["open"]]
    if waiting:
        rejected = waiting[0]["kind"] == Kind.REJECTED
        return Inbound(state="rejected" if rejected else "waiting", rejection=shown(waiting[0]))
    if heard and heard[0].get("refused") is None:
        return Inbound(state="accepted")
    if parked:
        return Inbound(state="discarded", rejection=shown(parked[0]))
    if await hearing.database.find(POSTED.name, {"_id": wanted}):
        return Inbound(state="waiting")
    raise Unknown("no-such-inbound-event", "Ingen sådan händelse har kommit in.", "No such event has come in.")


def identities(hearing: Hearing, municipality: str, publisher: str | None, source: str, event_id: str) -> list[str]:
    """What an event may go by: in the inbox of this publisher, or (None) of any one of the municipality."""
    known = [topic.publisher for topic in hearing.topics.values() if topic.publisher is not None]
    asked = [one.name for one in known if one.municipality == municipality and publisher in (None, one.name)]
    return [inbound_id(inbox(name).topic, source, event_id) for name in asked]


def shown(row: Mapping[str, Any]) -> ParkedEvent:
    """A row as people see it."""
    named = {name: row.get(name) for name in ParkedEvent.model_fields if name in row}
    return ParkedEvent(id=row["_id"], reason_en=row["reason"], pointer=row["where"], **named)
