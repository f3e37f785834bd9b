"""Pure decisions of intake: how ids are made, and what an organisation number tells."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from stdnum.exceptions import ValidationError
from stdnum.se import orgnr

from services.intake.model import GENERAL, NO_LANGUAGE, Arrival, Contact, Party
from shared.contracts.refusal import Invalid

COMPANY_NUMBER = "/company/organisation_number"
WRONG_NUMBER = (
    "Organisationsnumret stämmer inte: kontrollera siffrorna.",
    "The organisation number is not valid: check the digits.",
)


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


def case_types_of(chosen: str | None) -> tuple[str, ...]:
    """The case types of a contact: what was chosen, else that it is for somebody to sort."""
    return (chosen,) if chosen else (GENERAL,)


@dataclass(frozen=True, slots=True)
class PartyIds:
    """Names companies: `keyed(municipality, digits)` is a keyed HMAC, the same in intake and procurement."""

    keyed: Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class NewId:
    """Makes an id that nobody has: for what comes without one of its own."""

    make: Callable[[], str]


def contact_id_of(arrival: Arrival) -> str:
    """The id of the contact that an arrival becomes: the same each time it comes."""
    return made_id(arrival.municipality, "c", arrival.key)


def party_id_of(arrival: Arrival, ids: PartyIds) -> str | None:
    """Who the arrival is from; None when it is anonymous, Invalid for a wrong organisation number."""
    if arrival.is_anonymous:
        return None
    if arrival.organisation_number is None:
        return made_id(arrival.municipality, "p", arrival.key)
    number = organisation_number(arrival.organisation_number, COMPANY_NUMBER)
    return ids.keyed(arrival.municipality, number.digits)


def party_of(arrival: Arrival, party_id: str | None, before: Party | None) -> Party | None:
    """The party as it is now known: what it said before, with what it says this time."""
    if party_id is None:
        return None
    return (before or Party(arrival.municipality, party_id, None, None, None, NO_LANGUAGE)).told(arrival)


def taken_down(arrival: Arrival, party_id: str | None, at: datetime) -> Contact:
    """The contact that an arrival becomes."""
    return Contact(
        municipality=arrival.municipality,
        contact_id=contact_id_of(arrival),
        party_id=party_id,
        channel=arrival.channel,
        case_types=case_types_of(arrival.case_type),
        language=arrival.language,
        wish=arrival.wish,
        received_at=arrival.received_at.astimezone(UTC),
        registered_at=at,
        registered_by=arrival.by,
        reference=arrival.reference,
    )
