"""What one instance shows of itself, read from its /ready and /metrics."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

PREFIX = "kommunkontakt_"
ASKED_BY_MACHINES = frozenset({"alive", "ready", "metrics"})


@dataclass(frozen=True, slots=True)
class Sample:
    """One value with its labels."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at one instance, at a moment of a clock that only runs forward; `away`: why it did not answer."""

    address: str
    at: float
    away: str | None = None
    parts: Mapping[str, str | None] = field(default_factory=dict)
    samples: Mapping[str, tuple[Sample, ...]] = field(default_factory=dict)

    @property
    def service(self) -> str:
        """The service's name, which its listener label tells; empty when it did not answer."""
        told = [sample.labels["listener"] for sample in self.of("gaps_total")]
        return told[0] if told else ""

    @property
    def trouble(self) -> str | None:
        """What stands still and why, None when all moves on."""
        if self.away:
            return self.away
        return next((f"{part}: {why}" for part, why in self.parts.items() if why), None)

    def of(self, name: str) -> tuple[Sample, ...]:
        """The samples of one of our metrics."""
        return self.samples.get(PREFIX + name, ())

    def total(self, name: str) -> float:
        """Their sum; 0 where there is none."""
        return sum(sample.value for sample in self.of(name))

    def highest(self, name: str) -> float:
        """The highest of them; 0 where there is none."""
        return max((sample.value for sample in self.of(name)), default=0.0)

    def with_label(self, name: str, label: str, value: str) -> float:
        """The sum of those that have a label."""
        return sum(sample.value for sample in self.of(name) if sample.labels.get(label) == value)

    @property
    def memory(self) -> float:
        """Resident memory, in bytes."""
        return sum(sample.value for sample in self.samples.get("process_resident_memory_bytes", ()))

    def rate(self, name: str, before: "Reading | None") -> float | None:
        """How much a counter rose a second since an earlier look; None when that cannot be told."""
        if before is None or before.away or self.away or self.at <= before.at:
            return None
        risen = self.total(name) - before.total(name)
        return risen / (self.at - before.at) if risen >= 0 else None

    def answered_within(self, share: float) -> float | None:
        """Seconds in which this share of the requests at doors for people was answered; None when there was none."""
        buckets: dict[float, float] = {}
        for sample in self.of("http_seconds_bucket"):
            if sample.labels["door"] not in ASKED_BY_MACHINES:
                bound = float(sample.labels["le"])
                buckets[bound] = buckets.get(bound, 0.0) + sample.value
        return quantile(share, sorted(buckets.items()))


def read(address: str, at: float, ready: Mapping[str, Any], metrics: str) -> Reading:
    """A reading from the two answers; ValueError when they are none of ours."""
    if not isinstance(ready, Mapping) or not isinstance(ready.get("parts"), Mapping):
        raise ValueError("this is no /ready of ours")
    samples: dict[str, list[Sample]] = {}
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples:
            samples.setdefault(sample.name, []).append(Sample(sample.labels, sample.value))
    kept = {name: tuple(found) for name, found in samples.items()}
    return Reading(address, at, parts=ready["parts"], samples=kept)


def quantile(share: float, buckets: list[tuple[float, float]]) -> float | None:
    """As Prometheus's histogram_quantile: straight within the bucket; beyond the last bound, that bound."""
    count = buckets[-1][1] if buckets else 0.0
    if not count:
        return None
    below, lower = 0.0, 0.0
    for bound, reached in buckets:
        if reached >= share * count:
            if bound == float("inf"):
                return lower
            return lower + (bound - lower) * (share * count - below) / (reached - below)
        below, lower = reached, bound
    return lower
