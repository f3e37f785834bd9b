"""What other municipal systems publish: one inbox topic each, written in their words and kept 30 days."""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.event import Event, Part
from shared.contracts.members import (
    Amount,
    Channel,
    Code,
    Company,
    Cpv,
    Day,
    EMail,
    Id,
    Language,
    Moment,
    Name,
    OrganisationNumber,
    Phone,
    Reference,
    Title,
    Truth,
    Whole,
)
from shared.contracts.streams import INBOX


class Person(Part):
    """The person who spoke for the company (kontaktperson)."""

    name: Name | None = None
    phone: Phone | None = None
    e_mail: EMail | None = None
    role: Annotated[str, Field(max_length=200)] | None = None


class Place(Part):
    """The place that the contact is about (plats)."""

    property: Annotated[str, Field(max_length=200)] | None = None
    address: Annotated[str, Field(max_length=500)] | None = None
    latitude: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)] | None = None


class Attachment(Part):
    """A file that came with the contact, kept where it was published (bilaga)."""

    name: Name
    media_type: Annotated[str, Field(pattern=r"^[0-9A-Za-z_.+-]{1,100}/[0-9A-Za-z_.+-]{1,100}$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")]
    url: Annotated[str, Field(min_length=1, max_length=2_000)]


class ContactReceived(Event, stream=INBOX, about="reference"):
    """A company has contacted the municipality through another system (kontakt mottagen)."""

    reference: Reference
    received_at: Moment
    channel: Channel
    wish: Annotated[str, Field(min_length=1, max_length=20_000, description="the company's own words")]
    case_type: Code | None = None
    language: Language = "sv"
    company: Company | None = None
    person: Person | None = None
    place: Place | None = None
    attachments: Annotated[list[Attachment], Field(default_factory=list, max_length=100)]


class CompanyChanged(Event, stream=INBOX, about="reference"):
    """A company's owner, number, premises or name has changed, or it has ceased, says a register (företag ändrat)."""

    reference: Reference
    organisation_number: OrganisationNumber
    changed: Literal["owner", "number", "premises", "name", "ceased"]
    on: Day
    name: Name | None = None
    new_organisation_number: OrganisationNumber | None = None
    place: Place | None = None


class Option(Part):
    """A right to prolong a contract, and the last day to use it (option)."""

    until: Day
    notice_by: Day


class ContractSigned(Event, stream=INBOX, about="reference"):
    """The municipality has signed a contract with a supplier in another system (avtal tecknat)."""

    reference: Reference
    title: Title
    owner_id: Id
    ends_on: Day
    department: Annotated[str, Field(max_length=200)] | None = None
    cpv: Cpv | None = None
    supplier: Company | None = None
    starts_on: Day | None = None
    options: Annotated[list[Option], Field(default_factory=list, max_length=100)]
    # Without an upper bound on purpose: what the database cannot hold must be answered by the platform, not lost.
    notice_months: Annotated[Whole, Field(ge=0)] | None = None
    value: Amount | None = None
    ceiling: Amount | None = None


class OfficerChanged(Event, stream=INBOX, about="reference"):
    """An officer has come, left or got other duties, says the staff system (handläggare ändrad)."""

    reference: Reference
    officer_id: Id
    name: Name
    e_mail: EMail
    phone: Phone | None = None
    case_types: Annotated[list[Code], Field(max_length=1_000)]
    active: Truth = True
    coordinator: Truth = False
