"""The doors of the register: what everybody may see, without a token, and the record that a registrar gives out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from services.intake.api.seen import seen
from services.intake.model.contact import Contact
from services.intake.model.disclosure import Appeal, Disclosure
from services.intake.model.secrecy import Field as RegisterField
from services.intake.model.series import number_of
from services.intake.rules.arrival_day import day_of
from services.intake.rules.ids import NewId, made_id
from services.intake.rules.policy import Action
from services.intake.rules.record import DISCLOSURE, Appeals, Writing, record
from services.intake.rules.register import Publicity, Told
from services.intake.rules.registration import series_of
from services.intake.store.contacts import Contacts
from services.intake.store.disclosures import Disclosures
from services.intake.store.notes import Notes
from services.intake.store.parties import Parties
from services.intake.store.series import AllSeries
from services.intake.who import doing, open_to_all
from services.intake.wording.refusal import refusal
from shared.contracts.refusal import Unknown
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.doors import described
from shared.platform.web.paging import Listing, Page, paged
from shared.platform.web.who import Municipality, Person

OPEN = [open_to_all(Action.READ_REGISTER)]
GivingOut = Annotated[Person, doing(Action.GIVE_OUT_RECORD)]
LookingBack = Annotated[Person, doing(Action.LOOK_BACK)]
Year = Annotated[int, Path(ge=2000, le=2999, examples=[2026])]
Number = Annotated[int, Path(ge=1, le=9_999_999, examples=[123])]

router = APIRouter()


class EntryShown(BaseModel):
    """A contact in the public register. What is secret is null, and `withheld` says what that is."""

    number: str
    arrived_on: date
    registered_on: date
    channel: str | None
    case_types: list[str]
    departments: list[str]
    sender: str | None = Field(description="a legal person's name; `enskild` for all others")
    summary: str | None
    withheld: list[RegisterField]


class YearShown(BaseModel):
    """How many numbers a year has given, and how many of them are exempt from the register."""

    year: int
    given: int
    exempt: int


class MaskingShown(BaseModel):
    """What was left out of which field, by which paragraph, by whose decision."""

    field: RegisterField
    what: RegisterField
    paragraph: str
    decided_by: str


class RefusalShown(BaseModel):
    """The text for whoever asked: what is not given out, and how to appeal."""

    sv: str
    en: str


class RecordShown(BaseModel):
    """A record as it may be given out, what was masked in it, and the refusal of that."""

    disclosure_id: str
    number: str
    arrived_on: date
    received_at: datetime
    registered_at: datetime
    record: dict[str, Any]
    maskings: list[MaskingShown]
    refusal: RefusalShown | None


class DisclosureShown(BaseModel):
    """That a record was given out."""

    disclosure_id: str
    number: str
    at: datetime
    by: str
    maskings: list[MaskingShown]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the register is read from: one unit's contacts and parties, and the rules."""

    contacts: Contacts
    parties: Parties
    publicity: Publicity

    async def entries(self, contacts: Sequence[Contact], day: date) -> list[EntryShown]:
        """Contacts as everybody may see them."""
        await self.parties.load(one for contact in contacts for one in (contact.party_id, contact.speaker_id) if one)
        entries = [self.publicity.entry(contact, await self.told(contact), day) for contact in contacts]
        return [EntryShown.model_validate(entry, from_attributes=True) for entry in entries]

    async def told(self, contact: Contact) -> Told:
        """Who a contact came from."""
        return Told(await self.parties.known(contact.party_id), await self.parties.known(contact.speaker_id))


@router.get("/{municipality}/register", tags=["register"], dependencies=OPEN)
async def read_register(
    municipality: Municipality, page: Annotated[Page, Depends(paged(str, str))], desk: AtDesk
) -> Listing[EntryShown]:
    """The public register, the last day first. Anybody may read it, and need not say who they are."""

    async def read(reading: Reading, at: datetime) -> list[EntryShown]:
        contacts = await reading.contacts.by_day(municipality, page.after, page.limit + 1)
        return await reading.entries(contacts, day_of(at))

    return page.listing(await desk.ask(read), key=lambda one: (one.arrived_on.isoformat(), one.number))


