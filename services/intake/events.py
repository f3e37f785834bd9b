"""Translations: from what others publish to what arrives here, and from what intake keeps to what it says."""

from datetime import datetime

from services.intake.model.company_change import CompanyChange
from services.intake.model.contact import Arrival, Contact, ContactState, Place, Speaker
from services.intake.model.link import Link
from services.intake.model.note import Note
from services.intake.model.officer import Officer
from services.intake.model.party import Party
from services.intake.model.reception import AlarmKind, Answer, Holding
from services.intake.rules import ids as named
from services.intake.rules.ids import PartyIds
from services.intake.rules.linking import linked_types, live_links
from shared.contracts import inbox
from shared.contracts.intake_alarms import ContactAlarmed
from shared.contracts.intake_contacts import (
    ContactAnswered,
    ContactClassified,
    ContactLinked,
    ContactReferred,
    ContactRegistered,
    ContactUnlinked,
    NoteAdded,
)
from shared.contracts.intake_parties import PartyDeclared, PartyErased
from shared.contracts.members import Company
from shared.contracts.refusal import Invalid
from shared.contracts.routing_matters import MatterAssigned, MatterContactAdded, MatterOpened, MatterWaiting
from shared.contracts.routing_officers import OfficerDeclared


def arrival(event: inbox.ContactReceived, municipality: str, key: str, publisher: str) -> Arrival:
    """What another system has received."""
    company = event.company or Company()
    return Arrival(
        municipality=municipality,
        key=key,
        by=publisher,
        channel=event.channel,
        wish=event.wish,
        received_at=event.received_at,
        case_types=(event.case_type,) if event.case_type else (),
        language=event.language,
        organisation_number=company.organisation_number,
        company_name=company.name,
        speaker=_speaker(event.person),
        place=place(event.place),
        reference=event.reference,
    )


def company_change(
    event: inbox.CompanyChanged, municipality: str, publisher: str, ids: PartyIds, at: datetime
) -> CompanyChange:
    """What a register tells of a company; Invalid for a wrong number, or a new number that is not told."""
    new = event.new_organisation_number
    if event.changed == "number" and new is None:
        raise Invalid("no-new-number", *named.NO_NEW_NUMBER, "/new_organisation_number")
    party_id = ids.of(municipality, event.organisation_number, "/organisation_number")
    new_party_id = None if new is None else ids.of(municipality, new, "/new_organisation_number")
    told = (event.name or "") if event.changed == "name" else (new_party_id or "")
    return CompanyChange(
        municipality=municipality,
        change_id=named.made_id(municipality, "f", party_id, event.changed, event.on.isoformat(), told),
        party_id=party_id,
        kind=event.changed,
        on=event.on,
        told_by=publisher,
        told_at=at,
        reference=event.reference,
        new_party_id=new_party_id,
    )


def _speaker(person: inbox.Person | None) -> Speaker:
    return Speaker() if person is None else Speaker(person.name, person.role, person.phone, person.e_mail)


def place(told: inbox.Place | None) -> Place | None:
    """A place as another system tells of it."""
    return None if told is None else Place(told.property, told.address, told.latitude, told.longitude)


def registered(contact: Contact) -> ContactRegistered:
    """A contact was registered; the wish stays with us."""
    return ContactRegistered(
        municipality=contact.municipality,
        contact_id=contact.contact_id,
        number=contact.number,
        party_id=contact.party_id,
        channel=contact.channel,
        case_types=list(contact.case_types),
        language=contact.language,
        received_at=contact.received_at,
        registered_at=contact.registered_at,
        arrived_on=contact.arrived_on,
        at_reception=contact.state is not ContactState.HANDED_OVER or None,
        linked_types=linked_types(contact) or None,
        reference=contact.reference,
    )


def classified(contact: Contact, at: datetime) -> ContactClassified:
    """A person has chosen a contact's case types."""
    return ContactClassified(
        municipality=contact.municipality,
        contact_id=contact.contact_id,
        case_types=list(contact.case_types),
        classified_at=at,
    )


def linked(contact: Contact, before: Contact | None = None) -> list[ContactLinked]:
    """A contact is about the same as open ones: one event each, but for those told of before."""
    known = () if before is None else before.links or ()
    return [
        ContactLinked(
            municipality=contact.municipality,
            contact_id=contact.contact_id,
            linked_to=link.contact_id,
            case_type=link.case_type,
            begun_at=link.begun_at,
            within_days=link.within_days,
            linked_at=link.linked_at,
        )
        for link in live_links(contact)
        if link not in known
    ]


def unlinked(contact: Contact, link: Link, at: datetime) -> ContactUnlinked:
    """A contact is about something of its own after all; why stays with us."""
    return ContactUnlinked(
        municipality=contact.municipality,
        contact_id=contact.contact_id,
        party_id=contact.party_id,
        linked_to=link.contact_id,
        case_type=link.case_type,
        unlinked_at=at,
    )


def referred(contact: Contact, promised_at: datetime, at: datetime, times: int) -> ContactReferred:
    """A contact was handed over; what was said, and to whom in the receptionist's words, stays with us."""
    return ContactReferred(
        municipality=contact.municipality,
        contact_id=contact.contact_id,
        number=contact.number,
        party_id=contact.party_id,
        channel=contact.channel,
        case_types=list(contact.case_types),
        linked_types=linked_types(contact) or None,
        language=contact.language,
        promised_at=promised_at,
        referred_at=at,
        times=times,
    )


def answered(contact: Contact, answer: Answer) -> ContactAnswered:
    """A contact was answered at once."""
    return ContactAnswered(
        municipality=contact.municipality,
        contact_id=contact.contact_id,
        number=contact.number,
        party_id=contact.party_id,
        channel=contact.channel,
        case_type=answer.case_type,
        card=answer.card,
        answered_at=answer.at,
    )


def alarmed(contact: Contact, kind: AlarmKind, at: datetime) -> ContactAlarmed:
    """A coordinator must see to a contact."""
    return ContactAlarmed(
        municipality=contact.municipality,
        contact_id=contact.contact_id,
        number=contact.number,
        kind=kind,
        case_types=list(contact.case_types),
        answer_by=contact.answer_by,
        bounces=contact.bounces,
        alarmed_at=at,
    )


def sent_about(before: Contact, after: Contact, at: datetime) -> list[ContactAlarmed]:
    """What is said when a contact has changed hands more than once, each time that it does."""
    return [alarmed(after, "bounced", at)] if after.bounces > max(1, before.bounces) else []


def officer(event: OfficerDeclared) -> Officer:
    """An officer as routing declares them."""
    return Officer(event.municipality, event.officer_id, event.name, event.phone)


def held(event: MatterOpened | MatterAssigned | MatterWaiting | MatterContactAdded) -> Holding:
    """Who has a matter, as routing tells it."""
    if isinstance(event, MatterAssigned):
        return Holding(event.matter_id, event.case_type, event.officer_id, event.assigned_at)
    if isinstance(event, MatterContactAdded) and event.officer_id is not None:
        return Holding(event.matter_id, event.case_type, event.officer_id, event.added_at)
    return Holding(event.matter_id, event.case_type)


def noted(note: Note) -> NoteAdded:
    """Something was written down about a contact; the text stays with us."""
    return NoteAdded(
        municipality=note.municipality,
        version_id=note.version_id,
        note_id=note.note_id,
        contact_id=note.contact_id,
        version=note.version,
        noted_at=note.at,
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
