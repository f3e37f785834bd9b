"""procurement.contracts.v1: the municipality's contracts and the day on which each must be procured anew."""

from typing import Annotated

from pydantic import Field

from shared.contracts.event import Event
from shared.contracts.members import Cpv, Day, Id, Municipality, Reference, Sentence, Title, Truth, Whole
from shared.contracts.streams import PROCUREMENT_CONTRACTS


class ContractRegistered(Event, stream=PROCUREMENT_CONTRACTS, about="contract_id"):
    """A contract has been taken down, with the day by which procuring must start (avtal registrerat)."""

    municipality: Municipality
    contract_id: Id
    reference: Reference
    title: Title
    department: Annotated[str, Field(max_length=200)] | None = None
    cpv: Cpv | None = None
    supplier_party_id: Id | None = None
    owner_id: Id
    starts_on: Day | None = None
    ends_on: Day
    start_procuring_on: Day
    lead_days: Annotated[Whole, Field(ge=0)]
    rule: Sentence
    rule_source: Sentence
    rule_verified: Truth
