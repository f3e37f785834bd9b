"""A follow-up: the way back to a contact for the one who sent it, who may be anonymous."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Which contact a follow-up code leads to (uppföljning). The code itself is kept nowhere: the id is made of it."""

    municipality: str
    follow_up_id: str
    contact_id: str
    made_at: datetime
