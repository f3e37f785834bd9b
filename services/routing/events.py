"""Translations: from what is heard to what routing keeps, and from what it keeps to what it says."""

from datetime import datetime

from services.routing import rules
from services.routing.model import Matter, Officer, Reason
from shared.contracts.inbox import OfficerChanged
from shared.contracts.intake_contacts import ContactLinked, ContactReferred, ContactRegistered, ContactUnlinked
from shared.contracts.routing_matters import MatterAssigned, MatterContactAdded, MatterOpened, MatterWaiting
from shared.contracts.routing_officers import OfficerDeclared, OfficerErased

ContactForOfficers = ContactRegistered | ContactReferred
"""What opens matters: a contact that is for the officers at once, or one that the reception has handed over."""


def officer(event: OfficerChanged, municipality: str) -> Officer:
    """The officer as the staff system tells it."""
    return Officer(
        municipality=municipality,
        officer_id=rules.officer_id_of(municipality, event.officer_id),
        name=event.name,
        e_mail=event.e_mail if event.active else None,
        phone=event.phone if event.active else None,
        case_types=tuple(dict.fromkeys(event.case_types)),
        active=event.active,
        coordinator=event.coordinator,
    )


def told(officer: Officer) -> OfficerDeclared | OfficerErased:
    """How an officer can be reached, and what they take; of one who has left, that it must be forgotten."""
    if officer.e_mail is None:
        return OfficerErased(municipality=officer.municipality, officer_id=officer.officer_id)
    return OfficerDeclared(
        municipality=officer.municipality,
        officer_id=officer.officer_id,
        name=officer.name,
        e_mail=officer.e_mail,
        phone=officer.phone,
        case_types=list(officer.case_types),
        active=officer.active,
        coordinator=officer.coordinator or None,
    )


def matter_ids(event: ContactForOfficers) -> list[str]:
    """The ids of the matters that a contact opens."""
    return [rules.matter_id_of(event.municipality, event.contact_id, one) for one in _own_types(event)]


def matters(event: ContactForOfficers, at: datetime) -> list[Matter]:
    """The matters that a contact opens: one for each case type of which its company has no open contact already."""
    about = event.municipality, event.contact_id, event.party_id
    return [rules.opened(*about, case_type, at) for case_type in _own_types(event)]


def _own_types(event: ContactForOfficers) -> list[str]:
    return [one for one in dict.fromkeys(event.case_types) if one not in (event.linked_types or ())]


def joined_id(event: ContactLinked | ContactUnlinked) -> str:
    """The id of the matter that another contact about the same has opened."""
    return rules.matter_id_of(event.municipality, event.linked_to, event.case_type)


def matter_of_its_own(event: ContactUnlinked, at: datetime) -> Matter:
    """The matter of a contact that was about something of its own after all."""
    return rules.opened(event.municipality, event.contact_id, event.party_id, event.case_type, at)


def contact_added(matter: Matter, contact_id: str, at: datetime) -> MatterContactAdded:
    """There is news in a matter."""
    return MatterContactAdded(
        municipality=matter.municipality,
        matter_id=matter.matter_id,
        contact_id=contact_id,
        case_type=matter.case_type,
        officer_id=matter.officer_id,
        added_at=at,
    )


def opened(matter: Matter) -> MatterOpened:
    """A matter was opened."""
    return MatterOpened(
        municipality=matter.municipality,
        matter_id=matter.matter_id,
        contact_id=matter.contact_id,
        party_id=matter.party_id,
        case_type=matter.case_type,
        opened_at=matter.opened_at,
    )


def waiting(matter: Matter, reason: Reason) -> MatterWaiting:
    """Nobody can take a matter now."""
    return MatterWaiting(
        municipality=matter.municipality,
        matter_id=matter.matter_id,
        contact_id=matter.contact_id,
        case_type=matter.case_type,
        since=matter.since,
        reason_sv=reason.sv,
        reason_en=reason.en,
    )


def assigned(matter: Matter, officer: Officer, reason: Reason) -> MatterAssigned:
    """An officer has got a matter."""
    return MatterAssigned(
        municipality=matter.municipality,
        matter_id=matter.matter_id,
        contact_id=matter.contact_id,
        party_id=matter.party_id,
        case_type=matter.case_type,
        officer_id=officer.officer_id,
        reason_sv=reason.sv,
        reason_en=reason.en,
        assigned_at=matter.since,
        more_contacts=list(matter.more_contacts) or None,
    )
