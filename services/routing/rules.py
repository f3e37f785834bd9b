"""Pure decisions of routing: who gets a matter and why, when to look again, and how ids are made."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.routing.model import GENERAL, Matter, Officer, Reason, Tie
from shared.contracts.refusal import Invalid, Refused, Unknown

LONGEST_ID = 200
DATED = re.compile(r"[0-9]{4}-c-([0-9]{6})-")
"""An id that begins with the day, as those of contacts do: what comes together lies together in every index."""
NOT_YOUR_MATTER = ("Ärendet är inte ditt.", "The matter is not yours.")
NOT_YOU = ("Det gäller en annan handläggare.", "It is about another officer.")
TIED = ("Du är jävig och tar inte del av ärendet.", "You are tied, and take no part in the matter.")
NO_CONTACT = ("Ärendet gäller inte den kontakten.", "The matter is not about that contact.")
ID_TOO_LONG = ("Handläggarens id är för långt.", "The officer's id is too long.")


class NotTheirs(Refused):
    """The one who asks may not have it."""

    status = 403


@dataclass(frozen=True, slots=True)
class Interval:
    """A number of minutes, from a day on, and who says so."""

    minutes: int
    valid_from: date
    source: str
    verified: bool


INTERVALS = (
    Interval(
        5,
        date(2026, 11, 24),
        "House rule: no law gives a number; förvaltningslagen (2017:900) 9 § asks for quick handling.",
        verified=False,
    ),
)
"""How long a matter that nobody can take waits until the next look."""

GRANTED_FOR = (
    Interval(
        10,
        date(2026, 11, 24),
        "House rule: no law gives a number; short, so that a grant ends soon after a matter changes hands.",
        verified=False,
    ),
)
"""How long an officer reads by one grant."""


def in_force(intervals: Sequence[Interval], on: date) -> Interval:
    """The interval of a day; before all of them the first."""
    begun = [one for one in intervals if one.valid_from <= on]
    first = min(intervals, key=lambda one: one.valid_from)
    return max(begun, key=lambda one: one.valid_from, default=first)


def granted_until(at: datetime) -> datetime:
    """When a grant that is given now ends, in whole seconds."""
    return (at + timedelta(minutes=in_force(GRANTED_FOR, at.date()).minutes)).replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class Patience:
    """The intervals (at least one), of which the newest that has begun is in force."""

    intervals: Sequence[Interval]

    def in_force(self, on: date) -> Interval:
        """The interval of a day; before all of them the first."""
        return in_force(self.intervals, on)

    def next_look(self, at: datetime) -> datetime:
        """When to look again for somebody who can take a matter."""
        return at + timedelta(minutes=self.in_force(at.date()).minutes)


@dataclass(frozen=True, slots=True)
class Choice:
    """Who gets a matter, and why."""

    officer: Officer
    reason: Reason


def chosen(officers: Iterable[Officer], case_type: str) -> Choice | None:
    """Who gets a matter of this type: the least burdened who can take it, else of those who take what is left over."""
    officers = list(officers)
    choice = least_burdened([one for one in officers if one.takes(case_type)], case_type)
    if choice is not None or case_type == GENERAL:
        return choice
    fallback = least_burdened([one for one in officers if one.takes(GENERAL)], GENERAL)
    return None if fallback is None else Choice(fallback.officer, _left_over(case_type, fallback.reason))


def least_burdened(able: Sequence[Officer], case_type: str) -> Choice | None:
    """The officer with the fewest open matters, of equals the one whose id comes first; None when there is nobody."""
    if not able:
        return None
    officer = min(able, key=lambda one: (one.open_matters, one.officer_id))
    equals = sum(one.open_matters == officer.open_matters for one in able)
    return Choice(officer, _why(officer.open_matters, equals, len(able), case_type))


def nobody(case_type: str) -> Reason:
    """Why a matter waits."""
    return Reason(
        f"Ingen handläggare kan ta {case_type} just nu, och ingen tar det som blir över.",
        f"No officer can take {case_type} now, and nobody takes what is left over.",
    )


def made_id(municipality: str, letter: str, *parts: str) -> str:
    """The same id each time from the same parts: `1460-m-` and 26 hexadecimal digits."""
    digest = hashlib.sha256("\x00".join((letter, *parts)).encode()).hexdigest()
    return f"{municipality}-{letter}-{digest[:26]}"


def matter_id_of(municipality: str, contact_id: str, case_type: str) -> str:
    """The id of the one matter that a contact opens of a case type; it has the day that the contact's has."""
    matter_id = made_id(municipality, "m", contact_id, case_type)
    dated = DATED.match(contact_id)
    return f"{municipality}-m-{dated[1]}-{matter_id[-20:]}" if dated else matter_id


def officer_id_of(municipality: str, officer_id: str) -> str:
    """The staff system's id made unique among municipalities: `1460-o-lind`; Invalid when that becomes too long."""
    qualified = f"{municipality}-o-{officer_id}"
    if len(qualified) > LONGEST_ID:
        raise Invalid("officer-id-too-long", *ID_TOO_LONG, "/officer_id")
    return qualified


def officer_of(municipality: str, subject: str) -> str:
    """The officer whom a token speaks of: by the staff system's id, or by ours."""
    return subject if subject.startswith(f"{municipality}-o-") else officer_id_of(municipality, subject)


def tie_id_of(municipality: str, officer_id: str, party_id: str) -> str:
    """The id of what ties an officer to a party."""
    return made_id(municipality, "j", officer_id, party_id)


def granted(matter: Matter, officer: Officer | None, tie: Tie | None, contact_id: str | None) -> str:
    """The contact that an officer may read for a matter, its own when none is asked for; Refused or Unknown when none.

    Nobody reads for others' matters, and whoever is tied takes no part (FL 18).
    """
    if officer is None or not officer.active or matter.officer_id != officer.officer_id:
        raise NotTheirs("not-your-matter", *NOT_YOUR_MATTER)
    if tie is not None and tie.lifted_at is None:
        raise NotTheirs("tied", *TIED)
    if contact_id is not None and contact_id not in matter.contacts:
        raise Unknown("no-such-contact", *NO_CONTACT)
    return contact_id or matter.contact_id


def opened(municipality: str, contact_id: str, party_id: str | None, case_type: str, at: datetime) -> Matter:
    """The matter that a contact opens of a case type."""
    matter_id = matter_id_of(municipality, contact_id, case_type)
    return Matter(municipality, matter_id, contact_id, party_id, case_type, opened_at=at, since=at)


def _why(count: int, equals: int, able: int, case_type: str) -> Reason:
    if able == 1:
        return Reason(f"Är den enda som kan ta {case_type}.", f"Is the only one who can take {case_type}.")
    tie_sv = f"; {equals} har lika få, den första av dem valdes" if equals > 1 else ""
    tie_en = f"; {equals} have as few, the first of them was chosen" if equals > 1 else ""
    return Reason(
        f"Har minst antal öppna ärenden ({count}) av {able} som kan ta {case_type}{tie_sv}.",
        f"Has the fewest open matters ({count}) of {able} who can take {case_type}{tie_en}.",
    )


def _left_over(case_type: str, why: Reason) -> Reason:
    return Reason(
        f"Ingen handläggare kan ta {case_type} just nu. {why.sv}",
        f"No officer can take {case_type} now. {why.en}",
    )
