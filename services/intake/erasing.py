"""The one way in which something is erased, whether a person asks for it at a door or the retention plan says so."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.intake import events
from services.intake.model.attachment import Upload
from services.intake.model.contact import Contact
from services.intake.model.disposal import Disposal
from services.intake.model.party import Erasure, Party
from services.intake.store.contacts import Contacts
from services.intake.store.parties import Parties
from services.intake.store.uploads import Uploads


def dispose_of(contact: Contact, disposal: Disposal, contacts: Contacts, uploads: Uploads, at: datetime) -> Disposal:
    """Erase what is written in a contact and about it; the first disposal stands. Number, days and case types stay."""
    first = contact.disposal or disposal
    contacts.save(replace(contacts.emptied(contact), disposal=first))
    contacts.forget(contact.contact_id)
    for attachment in contact.attachments or ():
        if attachment.kept_out is None:
            uploads.save(Upload(contact.municipality, attachment.attachment_id, due_at=at, going=True))
    return first


def erase(party: Party, persons: Sequence[Party], erasure: Erasure, parties: Parties) -> None:
    """Erase who a party is, with the persons who spoke for it, here and with all who have heard of it."""
    for one in (party, *persons):
        parties.save(one.erased(erasure), says=[events.erased(one)] if one is party else [])
        parties.forget(one.party_id)
