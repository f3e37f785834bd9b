"""The door of a company's timeline."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from services.intake.model.timeline import TimelineEntry
from services.intake.rules.policy import Action
from services.intake.store.parties import Parties
from services.intake.store.timeline import Timeline
from services.intake.who import doing
from shared.contracts.refusal import Unknown
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.paging import Listing, Page, paged
from shared.platform.web.who import Municipality, Person

Reading = Annotated[Person, doing(Action.READ_TIMELINE)]
Kind = Annotated[str, Query(max_length=100, pattern=r"^[a-z-]+$")]

router = APIRouter()


class EntryShown(BaseModel):
    """One event of a company, and where its subject is read."""

    entry_id: str
    at: datetime
    kind: str
    subject_id: str
    codes: list[str]
    read_at: str


@router.get("/{municipality}/companies/{party_id}/timeline", tags=["companies"])
async def read_timeline(
    municipality: Municipality,
    party_id: str,
    _: Reading,
    page: Annotated[Page, Depends(paged(datetime, str))],
    desk: AtDesk,
    kind: Annotated[list[Kind] | None, Query(max_length=20, description="Only these kinds.")] = None,
) -> Listing[EntryShown]:
    """What has happened between a company and the municipality, the newest first."""

    async def newest(parties: Parties, timeline: Timeline) -> list[TimelineEntry]:
        party = await parties.known(party_id)
        if party is None or party.municipality != municipality:
            raise Unknown("no-such-party", "Parten finns inte.", "There is no such party.")
        return await timeline.newest(party_id, kind or (), page.after, page.limit + 1)

    found = await desk.ask(newest)
    shown = [EntryShown.model_validate(entry, from_attributes=True) for entry in found]
    return page.listing(shown, key=lambda one: (one.at, one.entry_id))
