"""The list of metrics, the collectors, docs/metrics.md and the code that counts say the same."""

import re
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest

from shared.platform import metrics
from shared.platform.metrics import METRICS, Metrics

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "metrics.md"
FED = re.compile(r"(?:metrics|counted|gauge)\.(\w+)(?:\.labels\([^()]*(?:\([^()]*\)[^()]*)*\))?\.(?:inc|set|observe)\(")
CHOSEN = re.compile(r"\(metrics\.(\w+) if \w+ else metrics\.(\w+)\)\.labels\(")
NAMED = re.compile(r'counts\["(\w+)", ')
SHOWN = re.compile(r"gauge, held = self\._hearing\.metrics\.(\w+), ")


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


def test_every_metric_is_fed_by_something() -> None:
    code = "\n".join(file.read_text() for part in ("shared", "services") for file in (ROOT / part).rglob("*.py"))
    chosen = {name for pair in CHOSEN.findall(code) for name in pair}
    fed = {*FED.findall(code), *NAMED.findall(code), *SHOWN.findall(code)} | chosen
    assert {row.name for row in METRICS} - fed == set()