@router.get("/{municipality}/register/{year}", tags=["register"], dependencies=OPEN)
async def read_year(
    municipality: Municipality, year: Year, page: Annotated[Page, Depends(paged(str))], desk: AtDesk
) -> Listing[EntryShown]:
    """The public register of a year, by number. Numbers of contacts that are exempt by rule are not there."""

    async def read(reading: Reading, at: datetime) -> list[EntryShown]:
        contacts = await reading.contacts.by_number(municipality, year, page.after, page.limit + 1)
        return await reading.entries(contacts, day_of(at))

    return page.listing(await desk.ask(read), key=lambda one: (one.number,))


@router.get("/{municipality}/register/{year}/counts", tags=["register"], dependencies=OPEN)
async def count_year(municipality: Municipality, year: Year, desk: AtDesk) -> YearShown:
    """How many numbers were given in a year, and how many of them are exempt from the register."""

    async def count(all_series: AllSeries) -> YearShown:
        series = await all_series.get(series_of(municipality, year))
        return YearShown(year=year, given=series.last if series else 0, exempt=series.exempt if series else 0)

    return await desk.ask(count)


@router.get(
    "/{municipality}/register/{year}/{number}", tags=["register"], dependencies=OPEN, responses={404: described(404)}
)
async def read_entry(municipality: Municipality, year: Year, number: Number, desk: AtDesk) -> EntryShown:
    """One contact of the public register."""

    async def read(reading: Reading, at: datetime) -> list[EntryShown]:
        contact = await reading.contacts.numbered(municipality, number_of(year, number))
        return await reading.entries([contact] if contact and contact.in_register else [], day_of(at))

    entries = await desk.ask(read)
    if not entries:
        raise _no_such_number()
    return entries[0]


@router.get("/{municipality}/register/{year}/{number}/export", tags=["register"])
async def give_out_record(
    municipality: Municipality, year: Year, number: Number, person: GivingOut, desk: AtDesk
) -> RecordShown:
    """The record with all that may be given out (TF 2:15). Each time is kept: who gave it out, and what was masked."""

    given: list[str] = []

    async def give_out(
        reading: Reading, notes: Notes, disclosures: Disclosures, appeals: Appeals, new: NewId, at: datetime
    ) -> RecordShown:
        contact = await reading.contacts.numbered(municipality, number_of(year, number))
        if contact is None:
            raise _no_such_number()
        given.append(contact.contact_id)
        written = await notes.all_of(contact.contact_id)
        told = record(contact, await reading.told(contact), written, reading.publicity, day_of(at))
        disclosure_id = made_id(municipality, "d", contact.contact_id, new.make())
        about = municipality, disclosure_id, contact.contact_id, number_of(year, number)
        disclosures.save(Disclosure(*about, at, person.id, tuple(told.maskings)))
        appeal = appeals.in_force(municipality, DISCLOSURE, day_of(at)) if told.maskings else None
        return _shown(contact, disclosure_id, told, appeal)

    told = await desk.do(give_out)
    await seen(desk, person, Action.GIVE_OUT_RECORD, *given)
    return told


@router.get("/{municipality}/disclosures", tags=["register"])
async def list_disclosures(
    municipality: Municipality, _: LookingBack, page: Annotated[Page, Depends(paged(datetime, str))], desk: AtDesk
) -> Listing[DisclosureShown]:
    """Which records were given out, by whom, and what was masked; the newest first."""

    async def newest(disclosures: Disclosures) -> list[Disclosure]:
        return await disclosures.newest(municipality, page.after, page.limit + 1)

    listed = [DisclosureShown.model_validate(one, from_attributes=True) for one in await desk.ask(newest)]
    return page.listing(listed, key=lambda one: (one.at, one.disclosure_id))


def _no_such_number() -> Unknown:
    return Unknown("no-such-number", "Numret finns inte i diariet.", "The number is not in the register.")


def _shown(contact: Contact, disclosure_id: str, told: Writing, appeal: Appeal | None) -> RecordShown:
    number = contact.number or ""
    return RecordShown(
        disclosure_id=disclosure_id,
        number=number,
        arrived_on=contact.arrived_on,
        received_at=contact.received_at,
        registered_at=contact.registered_at,
        record=told.values,
        maskings=[MaskingShown.model_validate(one, from_attributes=True) for one in told.maskings],
        refusal=appeal and RefusalShown(**refusal(number, told.maskings, appeal)._asdict()),
    )
