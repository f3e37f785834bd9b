"""The streams: one topic each, with its owner and how it is kept."""

from dataclasses import dataclass

PARTITIONS = 12
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
CLEANER_MS = 59 * 60_000
"""What the broker's cleaner may take: it looks every 15 s (log.cleaner.backoff.ms) and then rewrites the partition."""


@dataclass(frozen=True, slots=True)
class Forgetting:
    """How soon a compacted topic forgets what was overwritten or erased, in milliseconds.

    A segment is closed by the first record that comes `segment_ms` after its own first one; a heartbeat sees to it that
    one comes. It is cleaned when its first record is `lag_ms` old, and the old file deleted `delete_delay_ms` later. A
    tombstone itself is kept for `tombstone_ms`: no listener may be away for longer, no backup restored that is older.
    """

    segment_ms: int = HOUR_MS
    lag_ms: int = DAY_MS
    delete_delay_ms: int = 60_000
    tombstone_ms: int = 366 * DAY_MS

    @property
    def heartbeat_ms(self) -> int:
        """How often something must be appended to a quiet partition."""
        return self.segment_ms

    @property
    def erased_within_ms(self) -> int:
        """From a tombstone on the topic until no file of the broker holds what it erases."""
        return max(self.segment_ms + self.heartbeat_ms, self.lag_ms) + CLEANER_MS + self.delete_delay_ms

    def config(self) -> dict[str, str]:
        """The same as Kafka's settings; times are the broker's own, as others' clocks may be wrong."""
        return {
            "cleanup.policy": "compact",
            "segment.ms": str(self.segment_ms),
            "max.compaction.lag.ms": str(self.lag_ms),
            "file.delete.delay.ms": str(self.delete_delay_ms),
            "delete.retention.ms": str(self.tombstone_ms),
            "message.timestamp.type": "LogAppendTime",
        }


@dataclass(frozen=True, slots=True)
class Stream:
    """A topic. `compacted` keeps the newest event of each subject; `personal` may hold personal data."""

    topic: str
    owner: str
    compacted: bool = False
    personal: bool = False
    forgetting: Forgetting = Forgetting()

    @property
    def is_inbox(self) -> bool:
        """Whether other systems write here."""
        return self.owner == "inbox"

    def config(self) -> dict[str, str]:
        """The topic's settings in Kafka: own streams for ever, inboxes 30 days, compacted ones until overwritten."""
        if self.is_inbox:
            return {"retention.ms": str(30 * DAY_MS)}
        if self.compacted:
            return self.forgetting.config()
        return {"retention.ms": "-1"}


INTAKE_CONTACTS = Stream("intake.contacts.v1", "intake")
INTAKE_PARTIES = Stream("intake.parties.v1", "intake", compacted=True, personal=True)
INTAKE_ALARMS = Stream("intake.alarms.v1", "intake")
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
