"""How ids are made, and what an organisation number tells."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC

from stdnum.exceptions import ValidationError
from stdnum.se import orgnr

from services.intake.model.contact import Arrival, Speaker
from shared.contracts.refusal import Invalid

COMPANY_NUMBER = "/company/organisation_number"
COMPANY_ID = "/company/company_id"
WRONG_NUMBER = (
    "Organisationsnumret stämmer inte: kontrollera siffrorna.",
    "The organisation number is not valid: check the digits.",
)
NO_NEW_NUMBER = ("Det nya organisationsnumret saknas.", "The new organisation number is missing.")
UNKNOWN_COMPANY = ("Företaget finns inte hos oss.", "We do not have that company.")


@dataclass(frozen=True, slots=True)
class OrganisationNumber:
    """Ten digits with a right check digit. A sole trader's number is the owner's personal number (third digit < 2)."""

    digits: str

    @property
    def is_sole_trader(self) -> bool:
        """Whether the number is a person's: personal data."""
        return self.digits[2] < "2"


def organisation_number(text: str, pointer: str) -> OrganisationNumber:
    """Read an organisation number however it is written; Invalid with the pointer when it is none."""
    bare = text.strip().replace(" ", "").replace("-", "")
    ten = bare[2:] if len(bare) == 12 else bare
    try:
        return OrganisationNumber(orgnr.validate(ten))
    except ValidationError:
        raise Invalid("organisation-number", *WRONG_NUMBER, pointer) from None


def made_id(municipality: str, letter: str, *parts: str) -> str:
    """The same id each time from the same parts: `1460-c-` and 26 hexadecimal digits."""
    digest = hashlib.sha256("\x00".join((letter, *parts)).encode()).hexdigest()
    return f"{municipality}-{letter}-{digest[:26]}"


def dated_id(arrival: Arrival, letter: str) -> str:
    """The same id each time the same arrives: `1460-c-261124-` and 20 hexadecimal digits.

    The day first, so that in every index and log of documents what comes together lies together.
    """
    digest = hashlib.sha256("\x00".join((letter, arrival.key)).encode()).hexdigest()
    day = arrival.received_at.astimezone(UTC)
    return f"{arrival.municipality}-{letter}-{day:%y%m%d}-{digest[:20]}"


@dataclass(frozen=True, slots=True)
class PartyIds:
    """Names companies: `keyed(municipality, digits)` is a keyed HMAC, the same in intake and procurement; and makes the
    prints by which parties are found: `printed(purpose, text)` is one too.
    """

    keyed: Callable[[str, str], str]
    printed: Callable[[str, str], str]

    def of(self, municipality: str, text: str, pointer: str) -> str:
        """The id of the company with this organisation number; Invalid with the pointer for a wrong one."""
        return self.keyed(municipality, organisation_number(text, pointer).digits)

    def of_number(self, municipality: str, text: str) -> str:
        """The id of the company that a contact names; Invalid for a wrong number."""
        return self.of(municipality, text, COMPANY_NUMBER)


@dataclass(frozen=True, slots=True)
class NewId:
    """Makes an id that nobody has: for what comes without one of its own."""

    make: Callable[[], str]


def contact_id_of(arrival: Arrival) -> str:
    """The id of the contact that an arrival becomes: the same each time it comes."""
    return dated_id(arrival, "c")


def company_id_of(arrival: Arrival, ids: PartyIds) -> str | None:
    """The company's id: of its number, or as it was given; None when no company was named, or by name alone."""
    if arrival.organisation_number is not None:
        return ids.of_number(arrival.municipality, arrival.organisation_number)
    if arrival.company_id is not None and not arrival.company_id.startswith(f"{arrival.municipality}-p-"):
        raise Invalid("no-such-company", *UNKNOWN_COMPANY, COMPANY_ID)
    return arrival.company_id


def party_id_of(arrival: Arrival, ids: PartyIds) -> str | None:
    """Who the arrival is from; None when it is anonymous, Invalid for a wrong organisation number."""
    if arrival.is_anonymous:
        return None
    return company_id_of(arrival, ids) or dated_id(arrival, "p")


def speaker_id_of(company_id: str, speaker: Speaker, municipality: str) -> str:
    """The person who speaks for a company: the same for the same e-mail, else phone, else name."""
    known_by = speaker.e_mail or speaker.phone or speaker.name or ""
    return made_id(municipality, "p", company_id, " ".join(known_by.casefold().split()))


def everybody_in(arrival: Arrival, ids: PartyIds) -> tuple[str, ...]:
    """Who the arrival is from, and the person who spoke for it when it is a company; nobody when it is anonymous."""
    party_id = party_id_of(arrival, ids)
    if party_id is None or not arrival.names_company or arrival.speaker.is_nobody:
        return () if party_id is None else (party_id,)
    return party_id, speaker_id_of(party_id, arrival.speaker, arrival.municipality)


def entry_id_of(subject: str, event_type: str, content: str) -> str:
    """The id of an event's entry on the timeline: the same for the same content, beside others of its subject."""
    digest = hashlib.sha256("\x00".join((event_type, content)).encode()).hexdigest()
    return f"{subject}-t-{digest[:12]}"
