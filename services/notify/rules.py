"""Pure decisions of notify: what is planned, what is handed over now, and what follows from how it went."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from services.notify.model import (
    ChannelName,
    HandedBefore,
    HearsAlarms,
    Letter,
    Message,
    Occasion,
    Outcome,
    Receipt,
    Recipient,
    State,
    Text,
)

DATED = re.compile(r"[0-9]{4}-[a-z]-([0-9]{6})-")
"""An event of an aggregate whose id begins with its day: the message's id does too, and lies beside its like."""
LEFT_OVER = "ovrigt"
"""The case type of what nobody else takes."""
CLAIM_LASTS = timedelta(seconds=10)
"""How old a claim must be before another may find that nobody has told its outcome; longer than the sender's lease."""
NOBODY_TOLD = Receipt(Outcome.UNKNOWN, "nobody told the outcome")
NO_ADDRESS = Receipt(Outcome.NEVER, "no address")
NOT_SENT = Receipt(Outcome.AWAY)
ERASED = "The recipient was erased."


@dataclass(frozen=True, slots=True)
class Patience:
    """How long it is waited before the next attempt, and when it is given up; from a day on, and who says so.

    The last wait of each row is repeated; it is given up when all waits and so many days have passed. While the channel
    itself is away nothing is given up.
    """

    valid_from: date
    when_refused: tuple[timedelta, ...]
    when_unknown: tuple[timedelta, ...]
    when_away: tuple[timedelta, ...]
    give_up_after: timedelta
    source: str
    verified: bool


