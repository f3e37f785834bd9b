"""intake.alarms.v1: what a coordinator must see to at the reception, before a promise breaks.

A stream of its own, so that those who hear alarms need not go past every contact.
"""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.event import Event
from shared.contracts.members import Code, Id, Municipality, RegisterNumber, Utc, Whole
from shared.contracts.streams import INTAKE_ALARMS


class ContactAlarmed(Event, stream=INTAKE_ALARMS, about="contact_id"):
    """A contact needs a coordinator: its promise is about to break or broken, or it is sent about (kontakt larmad)."""

    municipality: Municipality
    contact_id: Id
    number: RegisterNumber | None = None
    kind: Literal["promise-at-risk", "promise-broken", "bounced"]
    case_types: Annotated[list[Code], Field(min_length=1, max_length=100)]
    answer_by: Utc | None = None
    bounces: Annotated[Whole, Field(ge=0)]
    alarmed_at: Utc
