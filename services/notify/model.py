"""What notify keeps: whom it can reach, and messages with the ledger of what became of them."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from shared.contracts.refusal import Refused

NOT_PLANNED = ("Meddelandet väntar inte på att överlämnas.", "The message does not wait to be handed over.")
NO_LANGUAGE = "sv"
"""The language of a recipient that nobody knows."""
NOT_IN_HAND = ("Meddelandet håller inte på att överlämnas.", "The message is not being handed over.")


class ChannelName(StrEnum):
    """The ways in which a message can go."""

    E_MAIL = "e-mail"


class State(StrEnum):
    """Where a message is on its way."""

    PLANNED = "planned"
    HANDING_OVER = "handing-over"
    HANDED_OVER = "handed-over"
    GIVEN_UP = "given-up"


class Outcome(StrEnum):
    """What became of one attempt: AWAY was surely not sent, of UNKNOWN nobody knows."""

    TAKEN = "taken"
    LATER = "later"
    NEVER = "never"
    AWAY = "away"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a channel answers when it was given a letter; `answer` is technical, short and about nobody."""

    outcome: Outcome
    answer: str | None = None


LOST_SINCE = Receipt(Outcome.TAKEN, "told by our own topic after a restore")


@dataclass(frozen=True, slots=True)
class HandedBefore:
    """A message of which we have said that it was handed over, in a time that a restore has lost."""

    municipality: str
    message_id: str
    handed_over_at: datetime


HearsAlarms = Literal["as-coordinator", "for-want-of-one"]
"""Who is told of alarms: the coordinators and, where there are none, those who take what nobody else does."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who can get messages (mottagare): a party or an officer. Personal data, kept here and nowhere else."""

    municipality: str
    recipient_id: str
    name: str | None
    e_mail: str | None
    language: str
    hears_alarms: HearsAlarms | None = None

    @classmethod
    def forgotten(cls, municipality: str, recipient_id: str) -> "Recipient":
        """One of whom nothing is known any more, and to whom nothing is sent."""
        return cls(municipality, recipient_id, None, None, NO_LANGUAGE)


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why a message is planned: the event that was heard, and its place among those of the same aggregate."""

    municipality: str
    event_id: str
    about_id: str
    sequence: int
    correlation: str
    traceparent: str | None = None
    contact_id: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """What a message says, in one language; `wording` is the code of the kind of text."""

    wording: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as a channel gets it: the same each time it is handed over, but for an address that has changed."""

    message_id: str
    address: str
    subject: str
    body: str
    written_at: datetime
    contact_id: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One time that a message was claimed to be handed over (försök); kept before the channel hears of it."""

    number: int
    claimed_at: datetime
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    answer: str | None = None

    def ended(self, receipt: Receipt, at: datetime) -> "Attempt":
        """The attempt with what became of it."""
        return replace(self, ended_at=at, outcome=receipt.outcome, answer=receipt.answer)


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent to an officer or a company (meddelande), with the ledger of its attempts.

    `order` sorts the messages of a recipient. `due_at` is when to look at it again: to hand it over or, while it is
    being handed over, to find that nobody has told the outcome. `begun`: it was tried and is open, so that later ones
    to the same recipient wait. `times_away` counts attempts that were put back because the channel was away. What it
    says is None once its recipient was forgotten.
    """

    municipality: str
    message_id: str
    recipient_id: str
    channel: ChannelName
    wording: str
    about_id: str
    subject: str | None
    body: str | None
    planned_at: datetime
    order: str
    correlation: str
    due_at: datetime | None
    state: State = State.PLANNED
    begun: bool = False
    attempts: tuple[Attempt, ...] = ()
    times_away: int = 0
    closed_at: datetime | None = None
    reason: str | None = None
    traceparent: str | None = None
    contact_id: str | None = None

    @property
    def unknown_outcomes(self) -> int:
        """Of how many attempts nobody knows whether the message was taken."""
        return sum(attempt.outcome is Outcome.UNKNOWN for attempt in self.attempts)

    @property
    def taken_at_attempt(self) -> int:
        """The number of the attempt at which it was taken; 0 when it was not."""
        return next((attempt.number for attempt in self.attempts if attempt.outcome is Outcome.TAKEN), 0)

    def claimed(self, at: datetime, until: datetime) -> "Message":
        """Somebody hands it over now; when nothing is heard until then, the outcome is unknown."""
        if self.state is not State.PLANNED:
            raise Refused("not-planned", *NOT_PLANNED)
        attempt = Attempt(len(self.attempts) + 1, at)
        return replace(self, state=State.HANDING_OVER, begun=True, attempts=(*self.attempts, attempt), due_at=until)

    def behind(self, other: "Message") -> "Message":
        """It waits until the one before it is looked at again."""
        return replace(self, due_at=other.due_at)

    def put_back(self, due_at: datetime, *, away: bool) -> "Message":
        """It was surely not sent: as if it had not been claimed."""
        self._refuse_unless_in_hand()
        times_away = self.times_away + away
        return replace(self, state=State.PLANNED, attempts=self.attempts[:-1], times_away=times_away, due_at=due_at)

    def waiting(self, receipt: Receipt, at: datetime, due_at: datetime) -> "Message":
        """The attempt has ended, and there will be another."""
        self._refuse_unless_in_hand()
        ended = self.amended(self.attempts[-1].number, receipt, at)
        return replace(ended, state=State.PLANNED, due_at=due_at)

    def handed_over(self, number: int, receipt: Receipt, at: datetime) -> "Message":
        """The channel has taken it."""
        return self.amended(number, receipt, at)._closed(State.HANDED_OVER, None, at)

    def handed_over_before(self, at: datetime) -> "Message":
        """It was handed over in a time that a restore has lost: the ledger says so, and it is done with."""
        if self.state is State.HANDING_OVER:
            return self.handed_over(self.attempts[-1].number, LOST_SINCE, at)
        attempt = Attempt(len(self.attempts) + 1, at).ended(LOST_SINCE, at)
        return replace(self, attempts=(*self.attempts, attempt))._closed(State.HANDED_OVER, None, at)

    def given_up(self, receipt: Receipt, reason: str, at: datetime) -> "Message":
        """It will not be tried again."""
        self._refuse_unless_in_hand()
        return self.amended(self.attempts[-1].number, receipt, at)._closed(State.GIVEN_UP, reason, at)

    def forgotten(self, receipt: Receipt, reason: str, at: datetime) -> "Message":
        """The message without what it said, and given up when it is open; of one in hand nobody knows the outcome."""
        bare = replace(self, subject=None, body=None)
        if self.closed_at is not None:
            return bare
        told = bare.amended(len(self.attempts), receipt, at) if self.state is State.HANDING_OVER else bare
        return told._closed(State.GIVEN_UP, reason, at)

    def amended(self, number: int, receipt: Receipt, at: datetime) -> "Message":
        """The ledger with what is now known of one attempt."""
        told = tuple(one.ended(receipt, at) if one.number == number else one for one in self.attempts)
        return replace(self, attempts=told)

    def _closed(self, state: State, reason: str | None, at: datetime) -> "Message":
        return replace(self, state=state, begun=False, reason=reason, closed_at=at, due_at=None)

    def _refuse_unless_in_hand(self) -> None:
        if self.state is not State.HANDING_OVER:
            raise Refused("not-in-hand", *NOT_IN_HAND)