PATIENCE = (
    Patience(
        valid_from=date(2026, 11, 24),
        when_refused=tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120, 240)),
        when_unknown=tuple(timedelta(seconds=seconds) for seconds in (0, 10, 60, 300, 1800, 3600, 14400)),
        when_away=tuple(timedelta(seconds=seconds) for seconds in (1, 2, 4, 8, 16, 32, 60)),
        give_up_after=timedelta(days=5),
        source="RFC 5321 section 4.5.4.1: give up after at least 4-5 days; the waits are a house rule",
        verified=False,
    ),
)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of patience (at least one), of which the newest that has begun is in force."""

    rows: Sequence[Patience] = PATIENCE

    def in_force(self, at: datetime) -> Patience:
        """The row of a day; before all of them the first."""
        begun = [row for row in self.rows if row.valid_from <= at.date()]
        first = min(self.rows, key=lambda row: row.valid_from)
        return max(begun, key=lambda row: row.valid_from, default=first)


def message_id_of(occasion: Occasion, recipient_id: str, channel: ChannelName) -> str:
    """The same id each time from the same event, recipient and channel, so that the same event plans once."""
    parts = "\x00".join(("n", occasion.event_id, recipient_id, channel))
    digest, dated = hashlib.sha256(parts.encode()).hexdigest(), DATED.match(occasion.event_id)
    own = f"{dated[1]}-{digest[6:26]}" if dated else digest[:26]
    return f"{occasion.municipality}-n-{own}"


def channel_to(recipient: Recipient) -> ChannelName | None:
    """How a recipient can be reached; None when it cannot, which is an outcome and no error."""
    return ChannelName.E_MAIL if recipient.e_mail else None


def hears_alarms(coordinator: bool, case_types: Sequence[str]) -> HearsAlarms | None:
    """Whether an officer is told when a contact needs help at the reception."""
    if coordinator:
        return "as-coordinator"
    return "for-want-of-one" if LEFT_OVER in case_types else None


def alarmed(officers: Sequence[Recipient]) -> list[Recipient]:
    """Who of them is told: the coordinators; where nobody is one, those who take what is left over."""
    reached = [one for one in officers if channel_to(one) is not None]
    return [one for one in reached if one.hears_alarms == "as-coordinator"] or reached


def planned(occasion: Occasion, recipient: Recipient, channel: ChannelName, text: Text, at: datetime) -> Message:
    """A message to a recipient, due at once."""
    message_id = message_id_of(occasion, recipient.recipient_id, channel)
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return Message(
        municipality=occasion.municipality,
        message_id=message_id,
        recipient_id=recipient.recipient_id,
        channel=channel,
        wording=text.wording,
        about_id=occasion.about_id,
        subject=text.subject,
        body=text.body,
        planned_at=at,
        order=f"{moment}|{occasion.about_id}|{occasion.sequence:020d}|{message_id}",
        correlation=occasion.correlation,
        due_at=at,
        traceparent=occasion.traceparent,
        contact_id=occasion.contact_id,
    )


def letter(message: Message, recipient: Recipient | None) -> Letter | None:
    """The message as its channel gets it; None when the recipient has no address any more, or was forgotten."""
    if recipient is None or not recipient.e_mail or message.subject is None or message.body is None:
        return None
    return Letter(
        message.message_id, recipient.e_mail, message.subject, message.body, message.planned_at, message.contact_id
    )


def forgotten(message: Message, at: datetime) -> Message:
    """A message to somebody who must be forgotten: its text goes, its ledger stays."""
    return message.forgotten(NOBODY_TOLD, ERASED, at)


def taken_in_hand(due: Iterable[Message], begun: Iterable[Message], at: datetime, row: Patience) -> list[Message]:
    """What each due message becomes: claimed, or waiting behind an earlier one to the same recipient.

    `begun` are open messages that were tried before. A claim of which nobody told the outcome is noted first.
    """
    listed = sorted(due, key=lambda one: one.order)
    heads = _heads(begun, {one.message_id for one in listed})
    return [_in_turn(_noted(one, at, row), heads, at) for one in listed]


def spared(due: Iterable[Message], before: Mapping[str, HandedBefore]) -> list[Message]:
    """Due messages that were handed over before a restore has lost it: done with, and not handed over again."""
    known = [(one, before.get(one.message_id)) for one in due]
    return [one.handed_over_before(then.handed_over_at) for one, then in known if then is not None]


def _heads(begun: Iterable[Message], due: set[str]) -> dict[str, Message]:
    """The first open message of each recipient that was tried and is not due."""
    heads: dict[str, Message] = {}
    for one in sorted(begun, key=lambda one: one.order):
        if one.message_id not in due:
            heads.setdefault(one.recipient_id, one)
    return heads


def _noted(message: Message, at: datetime, row: Patience) -> Message:
    """A message whose claim ran out: the outcome is unknown."""
    return _again(message, NOBODY_TOLD, at, row) if message.state is State.HANDING_OVER else message


def _in_turn(message: Message, heads: dict[str, Message], at: datetime) -> Message:
    if message.due_at is None:
        return message
    head = heads.get(message.recipient_id)
    if head is not None and head.order < message.order:
        return message.behind(head)
    if message.due_at > at:
        heads[message.recipient_id] = message
        return message
    return message.claimed(at, at + CLAIM_LASTS)


def settled(message: Message, number: int, receipt: Receipt | None, at: datetime, row: Patience) -> Message:
    """The message after attempt `number`; no receipt: it was not even tried. Unchanged when all was known before."""
    if message.state is not State.HANDING_OVER or message.attempts[-1].number != number:
        return _late_news(message, number, receipt or NOT_SENT, at)
    if receipt is None:
        return message.put_back(at, away=False)
    if receipt.outcome is Outcome.AWAY:
        return message.put_back(at + away_wait(message.times_away + 1, row), away=True)
    if receipt.outcome is Outcome.TAKEN:
        return message.handed_over(number, receipt, at)
    if receipt.outcome is Outcome.NEVER:
        return message.given_up(receipt, f"Refused for good: {receipt.answer}.", at)
    return _again(message, receipt, at, row)


def away_wait(times: int, row: Patience) -> timedelta:
    """How long to wait before a channel that was away so many times in a row is tried again."""
    return row.when_away[min(times, len(row.when_away)) - 1]


def _late_news(message: Message, number: int, receipt: Receipt, at: datetime) -> Message:
    """What became of an attempt is told after somebody else had noted that nobody knows."""
    known = next((one for one in message.attempts if one.number == number), None)
    if known is None or known.outcome is not Outcome.UNKNOWN:
        return message
    if receipt.outcome is Outcome.TAKEN and message.state is State.PLANNED:
        return message.handed_over(number, receipt, at)
    return message.amended(number, receipt, at)


def _again(message: Message, receipt: Receipt, at: datetime, row: Patience) -> Message:
    """Another attempt after a wait, or none when it has been tried for too long."""
    tries = len(message.attempts)
    waits = row.when_unknown if receipt.outcome is Outcome.UNKNOWN else row.when_refused
    if tries > len(waits) and at - message.attempts[0].claimed_at >= row.give_up_after:
        days = row.give_up_after.days
        return message.given_up(receipt, f"Not taken within {days} days; the last answer: {receipt.answer}.", at)
    return message.waiting(receipt, at, at + waits[min(tries, len(waits)) - 1])
