"""Secrecy: which field of a contact may be shown to everybody, by which paragraph not, and who has found otherwise."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from services.intake.model.dated import Dated

SecrecyClass = Literal["public", "secret"]
ALL_TYPES = "*"


class Field(StrEnum):
    """What a contact tells (uppgift); the last four stand within other fields' text too, and are masked there."""

    CHANNEL = "channel"
    CASE_TYPES = "case_types"
    DEPARTMENT = "department"
    SENDER = "sender"
    SUMMARY = "summary"
    WISH = "wish"
    PLACE = "place"
    OPENING = "opening"
    NOTES = "notes"
    PROMISED = "promised"
    REFERENCE = "reference"
    ATTACHMENTS = "attachments"
    PERSONAL_NUMBER = "personal_number"
    PERSON = "person"
    PHONE = "phone"
    E_MAIL = "e_mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecrecyRule(Dated):
    """Whether a field of contacts of a case type is public (sekretessregel), and by which paragraph.

    `case_type` "*" is for all types; a row for the type itself goes before it.
    """

    field: Field
    case_type: str
    secrecy: SecrecyClass
    paragraph: str
    source: str

    @property
    def key(self) -> str:
        """See `Dated`."""
        return f"{self.field} {self.case_type}"


@dataclass(frozen=True, slots=True)
class Classification:
    """That a person has found a field of one contact secret or public (sekretessbedömning), by which paragraph and why.

    It stands before the rule, and before what was found earlier, which stays.
    """

    field: Field
    secrecy: SecrecyClass
    paragraph: str
    why: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The class of a field (sekretessklass): by which paragraph, and by whose decision, a person's or the rule's."""

    secrecy: SecrecyClass
    paragraph: str
    decided_by: str

    @property
    def is_secret(self) -> bool:
        """Whether it may not be shown to everybody."""
        return self.secrecy == "secret"
