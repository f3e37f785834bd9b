"""What routing keeps: matters, and the officers who take them in hand."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from shared.contracts.refusal import Refused

GENERAL = "ovrigt"
"""The case type of what nobody has sorted yet; whoever takes it also takes what nobody else can."""

MatterState = Literal["opened", "waiting", "assigned"]
TieGround = Literal[1, 2, 3, 4]

CANNOT_TAKE = ("Handläggaren kan inte ta ärendet.", "The officer cannot take the matter.")
ALREADY_ASSIGNED = ("Ärendet har redan en handläggare.", "The matter already has an officer.")
WAITS_ALREADY = ("Ärendet väntar redan.", "The matter is waiting already.")
NOT_TIED = ("Handläggaren är inte jävig.", "The officer is not tied.")
NOT_WAITING = ("Ärendet väntar inte.", "The matter is not waiting.")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why it was decided so, for people to read; names nobody."""

    sv: str
    en: str


@dataclass(frozen=True, slots=True)
class Officer:
    """Who takes matters in hand (handläggare), as the staff system tells it; `open_matters` is our own count.

    A `coordinator` is told when a contact needs help at the reception. Of one who has left the name stays, as it stands
    in decisions, and no address.
    """

    municipality: str
    officer_id: str
    name: str
    e_mail: str | None
    phone: str | None
    case_types: tuple[str, ...]
    active: bool
    open_matters: int = 0
    coordinator: bool = False

    def takes(self, case_type: str) -> bool:
        """Whether matters of this type may be given to the officer."""
        return self.active and case_type in self.case_types

    def taking(self, matter: "Matter") -> "Officer":
        """The officer with one more matter in hand; Refused when it is not theirs to take."""
        able = self.takes(matter.case_type) or self.takes(GENERAL)
        if not able or matter.municipality != self.municipality:
            raise Refused("cannot-take", *CANNOT_TAKE)
        return replace(self, open_matters=self.open_matters + 1)

    def following(self, before: "Officer | None") -> "Officer":
        """The officer as told now, with the matters that they had in hand before."""
        return self if before is None else replace(self, open_matters=before.open_matters)


@dataclass(frozen=True, slots=True)
class Tie:
    """That an officer is tied to a party (jäv, FL 16), on which of its grounds: they get no grant for it."""

    municipality: str
    tie_id: str
    officer_id: str
    party_id: str
    ground: TieGround
    declared_at: datetime
    declared_by: str
    lifted_at: datetime | None = None
    lifted_by: str | None = None

    def lifted(self, by: str, at: datetime) -> "Tie":
        """The tie when it binds no more; Refused when it did not."""
        if self.lifted_at is not None:
            raise Refused("not-tied", *NOT_TIED)
        return replace(self, lifted_at=at, lifted_by=by)


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing that a company wants of the municipality (ärende). `since` is when it came into its state.

    It waits as long as nobody can take it; `due_at` is then the next time to look. `more_contacts` are the later ones
    of the same company about the same.
    """

    municipality: str
    matter_id: str
    contact_id: str
    party_id: str | None
    case_type: str
    opened_at: datetime
    since: datetime
    state: MatterState = "opened"
    officer_id: str | None = None
    reason: Reason | None = None
    due_at: datetime | None = None
    more_contacts: tuple[str, ...] = ()

    @property
    def contacts(self) -> tuple[str, ...]:
        """All contacts that it is about."""
        return (self.contact_id, *self.more_contacts)

    def told_of(self, contact_id: str) -> "Matter":
        """The matter with one more contact about it."""
        return replace(self, more_contacts=(*self.more_contacts, contact_id))

    def not_about(self, contact_id: str) -> "Matter":
        """The matter without a contact that was about something else after all."""
        return replace(self, more_contacts=tuple(one for one in self.more_contacts if one != contact_id))

    def given_to(self, officer: Officer, reason: Reason, at: datetime) -> "Matter":
        """The matter in an officer's hands; Refused when somebody has it."""
        if self.state == "assigned":
            raise Refused("already-assigned", *ALREADY_ASSIGNED)
        return replace(self, state="assigned", officer_id=officer.officer_id, reason=reason, since=at, due_at=None)

    def waiting(self, reason: Reason, at: datetime, due_at: datetime) -> "Matter":
        """The matter while nobody can take it; Refused when it waits or somebody has it."""
        if self.state == "assigned":
            raise Refused("already-assigned", *ALREADY_ASSIGNED)
        if self.state == "waiting":
            raise Refused("waits-already", *WAITS_ALREADY)
        return replace(self, state="waiting", reason=reason, since=at, due_at=due_at)

    def waiting_on(self, due_at: datetime) -> "Matter":
        """The matter after another look in vain; Refused when it does not wait."""
        if self.state != "waiting":
            raise Refused("not-waiting", *NOT_WAITING)
        return replace(self, due_at=due_at)
