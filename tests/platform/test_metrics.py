"""The list of metrics, the collectors and docs/metrics.md say the same."""

from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest

from shared.platform import metrics
from shared.platform.metrics import METRICS, Metrics

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_every_row_has_its_collector_and_every_collector_its_row() -> None:
    made = Metrics(CollectorRegistry())
    attributes = {name for name in vars(made) if not name.startswith("_")} - {"registry"}
    assert attributes == {row.name for row in METRICS}
    kinds = {row.name: type(getattr(made, row.name)).__name__.lower() for row in METRICS}
    assert kinds == {row.name: row.kind for row in METRICS}


def test_the_page_is_in_step_with_the_list() -> None:
    assert PAGE.read_text() == metrics.page()


def test_prometheus_sees_the_names_on_the_page() -> None:
    registry = CollectorRegistry()
    made = Metrics(registry)
    made.heard.labels(listener="routing", type="contact-registered").inc(3)
    made.http_seconds.labels(door="register").observe(0.002)
    shown = generate_latest(registry).decode()
    assert 'kommunkontakt_heard_total{listener="routing",type="contact-registered"} 3.0' in shown
    assert "kommunkontakt_http_seconds_bucket" in shown
    assert all(f"# HELP {row.exposed}" in shown for row in METRICS)


def test_two_services_in_one_process_do_not_meet() -> None:
    one, other = Metrics(CollectorRegistry()), Metrics(CollectorRegistry())
    one.outbox_size.set(3)
    assert b"kommunkontakt_outbox_size 3.0" in generate_latest(one.registry)
    assert b"kommunkontakt_outbox_size 0.0" in generate_latest(other.registry)
