"""Which texts there are, so that no language lacks one: `{name}` places are filled by the templates."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.intake.model.contact import ContactState


class Fault(StrEnum):
    """What can be wrong with what was sent (fel i formuläret)."""

    WISH_MISSING = "wish-missing"
    WISH_LONG = "wish-long"
    TOO_LONG = "too-long"
    UNKEPT = "unkept"
    NO_CHOICE = "no-choice"
    NUMBER_WRONG = "number-wrong"
    PHONE_WRONG = "phone-wrong"
    E_MAIL_WRONG = "e-mail-wrong"
    DATE_WRONG = "date-wrong"
    NOT_EMPTY = "not-empty"
    TOO_SOON = "too-soon"
    TOO_OLD = "too-old"
    SENT_BEFORE = "sent-before"
    AWAY = "away"
    TOO_OFTEN = "too-often"
    FILES_AGAIN = "files-again"
    FILE_LARGE = "file-large"
    FILES_LARGE = "files-large"
    FILES_MANY = "files-many"
    FILE_INFECTED = "file-infected"
    NO_SUCH_CODE = "no-such-code"


@dataclass(frozen=True, slots=True)
class Field:
    """A field's label, and the hint under it."""

    label: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Headed:
    """A paragraph or a few under a heading of their own."""

    heading: str
    text: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a contact stands, in plain words, and what happens next."""

    state: str
    next: str


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of all pages in one language."""

    months: tuple[str, ...]
    moment: str
    skip: str
    other_language: str
    error_title: str
    summary: str
    optional: str
    questions: str
    phone_us: str
    mail_us: str

    form_title: str
    form_lead: str
    anonymous: Headed
    company: str
    person: str
    details: str
    fields: Mapping[str, Field]
    do_not_know: str
    no_interpreter: str
    languages: Mapping[str, str]
    survey: str
    before_sending: str
    privacy_link: str
    send: str
    privacy: str
    privacy_parts: tuple[Headed, ...]
    faults: Mapping[Fault, str]

    receipt_title: str
    your_number: str
    your_code: str
    keep_code: str
    receipt_shown: str
    what_now: str
    next_steps: tuple[str, ...]
    to_follow_up: str

    follow_up_title: str
    follow_up_lead: str
    code: Field
    look: str
    to_form: str
    standing_title: str
    state: str
    with_whom: str
    promised: str
    promise: str
    next: str
    standings: Mapping[ContactState, Standing]

    no_form: str
    no_receipt: str
    too_large: str
    number_to_give: str
