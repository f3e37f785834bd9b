"""What a door is about must be there, and be its municipality's: all else is unknown."""

from services.intake.model.contact import Contact
from services.intake.model.party import Party
from shared.contracts.refusal import Unknown

NO_CONTACT = ("no-such-contact", "Kontakten finns inte.", "There is no such contact.")
NO_PARTY = ("no-such-party", "Parten finns inte.", "There is no such party.")


def contact_there(contact: Contact | None, municipality: str) -> Contact:
    """The contact, which must be one of this municipality's."""
    if contact is None or contact.municipality != municipality:
        raise Unknown(*NO_CONTACT)
    return contact


def party_there(party: Party | None, municipality: str) -> Party:
    """The party, which must be one of this municipality's."""
    if party is None or party.municipality != municipality:
        raise Unknown(*NO_PARTY)
    return party
