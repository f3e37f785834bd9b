"""A person's choice of case types for a contact, beside what was suggested."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.intake.model.accuracy import SuggestionWeek
from services.intake.model.contact import Contact, ContactState
from services.intake.rules.arrival_day import day_of
from shared.contracts.refusal import Invalid, Refused

HAS_LEFT = (
    "Kontakten har lämnat receptionen: lämna över den på nytt med rätt ärendetyp.",
    "The contact has left the reception: hand it over anew with the right case type.",
)


def classified(contact: Contact, case_types: Sequence[str], by: str, at: datetime) -> Contact:
    """The contact with the case types that a person chose; what was suggested stays. Refused when it has left."""
    if contact.state is not ContactState.AT_RECEPTION:
        raise Refused("not-at-reception", *HAS_LEFT)
    return replace(contact, case_types=tuple(dict.fromkeys(case_types)), chosen_by=by, chosen_at=at)


def refuse_unknown(case_types: Sequence[str], known: frozenset[str]) -> None:
    """Invalid, with its place, for a case type that is not in force."""
    for place, code in enumerate(case_types):
        if code not in known:
            sv, en = f"Ärendetypen {code} finns inte.", f"There is no case type {code}."
            raise Invalid("no-such-case-type", sv, en, f"/case_types/{place}")


def week_of(moment: datetime) -> str:
    """The Swedish week of a moment: `2026-W48`."""
    year, week, _ = day_of(moment).isocalendar()
    return f"{year}-W{week:02d}"


def week_id_of(contact: Contact) -> str:
    """The week in which the suggestion for a contact counts: that of its registration."""
    return week_id(contact.municipality, week_of(contact.registered_at))


def week_id(municipality: str, week: str) -> str:
    """The id of a municipality's week."""
    return f"{municipality}-w-{week}"


def recounted(week: SuggestionWeek | None, before: Contact | None, contact: Contact) -> SuggestionWeek:
    """The week with a contact's choice counted, once, however often it is changed."""
    counted = week or SuggestionWeek(contact.municipality, week_id_of(contact), week_of(contact.registered_at))
    for one, times in ((before, -1), (contact, 1)):
        if one is not None and one.chosen_at is not None:
            suggested = one.suggestion.codes if one.suggestion else ()
            counted = counted.counted(suggested, one.case_types, times)
    return counted
