"""The door of the log of reads: who has read what, and why."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from services.intake.model.read import Read, Why
from services.intake.rules.policy import Action
from services.intake.store.contacts import Contacts
from services.intake.store.reads import Reads
from services.intake.who import doing
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.paging import Listing, Page, paged
from shared.platform.web.who import Municipality, Person

LookingBack = Annotated[Person, doing(Action.LOOK_BACK)]
Of = Annotated[str | None, Query(max_length=200, description="Only of this party with its contacts, or this contact.")]

router = APIRouter()


class ReadShown(BaseModel):
    """That somebody has read what is kept of parties or written in contacts; never what they read."""

    read_id: str
    at: datetime
    by: str
    roles: list[str] = Field(description="those that let them in")
    door: str = Field(description="what they did, as the policy calls it", examples=["read-contact"])
    why: Why
    matter_id: str | None = Field(description="the matter of an officer's grant")
    subjects: list[str] = Field(description="the ids of the contacts and parties")


@router.get("/{municipality}/reads", tags=["reads"])
async def list_reads(
    municipality: Municipality,
    _: LookingBack,
    page: Annotated[Page, Depends(paged(datetime, str))],
    desk: AtDesk,
    of: Of = None,
) -> Listing[ReadShown]:
    """Who has read personal data, when, at which door and why; the newest first."""

    async def newest(reads: Reads, contacts: Contacts) -> list[Read]:
        about = None if of is None else [of, *(one.contact_id for one in await contacts.all_of(of))]
        return await reads.newest(municipality, about, page.after, page.limit + 1)

    listed = [read_shown(one) for one in await desk.ask(newest)]
    return page.listing(listed, key=lambda one: (one.at, one.read_id))


def read_shown(read: Read) -> ReadShown:
    """A read as those see it who look back, and the one whose data it was."""
    return ReadShown.model_validate(read, from_attributes=True)
