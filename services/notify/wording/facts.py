"""What a text is about: the facts that each kind of message tells, the same in every language."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class OfficerFound:
    """To the party: this officer has your matter."""

    name: str | None
    officer: str
    case_type: str
    matter_id: str

    wording = "matter-assigned-party"


@dataclass(frozen=True, slots=True)
class MatterGiven:
    """To the officer: this matter is yours, and why."""

    name: str | None
    case_type: str
    matter_id: str
    reason_sv: str
    reason_en: str

    wording = "matter-assigned-officer"


@dataclass(frozen=True, slots=True)
class NewsInMatter:
    """To the officer: the company has contacted us again about your matter."""

    name: str | None
    case_type: str
    matter_id: str
    contact_id: str

    wording = "matter-contact-added"


@dataclass(frozen=True, slots=True)
class TimeToProcure:
    """To a contract's owner: procuring must start now, by which rule."""

    name: str | None
    contract_id: str
    title: str
    ends_on: date
    start_procuring_on: date
    rule: str
    rule_source: str
    rule_verified: bool

    wording = "time-to-procure"


@dataclass(frozen=True, slots=True)
class ContactInTrouble:
    """To a coordinator: a contact's promise is about to break or broken, or it is sent about."""

    name: str | None
    municipality: str
    contact_id: str
    number: str | None
    kind: Literal["promise-at-risk", "promise-broken", "bounced"]
    case_types: tuple[str, ...]
    answer_by: datetime | None
    bounces: int

    wording = "contact-alarmed"

    @property
    def path(self) -> str:
        """Where intake shows the contact to those who may see it."""
        return f"/intake/v1/{self.municipality}/contacts/{self.contact_id}"


Facts = OfficerFound | MatterGiven | NewsInMatter | TimeToProcure | ContactInTrouble
