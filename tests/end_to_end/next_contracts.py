"""What the next release would say of an assignment: a new field in version 1, and version 2 beside it."""

from shared.contracts import routing_matters
from shared.contracts.event import Event, Part
from shared.contracts.members import Code, Id, Municipality, Sentence, Utc
from shared.contracts.streams import ROUTING_MATTERS
from shared.platform.service import RELEASE
from shared.platform.web.doors import Release

NEXT = Release(f"{RELEASE.numbers[0] + 1}.0.0", RELEASE.released)
URGENT = "within-a-day"


class MatterAssignedMore(routing_matters.MatterAssigned):
    """Version 1 still: to what was said before, an optional field is added."""

    urgency: Code | None = None


class Reasons(Part):
    """Why, in both languages."""

    sv: Sentence
    en: Sentence


class MatterAssigned(Event, stream=ROUTING_MATTERS, about="matter_id", version=2):
    """A matter has been given to an officer, with the reasons in one member (ärende tilldelat)."""

    municipality: Municipality
    matter_id: Id
    contact_id: Id
    party_id: Id | None = None
    case_type: Code
    officer_id: Id
    reasons: Reasons
    assigned_at: Utc

    @classmethod
    def of(cls, event: routing_matters.MatterAssigned) -> "MatterAssigned":
        """The same fact, from version 1."""
        reasons = Reasons(sv=event.reason_sv, en=event.reason_en)
        return cls(reasons=reasons, **event.model_dump(exclude={"reason_sv", "reason_en"}))

    def as_v1(self) -> routing_matters.MatterAssigned:
        """The same fact, in the words of version 1."""
        told = self.model_dump(exclude={"reasons"})
        return routing_matters.MatterAssigned(reason_sv=self.reasons.sv, reason_en=self.reasons.en, **told)
