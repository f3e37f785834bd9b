"""procurement.plan.v1: what the municipality is to procure, and when it is time."""

from shared.contracts.event import Event
from shared.contracts.members import Day, Id, Municipality, Sentence, Title, Truth, Utc
from shared.contracts.streams import PROCUREMENT_PLAN


class TimeToProcureReached(Event, stream=PROCUREMENT_PLAN, about="contract_id"):
    """The day has come by which procuring what a contract covers must start (dags att upphandla)."""

    municipality: Municipality
    contract_id: Id
    title: Title
    owner_id: Id
    ends_on: Day
    start_procuring_on: Day
    reached_at: Utc
    rule: Sentence
    rule_source: Sentence
    rule_verified: Truth
