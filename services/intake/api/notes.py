"""The doors of notes: write one, correct one, read a contact's."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from services.intake import events
from services.intake.api.leads import FROM_A_NOTE
from services.intake.api.seen import seen
from services.intake.api.there import contact_there
from services.intake.model.note import Note, version_id_of
from services.intake.rules import ids as named
from services.intake.rules.ids import NewId
from services.intake.rules.policy import Action
from services.intake.store.contacts import Contacts
from services.intake.store.notes import Notes
from services.intake.who import Visitor, visiting
from shared.contracts.refusal import Unknown
from shared.platform.once import Once
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.doors import IdempotencyKey
from shared.platform.web.paging import Listing, Page, paged
from shared.platform.web.who import Municipality

Writing = Annotated[Visitor, visiting(Action.WRITE_NOTE)]
Reading = Annotated[Visitor, visiting(Action.READ_NOTES)]

router = APIRouter()


class NoteAsked(BaseModel):
    """What is to be written down."""

    text: str = Field(min_length=1, max_length=20_000, examples=["Ville veta om uteserveringen får ha tak."])


class CorrectionAsked(NoteAsked):
    """What stands from now on, and why."""

    why: str = Field(min_length=1, max_length=1_000, examples=["Fel datum."])


class NoteShown(BaseModel):
    """One version of a note."""

    note_id: str
    version_id: str
    version: int
    text: str | None
    begun_at: datetime
    at: datetime
    by: str
    why: str | None


@router.post("/{municipality}/contacts/{contact_id}/notes", status_code=201, tags=["notes"], responses={**FROM_A_NOTE})
async def write_note(
    municipality: Municipality,
    contact_id: str,
    asked: NoteAsked,
    visitor: Writing,
    desk: AtDesk,
    key: IdempotencyKey = None,
) -> NoteShown:
    """Write down what was said or seen about a contact. It stands as it is written."""

    async def write(contacts: Contacts, notes: Notes, new: NewId, at: datetime) -> NoteShown:
        contact_there(await contacts.get(contact_id), municipality)
        note_id = named.made_id(municipality, "n", contact_id, visitor.person.id, key or new.make())
        first = version_id_of(note_id, 1)
        note = Note(municipality, first, note_id, contact_id, 1, asked.text, begun_at=at, at=at, by=visitor.person.id)
        return _kept(note, notes)

    return await desk.do(write, Once.under(key, municipality, visitor.person.id, f"notes {contact_id}", asked))


@router.post(
    "/{municipality}/contacts/{contact_id}/notes/{note_id}/corrections",
    status_code=201,
    tags=["notes"],
    responses={**FROM_A_NOTE},
)
async def correct_note(
    municipality: Municipality,
    contact_id: str,
    note_id: str,
    asked: CorrectionAsked,
    visitor: Writing,
    desk: AtDesk,
    key: IdempotencyKey = None,
) -> NoteShown:
    """Correct a note: a new version beside those that stand, with the reason. None of them is changed."""

    async def correct(notes: Notes, at: datetime) -> NoteShown:
        latest = await notes.latest(note_id)
        if latest is None or (latest.municipality, latest.contact_id) != (municipality, contact_id):
            raise Unknown("no-such-note", "Anteckningen finns inte.", "There is no such note.")
        return _kept(latest.corrected(asked.text, asked.why, visitor.person.id, at), notes)

    return await desk.do(correct, Once.under(key, municipality, visitor.person.id, f"corrections {note_id}", asked))


@router.get("/{municipality}/contacts/{contact_id}/notes", tags=["notes"])
async def read_notes(
    municipality: Municipality,
    contact_id: str,
    visitor: Reading,
    page: Annotated[Page, Depends(paged(datetime, str))],
    desk: AtDesk,
) -> Listing[NoteShown]:
    """A contact's notes, the oldest first, with every version of each."""

    async def of_contact(contacts: Contacts, notes: Notes) -> list[Note]:
        contact_there(await contacts.get(contact_id), municipality)
        return await notes.of_contact(contact_id, page.after, page.limit + 1)

    shown = [_shown(note) for note in await desk.ask(of_contact)]
    await seen(desk, visitor, Action.READ_NOTES, contact_id)
    return page.listing(shown, key=lambda one: (one.begun_at, one.version_id))


def _kept(note: Note, notes: Notes) -> NoteShown:
    notes.save(note, says=[events.noted(note)])
    return _shown(note)


def _shown(note: Note) -> NoteShown:
    return NoteShown.model_validate(note, from_attributes=True)
