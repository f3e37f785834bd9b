"""The streams: one topic each, with its owner and how it is kept."""

from dataclasses import dataclass

PARTITIONS = 12
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Stream:
    """A topic. `compacted` keeps the newest event of each subject; `personal` may hold personal data."""

    topic: str
    owner: str
    compacted: bool = False
    personal: bool = False

    @property
    def is_inbox(self) -> bool:
        """Whether other systems write here."""
        return self.owner == "inbox"

    def config(self) -> dict[str, str]:
        """The topic's settings in Kafka: own streams for ever, inboxes 30 days, compacted ones erase within a day."""
        if self.is_inbox:
            return {"retention.ms": str(30 * DAY_MS)}
        if self.compacted:
            return {
                "cleanup.policy": "compact",
                "segment.ms": str(DAY_MS // 24),
                "max.compaction.lag.ms": str(DAY_MS),
                "delete.retention.ms": str(DAY_MS),
            }
        return {"retention.ms": "-1"}


INTAKE_CONTACTS = Stream("intake.contacts.v1", "intake")
INTAKE_PARTIES = Stream("intake.parties.v1", "intake", compacted=True, personal=True)
INTAKE_REJECTIONS = Stream("intake.rejections.v1", "intake")
INTAKE_PARKED = Stream("intake.parked.v1", "intake")
ROUTING_MATTERS = Stream("routing.matters.v1", "routing")
ROUTING_OFFICERS = Stream("routing.officers.v1", "routing", compacted=True, personal=True)
ROUTING_REJECTIONS = Stream("routing.rejections.v1", "routing")
ROUTING_PARKED = Stream("routing.parked.v1", "routing")
PROCUREMENT_CONTRACTS = Stream("procurement.contracts.v1", "procurement")
PROCUREMENT_PLAN = Stream("procurement.plan.v1", "procurement")
PROCUREMENT_REJECTIONS = Stream("procurement.rejections.v1", "procurement")
PROCUREMENT_PARKED = Stream("procurement.parked.v1", "procurement")
NOTIFY_DELIVERIES = Stream("notify.deliveries.v1", "notify")
NOTIFY_PARKED = Stream("notify.parked.v1", "notify")
INBOX = Stream("inbox.*.v1", "inbox", personal=True)
REJECTIONS = Stream("<service>.rejections.v1", "platform")
PARKED = Stream("<service>.parked.v1", "platform")


def inbox(publisher: str) -> Stream:
    """The inbox topic of one publishing system: only that system may write there."""
    return Stream(f"inbox.{publisher}.v1", "inbox", personal=True)
