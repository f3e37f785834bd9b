"""Contacts about the same: a new one is linked to the open one, and hands over to no second officer."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.intake.model.dated import Dated


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkingRule(Dated):
    """For how many days a contact is what new ones about the same are linked to (kopplingsregel).

    `case_type` "*" is for all types without a row of their own; 0 days: never linked.
    """

    case_type: str
    days: int
    source: str

    @property
    def key(self) -> str:
        """See `Dated`."""
        return self.case_type


@dataclass(frozen=True, slots=True)
class Unlinking:
    """That a person has undone a link (frånkoppling): why, when, and who."""

    why: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Link:
    """That a contact is about the same as an open one (koppling): of the same company, of the same case type, begun at
    most `within_days` days before.
    """

    contact_id: str
    case_type: str
    begun_at: datetime
    within_days: int
    linked_at: datetime
    unlinked: Unlinking | None = None

    def undone(self, why: str, by: str, at: datetime) -> "Link":
        """The link as a person has undone it; what it was stays."""
        return replace(self, unlinked=Unlinking(why, at, by))


@dataclass(frozen=True, slots=True)
class Thread:
    """What a company has asked of one case type (ärendetråd): `contact_id` is the contact that opened the matter."""

    municipality: str
    thread_id: str
    case_type: str
    contact_id: str
    begun_at: datetime
