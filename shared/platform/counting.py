"""What a kept batch adds to the metrics."""

from collections import Counter
from collections.abc import Mapping, Sequence

from shared.platform.hearing import Hearing
from shared.platform.unit import Said


def count_all(hearing: Hearing, counts: Mapping[tuple[str, str], int], says: Sequence[Said]) -> None:
    """Add what was heard, told back, parked, repeated, passed by and missed (what, label), and what was said."""
    metrics, listener = hearing.metrics, hearing.service
    for (what, label), count in counts.items():
        if what == "heard":
            metrics.heard.labels(listener, label).inc(count)
        elif what == "rejected":
            metrics.rejected.labels(label).inc(count)
        else:
            getattr(metrics, what).labels(listener).inc(count)
    for type_, count in Counter(said.event.type for said in says).items():
        metrics.said.labels(type_).inc(count)
