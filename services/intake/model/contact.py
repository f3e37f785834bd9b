"""A contact: one time that somebody reached the municipality, and what becomes of it at the reception."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from services.intake.model.attachment import Attachment
from services.intake.model.disposal import Disposal, Holds
from services.intake.model.link import Link
from services.intake.model.reception import Answer, HandOver, Holding, PromiseAlarm
from services.intake.model.secrecy import Classification
from services.intake.model.suggestion import Suggestion
from shared.contracts.refusal import Refused

GENERAL = "ovrigt"
"""The case type of a wish that nobody has sorted yet (7-domain-facts, seed catalogue: övrigt)."""

NOT_AT_RECEPTION = (
    "Kontakten är redan besvarad eller lämnad vidare, och kan inte besvaras vid första kontakten.",
    "The contact was answered or handed over before, and cannot be answered at the first contact.",
)
ANSWERED_ALREADY = (
    "Kontakten är redan besvarad och kan inte lämnas vidare.",
    "The contact was answered already and cannot be handed over.",
)

Delivery = Literal["post", "mailbox", "hand"]
"""How paper came: by post, in the mailbox when it was emptied first that day, or over the counter (FL 22)."""


class ContactState(StrEnum):
    """How far a contact has come (läge): at the reception until it is answered or handed over, then until somebody
    has it."""

    AT_RECEPTION = "at-reception"
    ANSWERED = "answered"
    HANDED_OVER = "handed-over"
    TAKEN = "taken"


@dataclass(frozen=True, slots=True)
class Place:
    """The place that a contact is about (plats): latitude and longitude in degrees, WGS 84."""

    property: str | None = None
    address: str | None = None
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class PromisedAnswer:
    """What the caller was promised (utlovat svar): an answer at the latest then, from that function or person."""

    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who spoke, for themselves or for a company (samtalspart): personal data."""

    name: str | None = None
    role: str | None = None
    phone: str | None = None
    e_mail: str | None = None

    @property
    def is_nobody(self) -> bool:
        """Whether nothing was said of who it is; a role alone names nobody."""
        return not (self.name or self.phone or self.e_mail)


