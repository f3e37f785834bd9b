"""What a contact's wish seems to need is kept with it, a person's choice beside it, and both are counted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.intake import events
from services.intake.model.contact import Contact
from services.intake.rules import classification as rules
from services.intake.rules.arrival_day import day_of
from services.intake.rules.in_force import CaseTypes
from services.intake.rules.suggestion import Suggesters
from services.intake.store.contacts import Contacts
from services.intake.store.suggestion_weeks import SuggestionWeeks


@dataclass(frozen=True, slots=True)
class Classifying:
    """What suggesting and choosing read and write: one unit's contacts and weeks, the rules and the case types."""

    contacts: Contacts
    weeks: SuggestionWeeks
    suggesters: Suggesters
    case_types: CaseTypes


async def suggested(contact: Contact, classifying: Classifying, at: datetime) -> Contact:
    """A new contact with what its wish seems to need, whatever its door; a choice that came with it is counted."""
    suggestion = classifying.suggesters.suggest(contact.municipality, contact.wish, day_of(at))
    new = replace(contact, suggestion=suggestion)
    await _count(None, new, classifying.weeks)
    return new


async def classify(
    contact: Contact, case_types: Sequence[str], by: str, classifying: Classifying, at: datetime
) -> Contact:
    """The contact with the case types that a person chose, kept and said; the suggestion stays beside them.

    Invalid for a case type that is not in force, Refused when the contact has left the reception.
    """
    known = classifying.case_types.all_in_force(contact.municipality, day_of(at))
    rules.refuse_unknown(case_types, frozenset(known))
    chosen = rules.classified(contact, case_types, by, at)
    await _count(contact, chosen, classifying.weeks)
    classifying.contacts.save(chosen, says=[events.classified(chosen, at)])
    return chosen


async def chosen(before: Contact, after: Contact, by: str, weeks: SuggestionWeeks, at: datetime) -> Contact:
    """A contact whose case types were chosen as it was answered or handed over: that is a person's choice, too."""
    contact = replace(after, chosen_by=by, chosen_at=at)
    await _count(before, contact, weeks)
    return contact


async def _count(before: Contact | None, contact: Contact, weeks: SuggestionWeeks) -> None:
    if contact.chosen_at is not None:
        week = await weeks.get(rules.week_id_of(contact))
        weeks.save(rules.recounted(week, before, contact))
