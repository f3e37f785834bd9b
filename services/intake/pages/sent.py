"""What was typed in the form: judged field by field, and made an arrival."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from services.intake.model.attachment import Attachment
from services.intake.model.contact import Arrival, Place, Speaker
from services.intake.pages.wording.sv import SWEDISH
from services.intake.pages.wording.texts import Fault
from services.intake.rules.ids import organisation_number
from shared.contracts.refusal import Invalid

FORM_ID, HONEYPOT, ATTACHMENTS = "form_id", "more", "attachments"
WHOLE_FORM = "form"
"""Where a fault stands that is no field's."""

LONGEST: Mapping[str, int] = {
    "wish": 20_000,
    "case_type": 100,
    "company_name": 300,
    "organisation_number": 32,
    "name": 300,
    "phone": 50,
    "e_mail": 320,
    "place": 500,
    "answer_language": 10,
    "interpreter": 10,
    "opening_on": 20,
    "survey_consent": 10,
    HONEYPOT: 1_000,
    FORM_ID: 100,
}
"""The fields in their order, and how many characters each may have."""

MOST_BYTES = 200_000
"""More than this of one field is not read, so it cannot be shown again either."""

PHONE = re.compile(r"[0-9 +()./-]*")
E_MAIL = re.compile(r"[^@\s]+@[^@\s]+")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

FIELDS = {name: {"type": "string", "maxLength": most} for name, most in LONGEST.items()}
FILES = {ATTACHMENTS: {"type": "array", "items": {"type": "string", "format": "binary"}}}
CONTENT = {"multipart/form-data": {**FIELDS, **FILES}, "application/x-www-form-urlencoded": FIELDS}
SCHEMAS = {
    kind: {"schema": {"type": "object", "properties": fields, "required": [FORM_ID, "wish"]}}
    for kind, fields in CONTENT.items()
}
DESCRIBED = {"requestBody": {"required": True, "content": SCHEMAS}}
"""What the OpenAPI document tells of the form."""

Faults = Mapping[str, Fault]
"""What is wrong, by the name of the field."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The fields of a form as they were typed, "" where nothing was (inskickat formulär)."""

    values: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        """What was typed in a field."""
        return self.values.get(name, "")

    def told(self, name: str) -> str | None:
        """What a field of one line tells: None when nothing."""
        return self[name].strip() or None

    @property
    def form_id(self) -> str:
        """The id that the form was given when it was opened."""
        return self[FORM_ID]


def faults_of(sent: Sent, case_types: Mapping[str, object]) -> Faults:
    """What is wrong with what was typed; nothing when it can be registered."""
    judged = {name: _judged(sent, name, case_types) for name in LONGEST if name != FORM_ID}
    return {name: fault for name, fault in judged.items() if fault is not None}


def _judged(sent: Sent, name: str, case_types: Mapping[str, object]) -> Fault | None:
    text = sent[name]
    if "\0" in text:
        return Fault.UNKEPT
    if len(text) > LONGEST[name]:
        return Fault.WISH_LONG if name == "wish" else Fault.TOO_LONG
    if name == "wish":
        return None if text.strip() else Fault.WISH_MISSING
    if name in ("case_type", "answer_language", "interpreter"):
        known = case_types if name == "case_type" else SWEDISH.languages
        return None if not text or text in known else Fault.NO_CHOICE
    judge = JUDGES.get(name)
    return judge(text.strip()) if judge and text.strip() else None


def _number(text: str) -> Fault | None:
    try:
        organisation_number(text, "")
    except Invalid:
        return Fault.NUMBER_WRONG
    return None


def _phone(text: str) -> Fault | None:
    digits = sum(letter.isdecimal() for letter in text)
    return None if PHONE.fullmatch(text) and digits >= 5 else Fault.PHONE_WRONG


def _e_mail(text: str) -> Fault | None:
    return None if E_MAIL.fullmatch(text) and len(text) > 2 else Fault.E_MAIL_WRONG


def _day(text: str) -> Fault | None:
    return Fault.DATE_WRONG if day_in(text) is None else None


def day_in(text: str | None) -> date | None:
    """The day that was typed; None when it is none."""
    try:
        return date.fromisoformat(text) if text and DAY.fullmatch(text) else None
    except ValueError:
        return None


JUDGES: Mapping[str, Callable[[str], Fault | None]] = {
    "organisation_number": _number,
    "phone": _phone,
    "e_mail": _e_mail,
    "opening_on": _day,
    HONEYPOT: lambda text: Fault.NOT_EMPTY,
}


def arrival(sent: Sent, files: tuple[Attachment, ...], municipality: str, at: datetime) -> Arrival:
    """What was sent, as an arrival: the wish as it was typed, the rest without blanks around."""
    place = sent.told("place")
    return Arrival(
        municipality=municipality,
        key=f"form {sent.form_id}",
        by="form",
        channel="web",
        wish=sent["wish"],
        received_at=at,
        case_types=tuple(filter(None, [sent.told("case_type")])),
        language=sent.told("answer_language") or "sv",
        interpreter=sent.told("interpreter"),
        organisation_number=sent.told("organisation_number"),
        company_name=sent.told("company_name"),
        speaker=Speaker(name=sent.told("name"), phone=sent.told("phone"), e_mail=sent.told("e_mail")),
        place=Place(address=place) if place else None,
        opening_on=day_in(sent.told("opening_on")),
        attachments=files,
        survey_consent=True if sent["survey_consent"] else None,
    )
