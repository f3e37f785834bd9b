"""What the doors are asked and what they show, as JSON."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from services.intake.api.holders import AnswerShown, HandOverShown, HolderShown, WhoHas
from services.intake.model.attachment import KeptOut
from services.intake.model.case_type import CaseType as NamedType
from services.intake.model.contact import Arrival, Contact, ContactState, Delivery, Place, PromisedAnswer, Speaker
from services.intake.model.reception import PromiseAlarm
from services.intake.model.suggestion import Suggestion
from services.intake.reception import Given, Passed
from services.intake.rules.arrival_day import day_of
from shared.contracts.members import Day, Moment, Truth

NO_NAMES: Mapping[str, NamedType] = MappingProxyType({})
CODE = r"^[0-9A-Za-zÅÄÖåäö][0-9A-Za-zÅÄÖåäö._:/-]{0,99}$"
LANGUAGE = r"^[A-Za-z]{2,3}(-[0-9A-Za-z]{2,8}){0,3}$"
ChannelName = Literal["phone", "visit", "web", "e-mail", "letter", "chat", "system"]
Summary = Annotated[
    str, Field(min_length=1, max_length=200, description="what it concerns, in short, for the register")
]
CaseType = Annotated[str, Field(pattern=CODE, examples=["serv_stad"])]


class CompanyAsked(BaseModel):
    """The company, as the caller names it, or by our own id when it was found in the register."""

    organisation_number: str | None = Field(None, max_length=32, examples=["556016-0680"])
    company_id: str | None = Field(None, max_length=200, pattern=r"^[!-~]+$")
    name: str | None = Field(None, min_length=1, max_length=300)


class PersonAsked(BaseModel):
    """The person who calls."""

    name: str | None = Field(None, min_length=1, max_length=300)
    role: str | None = Field(None, min_length=1, max_length=200)
    phone: str | None = Field(None, min_length=1, max_length=50)
    e_mail: str | None = Field(None, min_length=3, max_length=320, pattern=r"^[^@\s]+@[^@\s]+$")


class PlaceAsked(BaseModel):
    """The place that it is about."""

    property: str | None = Field(None, min_length=1, max_length=200, examples=["Bengtsfors 1:7"])
    address: str | None = Field(None, min_length=1, max_length=500)
    latitude: float | None = Field(None, ge=-90, le=90, allow_inf_nan=False, strict=True)
    longitude: float | None = Field(None, ge=-180, le=180, allow_inf_nan=False, strict=True)


class PromiseAsked(BaseModel):
    """What the caller was promised: an answer at the latest then, from whom."""

    at: Moment
    by: str = Field(min_length=1, max_length=300, examples=["Bygglovshandläggare"])


class AnswerAsked(BaseModel):
    """What the caller was answered: by which version of the guidance card, the one in force when it is not said."""

    case_type: CaseType
    card_version: int | None = Field(None, ge=1, le=1_000_000, strict=True)
    note: str | None = Field(None, min_length=1, max_length=20_000, description="is written down as a note")

    def given(self) -> Given:
        """The same as the reception takes it."""
        return Given(self.case_type, self.card_version, self.note)


class HandOverAsked(BaseModel):
    """To whom a contact is handed over, and what the caller was promised."""

    function: str = Field(min_length=1, max_length=300, examples=["Alkoholhandläggare"])
    promised_at: Moment
    case_types: list[CaseType] = Field(default_factory=list, max_length=100, description="as before when absent")
    said: str | None = Field(None, min_length=1, max_length=20_000, description="is written down as a note")

    def passed(self) -> Passed:
        """The same as the reception takes it."""
        return Passed(self.function, self.promised_at, self.case_types, self.said)


class ContactAsked(BaseModel):
    """A contact to register: a channel and the wish in the caller's own words are enough.

    With `case_types` it is handed over at once to those who have them, with `answered` it is answered and closed;
    without either it stays at the reception.
    """

    channel: ChannelName
    wish: str = Field(min_length=1, max_length=20_000, examples=["Vi vill öppna en uteservering i juni."])
    received_at: Moment | None = None
    delivery: Delivery | None = None
    case_types: list[CaseType] = Field(default_factory=list, max_length=100)
    language: str = Field("sv", pattern=LANGUAGE)
    interpreter: str | None = Field(None, pattern=LANGUAGE, description="the language to interpret from")
    company: CompanyAsked | None = None
    person: PersonAsked | None = None
    place: PlaceAsked | None = None
    season: str | None = Field(None, min_length=1, max_length=100, examples=["sommaren 2027"])
    opening_on: Day | None = None
    promised: PromiseAsked | None = None
    survey_consent: Truth | None = None
    summary: Summary | None = None
    trivial: CaseType | None = Field(
        None, description="which exemption from the register it falls under", examples=["opening-hours"]
    )
    answered: AnswerAsked | None = None

    def arrival(self, municipality: str, by: str, key: str, at: datetime) -> Arrival:
        """What was asked at the door, as an arrival."""
        company, person = self.company or CompanyAsked(), self.person or PersonAsked()
        return Arrival(
            municipality=municipality,
            key=f"door {by} {key}",
            by=by,
            channel=self.channel,
            wish=self.wish,
            received_at=self.received_at or at,
            delivery=self.delivery,
            case_types=tuple(dict.fromkeys(self.case_types)),
            language=self.language,
            interpreter=self.interpreter,
            organisation_number=company.organisation_number,
            company_id=company.company_id,
            company_name=company.name,
            speaker=Speaker(**person.model_dump()),
            place=Place(**self.place.model_dump()) if self.place else None,
            season=self.season,
            opening_on=self.opening_on,
            promised=PromisedAnswer(self.promised.at, self.promised.by) if self.promised else None,
            survey_consent=self.survey_consent,
            at_reception=self.answered is not None or not self.case_types,
            by_person=True,
            summary=self.summary,
            trivial=self.trivial,
        )


class AttachmentShown(BaseModel):
    """A file that came with the contact: `…/attachments/{attachment_id}` gives its bytes, unless they were kept out."""

    attachment_id: str
    name: str
    declared_type: str
    media_type: str = Field(description="what its bytes look like")
    size: int
    sha256: str
    scanned: bool
    kept_out: KeptOut | None
    threat: str | None


class UnlinkingShown(BaseModel):
    """That a person has undone a link, and why."""

    why: str
    at: datetime
    by: str


class LinkShown(BaseModel):
    """That it is about the same as an open contact: of the same company and case type, begun so many days before."""

    contact_id: str
    case_type: str
    begun_at: datetime
    within_days: int
    linked_at: datetime
    unlinked: UnlinkingShown | None


class SpokenShown(BaseModel):
    """Words of the wish that spoke for a case type, as they stand there: characters `start` to `end`."""

    text: str
    start: int
    end: int


class SuggestedShown(BaseModel):
    """A case type that the wish seems to need, with its names where it is in force, and why."""

    case_type: str
    sv: str | None = None
    en: str | None = None
    strength: int
    words: list[SpokenShown]


class SuggestionShown(BaseModel):
    """What the rules made of the wish, the strongest first; none when it was not `understood`. A person chooses."""

    rules: str = Field(description="the version of the rules", examples=["2026-11-24"])
    understood: bool
    types: list[SuggestedShown]


class ContactShown(BaseModel):
    """A registered contact, and how it fares at the reception."""

    contact_id: str
    number: str | None
    state: ContactState
    party_id: str | None
    speaker_id: str | None
    channel: str
    case_types: list[str]
    language: str
    interpreter: str | None
    wish: str | None
    place: PlaceAsked | None
    season: str | None
    opening_on: date | None
    promised: PromiseAsked | None
    survey_consent: bool | None
    received_at: datetime
    registered_at: datetime
    arrived_on: date
    registered_by: str
    reference: str | None
    attachments: Annotated[list[AttachmentShown], BeforeValidator(lambda kept: kept or ())]
    summary: str | None
    trivial: str | None
    in_reply_to: str | None
    replies: list[str]
    links: Annotated[list[LinkShown], BeforeValidator(lambda links: links or ())]
    handed_over: HandOverShown | None
    answered: AnswerShown | None
    held: list[HolderShown]
    waits: bool
    answer_by: datetime | None
    alarm: PromiseAlarm | None
    bounces: int
    dealt_with_at: datetime | None
    suggestion: SuggestionShown | None
    chosen_by: str | None
    chosen_at: datetime | None


async def shown(contact: Contact, who: WhoHas) -> ContactShown:
    """A contact as the reception sees it, with the names of those who have its matters."""
    [only] = await all_shown([contact], who)
    return only


async def all_shown(contacts: Sequence[Contact], who: WhoHas) -> list[ContactShown]:
    """The same of several."""
    bare = [ContactShown.model_validate(contact, from_attributes=True) for contact in contacts]
    for contact, one in zip(contacts, bare, strict=True):
        _name(one.suggestion, who.types.all_in_force(contact.municipality, day_of(contact.registered_at)))
    held = await who.has(contacts)
    return [one.model_copy(update={"held": by}) for one, by in zip(bare, held, strict=True)]


def suggestion_shown(suggestion: Suggestion, types: Mapping[str, NamedType] = NO_NAMES) -> SuggestionShown:
    """A suggestion with the names of its case types."""
    shape = SuggestionShown.model_validate(suggestion, from_attributes=True)
    _name(shape, types)
    return shape


def _name(shape: SuggestionShown | None, types: Mapping[str, NamedType]) -> None:
    for one in shape.types if shape else ():
        if one.case_type in types:
            one.sv, one.en = types[one.case_type].sv, types[one.case_type].en
