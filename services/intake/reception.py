"""What becomes of a contact at the reception: answered at once, or handed over warm until somebody has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from services.intake import events
from services.intake.classifying import chosen
from services.intake.linking import Linking, linked
from services.intake.model.contact import Contact, ContactState, PromisedAnswer
from services.intake.model.note import Note, version_id_of
from services.intake.model.reception import Answer, Holding
from services.intake.rules.arrival_day import WorkingDays, day_of
from services.intake.rules.ids import made_id
from services.intake.rules.in_force import Cards, CaseTypes
from services.intake.rules.promises import Promises, alarm, waiting_anew, watched
from services.intake.rules.tallies import outcome_of
from services.intake.store.contacts import Contacts
from services.intake.store.notes import Notes
from services.intake.store.suggestion_weeks import SuggestionWeeks
from services.intake.store.tallies import Tallies
from shared.contracts.refusal import Invalid

NO_CASE_TYPE = ("Ärendetypen finns inte i dag.", "There is no such case type today.")
NO_CARD = (
    "Vägledningskortet gäller inte i dag: se vilket som gör det.",
    "The guidance card is not in force today: see which one is.",
)
PASSED = ("Tiden för svaret har redan passerat.", "The time for the answer has passed already.")


@dataclass(frozen=True, slots=True)
class Reception:
    """What it writes in, one unit's contacts, notes, tallies and links, and the rules for it."""

    contacts: Contacts
    notes: Notes
    tallies: Tallies
    weeks: SuggestionWeeks
    linking: Linking
    promises: Promises
    days: WorkingDays
    types: CaseTypes
    cards: Cards


@dataclass(frozen=True, slots=True)
class Given:
    """What a caller was answered: about which case type, by which version of its card (the one in force when it is not
    said), and what else was said.
    """

    case_type: str
    card_version: int | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Passed:
    """How a contact is handed over: to which function, what was promised and what was said; about the same case types
    as before when none are named.
    """

    function: str
    promised_at: datetime
    case_types: Sequence[str]
    said: str | None


async def answer(contact: Contact, given: Given, reception: Reception, by: str, at: datetime) -> Contact:
    """The contact answered and closed. Refused when it has left the reception, Invalid for what is not in force."""
    _in_force(reception.types, contact.municipality, given.case_type, at, "/case_type")
    told = Answer(given.case_type, _card(reception.cards, contact.municipality, given, at), at, by)
    after = await chosen(contact, contact.answered_with(told), by, reception.weeks, at)
    await reception.tallies.count(outcome_of(contact, after, "desk"))
    reception.contacts.save(after, says=[events.answered(after, told)])
    _write_down(given.note, "answer", after, reception.notes, by, at)
    return after


async def hand_over(contact: Contact, passed: Passed, reception: Reception, by: str, at: datetime) -> Contact:
    """The contact handed over. Refused when it was answered, Invalid for an unknown case type or a time in the past."""
    case_types = tuple(dict.fromkeys(passed.case_types)) or contact.case_types
    for place, code in enumerate(passed.case_types):
        _in_force(reception.types, contact.municipality, code, at, f"/case_types/{place}")
    promised = PromisedAnswer(passed.promised_at.astimezone(UTC), passed.function)
    if promised.at <= at:
        raise Invalid("promise-has-passed", *PASSED, "/promised_at")
    handed_over = contact.handed_to(passed.function, case_types, promised, by, at)
    if passed.case_types:
        handed_over = await chosen(contact, handed_over, by, reception.weeks, at)
    after = watched(await linked(handed_over, reception.linking, at), reception.promises)
    times = after.handed_over.times if after.handed_over else 1
    await reception.tallies.count(outcome_of(contact, after, "desk"))
    news = [events.referred(after, promised.at, at, times), *events.linked(after, contact)]
    reception.contacts.save(after, says=[*news, *events.sent_about(contact, after, at)])
    _write_down(passed.said, f"hand-over {times}", after, reception.notes, by, at)
    return after


async def note_holding(before: Contact, holding: Holding, reception: Reception, at: datetime) -> None:
    """Somebody has a matter of the contact, or nobody has."""
    after = _looked_after(before, before.holding(holding, at), reception, at)
    if after != before:
        await reception.tallies.count(outcome_of(before, after, "bus"))
        reception.contacts.save(after, says=events.sent_about(before, after, at))


def part(contact: Contact, case_type: str, reception: Reception, at: datetime) -> Contact:
    """The contact when it is about something of its own of that case type: nobody has that yet."""
    return _looked_after(contact, contact.without(case_type), reception, at)


async def alarm_in_time(contact: Contact, reception: Reception, at: datetime) -> None:
    """Tell a coordinator what they must hear of the promise by now, and say when to look at it next."""
    kind = alarm(contact, reception.promises, at)
    told = contact if kind is None else contact.alarmed(kind)
    says = [] if kind is None else [events.alarmed(told, kind, at)]
    reception.contacts.save(watched(told, reception.promises), says=says)


def _looked_after(before: Contact, after: Contact, reception: Reception, at: datetime) -> Contact:
    if before.state is ContactState.TAKEN and after.state is ContactState.HANDED_OVER:
        return waiting_anew(after, reception.promises, reception.days, at)
    return watched(after, reception.promises)


def _in_force(types: CaseTypes, municipality: str, code: str, at: datetime, pointer: str) -> None:
    if types.in_force(municipality, code, day_of(at)) is None:
        raise Invalid("no-such-case-type", *NO_CASE_TYPE, pointer)


def _card(cards: Cards, municipality: str, given: Given, at: datetime) -> str | None:
    """The name of the card in force; None when the case type has none."""
    card = cards.in_force(municipality, given.case_type, day_of(at))
    if given.card_version is not None and (card is None or card.version != given.card_version):
        raise Invalid("no-such-card", *NO_CARD, "/card_version")
    return None if card is None else card.name


def _write_down(text: str | None, when: str, contact: Contact, notes: Notes, by: str, at: datetime) -> None:
    """What was said stands as a note about the contact (FL 27)."""
    if text is None:
        return
    note_id = made_id(contact.municipality, "n", contact.contact_id, by, when)
    note = Note(contact.municipality, version_id_of(note_id, 1), note_id, contact.contact_id, 1, text, at, at, by)
    notes.save(note, says=[events.noted(note)])
