"""What happens to a contact at the reception: it is answered, or handed over until somebody has it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

PromiseAlarm = Literal["promise-at-risk", "promise-broken"]
"""What a coordinator is told of a promise: an answer is owed soon, or was owed."""
AlarmKind = PromiseAlarm | Literal["bounced"]
"""Why a coordinator is alarmed: for a promise, or because the contact is sent about."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """That a contact was handed over (överlämning): to which function, when and by whom; `times` counts them."""

    function: str | None
    at: datetime
    by: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """That a contact was answered at once (svar): about which case type, by which guidance card, when and by whom."""

    case_type: str
    card: str | None
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Holding:
    """Who has a matter of a contact (innehav), since when; nobody while it waits."""

    matter_id: str
    case_type: str
    officer_id: str | None = None
    since: datetime | None = None
