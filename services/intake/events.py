"""Translations: from what others publish to what arrives here, and from what intake keeps to what it says."""

from services.intake.model import Arrival, Contact, Party
from shared.contracts.inbox import ContactReceived
from shared.contracts.intake_contacts import ContactRegistered
from shared.contracts.intake_parties import PartyDeclared, PartyErased


def arrival(event: ContactReceived, municipality: str, key: str, publisher: str) -> Arrival:
    """What another system has received."""
    company, person = event.company, event.person
    return Arrival(
        municipality=municipality,
        key=key,
        by=publisher,
        channel=event.channel,
        wish=event.wish,
        received_at=event.received_at,
        case_type=event.case_type,
        language=event.language,
        organisation_number=company.organisation_number if company else None,
        name=(person.name if person else None) or (company.name if company else None),
        e_mail=person.e_mail if person else None,
        phone=person.phone if person else None,
        reference=event.reference,
    )


def registered(contact: Contact) -> ContactRegistered:
    """A contact was registered; the wish stays with us."""
    return ContactRegistered(
        municipality=contact.municipality,
        contact_id=contact.contact_id,
        party_id=contact.party_id,
        channel=contact.channel,
        case_types=list(contact.case_types),
        language=contact.language,
        received_at=contact.received_at,
        registered_at=contact.registered_at,
        reference=contact.reference,
    )


def declared(party: Party) -> PartyDeclared:
    """How a party can be reached."""
    return PartyDeclared(
        municipality=party.municipality,
        party_id=party.party_id,
        name=party.name,
        e_mail=party.e_mail,
        phone=party.phone,
        language=party.language,
    )


def erased(party: Party) -> PartyErased:
    """What was known of a party must be forgotten."""
    return PartyErased(municipality=party.municipality, party_id=party.party_id)
