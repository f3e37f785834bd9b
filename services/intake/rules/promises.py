"""When an answer is owed, and when a coordinator is alarmed: before the promise breaks, not after."""

from datetime import UTC, datetime, timedelta

from services.intake.model.contact import Contact
from services.intake.model.promise import ANY_CHANNEL, AnswerPromise
from services.intake.model.reception import PromiseAlarm
from services.intake.rules.arrival_day import SWEDEN, WorkingDays, day_of
from services.intake.rules.in_force import Rows


class Promises(Rows[AnswerPromise]):
    """The promises (svarslöften), by channel."""

    def of(self, municipality: str, channel: str, at: datetime) -> AnswerPromise:
        """The one in force: of the channel, else of any; LookupError when the data has none."""
        found = (self.in_force(municipality, one, day_of(at)) for one in (channel, ANY_CHANNEL))
        promise = next((one for one in found if one is not None), None)
        if promise is None:
            raise LookupError(f"no answer is promised on {channel} at {at}")
        return promise


def owed_by(promise: AnswerPromise, at: datetime, days: WorkingDays) -> datetime:
    """When an answer is owed to what is registered at a moment."""
    day, clock = day_of(at), at.astimezone(SWEDEN).time()
    if not days.works(day) or clock > promise.latest:
        day = days.after(day)
    for _ in range(promise.working_days):
        day = days.after(day)
    return datetime.combine(day, promise.by, SWEDEN).astimezone(UTC)


def owing(contact: Contact, promises: Promises, days: WorkingDays) -> Contact:
    """The contact with when an answer is owed, as it was promised or else as the channel has it, and the next look."""
    promise = promises.of(contact.municipality, contact.channel, contact.registered_at)
    by = contact.promised.at if contact.promised else owed_by(promise, contact.registered_at, days)
    return watched(contact.owing(by.astimezone(UTC), None), promises)


def watched(contact: Contact, promises: Promises) -> Contact:
    """The contact with the next moment at which its promise must be looked at."""
    return contact.owing(contact.answer_by, _next_look(contact, promises))


def waiting_anew(contact: Contact, promises: Promises, days: WorkingDays, at: datetime) -> Contact:
    """A contact that somebody had and nobody has now: an answer is owed as to one that comes now, if not later."""
    owed = owed_by(promises.of(contact.municipality, contact.channel, at), at, days)
    return watched(contact.owing(max(owed, contact.answer_by or owed), None), promises)


def alarm(contact: Contact, promises: Promises, at: datetime) -> PromiseAlarm | None:
    """What a coordinator must be told now that they were not told before."""
    if not contact.waits or contact.answer_by is None:
        return None
    if at >= contact.answer_by:
        return None if contact.alarm == "promise-broken" else "promise-broken"
    at_risk = contact.alarm is None and at >= _at_risk_at(contact, contact.answer_by, promises)
    return "promise-at-risk" if at_risk else None


def _next_look(contact: Contact, promises: Promises) -> datetime | None:
    if not contact.waits or contact.answer_by is None or contact.alarm == "promise-broken":
        return None
    return contact.answer_by if contact.alarm else _at_risk_at(contact, contact.answer_by, promises)


def _at_risk_at(contact: Contact, by: datetime, promises: Promises) -> datetime:
    """When so little of the time is left that somebody must see to it; never before the promise was made."""
    made = contact.handed_over.at if contact.handed_over else contact.registered_at
    promise = promises.of(contact.municipality, contact.channel, made)
    margin = max((by - made) * promise.warn_percent / 100, timedelta(minutes=promise.warn_minutes))
    return max(made, by - margin)
