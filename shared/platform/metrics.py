"""What a service counts: one list, from which the collectors and docs/metrics.md are made."""

from dataclasses import dataclass
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

MOST = 10_000
"""What waits is counted up to here: more is as bad, and counting millions would cost what they need."""

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the list. `name` is the attribute of Metrics; Prometheus sees it as `exposed`."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    help: str

    @property
    def exposed(self) -> str:
        """The name with its prefix, and `_total` when it counts."""
        return f"kommunkontakt_{self.name}" + ("_total" if self.kind == "counter" else "")


METRICS = (
    Metric("heard", "counter", ("listener", "type"), "Events acted on."),
    Metric("said", "counter", ("type",), "Events written to the outbox."),
    Metric(
        "parked", "counter", ("listener",), "Events of our own streams kept aside because they could not be acted on."
    ),
    Metric("rejected", "counter", ("publisher",), "Events of other systems told back to them as wrong."),
    Metric("repeated", "counter", ("listener",), "Events that had been heard before and changed nothing."),
    Metric("passed_by", "counter", ("listener",), "Events of types that the service does not act on."),
    Metric(
        "gaps", "counter", ("listener",), "Holes noticed in an aggregate's sequence: an event before it has not come."
    ),
    Metric("waiting", "gauge", ("listener",), "Events that wait for another event to come first."),
    Metric("conflicts", "counter", ("listener",), "Units of work run again because somebody else wrote first."),
    Metric("splits", "counter", ("listener",), "Batches divided because the database refused their content."),
    Metric("pauses", "counter", ("listener",), "Times that consuming paused because something outside was away."),
    Metric("batch_seconds", "histogram", ("listener",), "Time from a polled batch to its commit."),
    Metric("batch_events", "histogram", ("listener",), "Events in a batch."),
    Metric("position_lag", "gauge", ("listener", "topic", "partition"), "Records on the topic beyond our position."),
    Metric(
        "parked_open", "gauge", ("kind",), f"Records kept aside that nobody has answered; {MOST} at most are counted."
    ),
    Metric(
        "parked_oldest_seconds", "gauge", ("kind",), "Age of the oldest record kept aside that nobody has answered."
    ),
    Metric("outbox_size", "gauge", (), f"Events said that are not yet on Kafka; {MOST} at most are counted."),
    Metric("outbox_age_seconds", "gauge", (), "Age of the oldest found at both ends of what is not yet on Kafka."),
    Metric("outbox_aside", "gauge", (), "Aggregates whose events wait because one of them can never be sent."),
    Metric("relayed", "counter", ("topic",), "Events that the relay put on Kafka."),
    Metric("heartbeats", "counter", ("topic",), "Heartbeats written, so that what was erased is forgotten in time."),
    Metric("due", "gauge", ("collection",), f"Aggregates whose moment has come; {MOST} at most are counted."),
    Metric("oldest_due_seconds", "gauge", ("collection",), "For how long the moment of the first of them has passed."),
    Metric("timers_kept", "counter", ("timer",), "Promises kept."),
    Metric("lease_steals", "counter", ("lease",), "Leases taken over from another instance that let them run out."),
    Metric("handed_over", "counter", ("channel",), "Messages that a channel took from us."),
    Metric("given_up", "counter", ("channel",), "Messages that will not be tried again."),
    Metric("http_requests", "counter", ("door", "method", "status"), "HTTP requests answered."),
    Metric("http_seconds", "histogram", ("door",), "Time to answer an HTTP request."),
    Metric("mails", "counter", ("outcome",), "Mails that came in, by what became of them."),
    Metric("ready", "gauge", (), "1 when the pipeline moves on, 0 when /ready names what stands still."),
    Metric("epoch", "gauge", (), "One more than how often the service was restored from a backup."),
    Metric("release", "gauge", ("version",), "Always 1; the label is the release that runs."),
)
COUNTS = (1, 2, 5, 10, 20, 50, 100, 200, 500)


class Metrics:
    """The collectors of one service, one attribute a row of METRICS, all in the registry that was passed in."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._rows = {row.name: row for row in METRICS}
        self.heard = self._counter("heard")
        self.said = self._counter("said")
        self.parked = self._counter("parked")
        self.rejected = self._counter("rejected")
        self.repeated = self._counter("repeated")
        self.passed_by = self._counter("passed_by")
        self.gaps = self._counter("gaps")
        self.waiting = self._gauge("waiting")
        self.conflicts = self._counter("conflicts")
        self.splits = self._counter("splits")
        self.pauses = self._counter("pauses")
        self.batch_seconds = self._histogram("batch_seconds", SECONDS)
        self.batch_events = self._histogram("batch_events", COUNTS)
        self.position_lag = self._gauge("position_lag")
        self.parked_open = self._gauge("parked_open")
        self.parked_oldest_seconds = self._gauge("parked_oldest_seconds")
        self.outbox_size = self._gauge("outbox_size")
        self.outbox_age_seconds = self._gauge("outbox_age_seconds")
        self.outbox_aside = self._gauge("outbox_aside")
        self.relayed = self._counter("relayed")
        self.heartbeats = self._counter("heartbeats")
        self.due = self._gauge("due")
        self.oldest_due_seconds = self._gauge("oldest_due_seconds")
        self.timers_kept = self._counter("timers_kept")
        self.lease_steals = self._counter("lease_steals")
        self.handed_over = self._counter("handed_over")
        self.given_up = self._counter("given_up")
        self.http_requests = self._counter("http_requests")
        self.http_seconds = self._histogram("http_seconds", SECONDS)
        self.mails = self._counter("mails")
        self.ready = self._gauge("ready")
        self.epoch = self._gauge("epoch")
        self.release = self._gauge("release")

    def _counter(self, name: str) -> Counter:
        row = self._rows[name]
        return Counter(row.exposed, row.help, row.labels, registry=self.registry)

    def _gauge(self, name: str) -> Gauge:
        row = self._rows[name]
        return Gauge(row.exposed, row.help, row.labels, registry=self.registry)

    def _histogram(self, name: str, buckets: tuple[float, ...]) -> Histogram:
        row = self._rows[name]
        return Histogram(row.exposed, row.help, row.labels, registry=self.registry, buckets=buckets)


def page() -> str:
    """The text of docs/metrics.md."""
    head = [
        "# Metrics",
        "",
        "What each service shows at `/metrics`, in the Prometheus format. Made from `shared/platform/metrics.py`.",
        "No label holds anything personal.",
        "",
        "| name | kind | labels | what it tells |",
        "|---|---|---|---|",
    ]
    rows = [f"| `{m.exposed}` | {m.kind} | {', '.join(m.labels) or '-'} | {m.help} |" for m in METRICS]
    return "\n".join(head + rows) + "\n"