@dataclass(frozen=True, slots=True)
class Arrival:
    """What came in through a door, before it is a contact (inkommet). `key` is the same when the same comes again.

    The company is named by its organisation number, by our own `company_id`, or by name alone. `case_types` is what the
    sender or the receptionist chose, nothing when nobody has. One that stays `at_reception` is answered or handed over
    there by a person; any other is handed over at once, `by_person` when somebody of ours has taken it down.
    `trivial` is the code of an exemption from the register.
    """

    municipality: str
    key: str
    by: str
    channel: str
    wish: str
    received_at: datetime
    case_types: tuple[str, ...] = ()
    language: str = "sv"
    organisation_number: str | None = None
    company_id: str | None = None
    company_name: str | None = None
    speaker: Speaker = Speaker()
    reference: str | None = None
    interpreter: str | None = None
    place: Place | None = None
    season: str | None = None
    opening_on: date | None = None
    promised: PromisedAnswer | None = None
    survey_consent: bool | None = None
    delivery: Delivery | None = None
    at_reception: bool = False
    attachments: tuple[Attachment, ...] = ()
    summary: str | None = None
    trivial: str | None = None
    by_person: bool = False
    in_reply_to: str | None = None

    @property
    def names_company(self) -> bool:
        """Whether a company was named, in any of the three ways."""
        return bool(self.organisation_number or self.company_id or self.company_name)

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody has said who asks: anybody may ask anonymously."""
        return not self.names_company and self.speaker.is_nobody


@dataclass(frozen=True, slots=True)
class Contact:
    """One time that somebody reached the municipality (kontakt). `wish` is in their own words and stays here.

    `number` is its own in the register of its municipality and year. Three things are kept apart: when it reached us
    (`received_at`), when it was written down (`registered_at`), and the day that it counts as come in (`arrived_on`,
    FL 22). `party_id` is who asks: the company, or the person where no company was named; `speaker_id` is the person
    who spoke for a company. `links` say which open contacts it is about the same as. A mail may
    answer an earlier contact (`in_reply_to`), which then knows its `replies`. What is sealed (wish, place, attachments,
    links and others) is None once the contact's key is gone. `summary` is for the register, `secrecy` what
    persons have found to be secret or public, each before the next; a `trivial` one is not `in_register`.
    `suggestion` is what the rules made of the wish; who chose `case_types`, and when, is None while nobody has.

    It `waits` until it is answered or somebody has every matter of it (`held`). `answer_by` is when an answer is owed,
    `alarm` what a coordinator was last told of that promise, and `bounces` counts how often it has changed hands.
    `dealt_with_at` is when a person first dealt with it.
    """

    municipality: str
    contact_id: str
    party_id: str | None
    channel: str
    case_types: tuple[str, ...]
    language: str
    wish: str | None
    received_at: datetime
    registered_at: datetime
    registered_by: str
    arrived_on: date
    number: str | None = None
    state: ContactState = ContactState.HANDED_OVER
    reference: str | None = None
    speaker_id: str | None = None
    interpreter: str | None = None
    place: Place | None = None
    season: str | None = None
    opening_on: date | None = None
    promised: PromisedAnswer | None = None
    survey_consent: bool | None = None
    attachments: tuple[Attachment, ...] | None = None
    links: tuple[Link, ...] | None = None
    disposal: Disposal | None = None
    holds: Holds = None
    summary: str | None = None
    trivial: str | None = None
    in_register: bool = True
    secrecy: tuple[Classification, ...] | None = None
    in_reply_to: str | None = None
    replies: tuple[str, ...] = ()
    suggestion: Suggestion | None = None
    chosen_by: str | None = None
    chosen_at: datetime | None = None
    handed_over: HandOver | None = None
    answered: Answer | None = None
    held: tuple[Holding, ...] = ()
    waits: bool = False
    answer_by: datetime | None = None
    alarm: PromiseAlarm | None = None
    bounces: int = 0
    bounced_at: datetime | None = None
    dealt_with_at: datetime | None = None
    due_at: datetime | None = None

    def answered_with(self, answer: Answer) -> "Contact":
        """The contact answered at once, and closed; Refused when it has left the reception."""
        if self.state is not ContactState.AT_RECEPTION:
            raise Refused("not-at-reception", *NOT_AT_RECEPTION)
        closed = replace(self, state=ContactState.ANSWERED, case_types=(answer.case_type,), answered=answer)
        return closed._dealt_with(answer.at)._at_rest()

    def handed_to(
        self, function: str | None, case_types: tuple[str, ...], promised: PromisedAnswer, by: str, at: datetime
    ) -> "Contact":
        """The contact handed over; once more to another function, it has bounced. Refused when it was answered."""
        if self.state is ContactState.ANSWERED:
            raise Refused("answered-already", *ANSWERED_ALREADY)
        before = self.handed_over
        hand_over = HandOver(function, at, by, before.times + 1 if before else 1)
        known = replace(self, handed_over=hand_over, case_types=case_types, promised=promised, alarm=None)
        owed = replace(known, state=ContactState.HANDED_OVER, waits=True, answer_by=promised.at)._dealt_with(at)
        return (owed._bounced(at) if before and _other(before.function, function) else owed)._taken()

    def holding(self, holding: Holding, at: datetime) -> "Contact":
        """The contact with what is now known of one of its matters; that it changes hands is a bounce."""
        before = next((one for one in self.held if one.matter_id == holding.matter_id), None)
        held = (*(one for one in self.held if one.matter_id != holding.matter_id), holding)
        known = replace(self, held=tuple(sorted(held, key=lambda one: one.matter_id)))
        was, now = before and before.officer_id, holding.officer_id
        return (known._bounced(at) if was and now and was != now else known)._taken()

    def without(self, case_type: str) -> "Contact":
        """The contact when its matters of that case type turned out to be about something else."""
        return replace(self, held=tuple(one for one in self.held if one.case_type != case_type))._taken()

    def alarmed(self, kind: PromiseAlarm) -> "Contact":
        """The contact after a coordinator was told of its promise."""
        return replace(self, alarm=kind)

    def owing(self, answer_by: datetime | None, due_at: datetime | None) -> "Contact":
        """The contact with when an answer is owed, and the next moment at which something may have to be done."""
        alarm = self.alarm if answer_by == self.answer_by else None
        return replace(self, answer_by=answer_by, alarm=alarm, due_at=due_at)

    def _taken(self) -> "Contact":
        """Whether each of its case types is with somebody decides who is to see to it."""
        if self.state not in (ContactState.HANDED_OVER, ContactState.TAKEN):
            return self
        with_somebody = {one.case_type for one in self.held if one.officer_id}
        if not with_somebody.issuperset(self.case_types):
            return replace(self, state=ContactState.HANDED_OVER, waits=self.answer_by is not None)
        since = max(one.since for one in self.held if one.case_type in self.case_types and one.since)
        return replace(self, state=ContactState.TAKEN)._dealt_with(since)._at_rest()

    def _dealt_with(self, at: datetime) -> "Contact":
        return self if self.dealt_with_at is not None else replace(self, dealt_with_at=at)

    def _bounced(self, at: datetime) -> "Contact":
        return replace(self, bounces=self.bounces + 1, bounced_at=at)

    def _at_rest(self) -> "Contact":
        return replace(self, waits=False, due_at=None)


def _other(before: str | None, after: str | None) -> bool:
    return (before or "").casefold() != (after or "").casefold()
