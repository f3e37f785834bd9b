"""routing.officers.v1: the municipality's officers and how they are reached; compacted, erased by a tombstone."""

from typing import Annotated

from pydantic import Field

from shared.contracts.event import Event
from shared.contracts.members import Code, EMail, Id, Municipality, Name, Phone, Truth
from shared.contracts.streams import ROUTING_OFFICERS


class OfficerDeclared(Event, stream=ROUTING_OFFICERS, about="officer_id"):
    """How an officer is named and reached and what they handle, as known now (handläggare uppgiven)."""

    municipality: Municipality
    officer_id: Id
    name: Name
    e_mail: EMail
    phone: Phone | None = None
    case_types: Annotated[list[Code], Field(max_length=1_000)]
    active: Truth
    coordinator: Truth | None = None


class OfficerErased(Event, stream=ROUTING_OFFICERS, about="officer_id", tombstone=True):
    """An officer does not serve any more: how they were reached must be forgotten (handläggare raderad)."""

    municipality: Municipality
    officer_id: Id
