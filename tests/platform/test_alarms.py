"""The dashboard and the alarms ask for metrics that there are, in words that Prometheus reads, and lead to a cure."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client import ProcessCollector

from shared.platform.metrics import METRICS, Metric
from stack.environment import SERVICES, Ports

ROOT = Path(__file__).parents[2]
OPS = ROOT / "ops"
PAGE = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
ALERTS = yaml.safe_load((OPS / "prometheus" / "alerts.yml").read_text())["groups"][0]["rules"]
TRIED = (OPS / "prometheus" / "alerts.test.yml").read_text()
SCRAPED = yaml.safe_load((OPS / "prometheus" / "prometheus.yml").read_text())
DASHBOARD: dict[str, Any] = json.loads((OPS / "grafana" / "kommunkontakt.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
SERIES = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
TARGET = {"job", "instance"}

WANTED = {
    "position_lag": "LagGrows",
    "oldest_due_seconds": "PromiseOverdue",
    "parked_open": "EventParked",
    "rejected": "EventRejected",
    "outbox_age_seconds": "OutboxOld",
    "gaps": "GapNoticed",
    "lease_steals": "LeasesStolen",
    "ready": "NotReady",
    "outbox_aside": "EventSetAside",
    "conflicts": "ConflictsHigh",
    "heartbeats": "ErasureStalls",
}
"""What must have an alarm, and which."""


def known() -> dict[str, set[str]]:
    """Each series that a service shows, with its labels."""
    process = {name: set[str]() for family in ProcessCollector(registry=None).collect() for name in _samples(family)}
    return process | {f"{row.exposed}{end}": _labels(row, end) for row in METRICS for end in SERIES[row.kind]}


def _samples(family: Any) -> list[str]:
    return [sample.name for sample in family.samples]


def _labels(row: Metric, end: str) -> set[str]:
    return {*row.labels, *({"le"} if end == "_bucket" else ())}


def selectors(expression: str) -> list[promql_parser.VectorSelector]:
    """The series that an expression asks for; ValueError when Prometheus could not read it."""
    found: list[promql_parser.VectorSelector] = []

    def visit(node: object) -> bool:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)
        return True

    promql_parser.walk(promql_parser.parse(expression.replace("$__rate_interval", "5m")), visit)
    return found


def dashboard_expressions() -> Iterator[str]:
    for panel in PANELS:
        for target in panel["targets"]:
            yield target["expr"]


EXPRESSIONS = [*dashboard_expressions(), *(alert["expr"] for alert in ALERTS)]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_asks_only_for_what_is_shown(expression: str) -> None:
    there = known() | {"up": set()}
    asked = selectors(expression)
    assert asked
    for one in asked:
        assert one.name in there
        labels = {matcher.name for matcher in one.matchers.matchers} - {"__name__"}
        assert labels <= there[one.name] | TARGET, one.name
    grouped = {label.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for label in group.split(",")}
    assert grouped <= TARGET.union(*(there[str(one.name)] for one in asked))


def test_a_wrong_expression_would_be_noticed() -> None:
    with pytest.raises(ValueError, match=r".+"):
        selectors("sum by (job (rate(x[5m]))")


def test_every_metric_is_on_the_dashboard() -> None:
    asked = {one.name for expression in dashboard_expressions() for one in selectors(expression)}
    missing = {row.name for row in METRICS if not {f"{row.exposed}{end}" for end in SERIES[row.kind]} & asked}
    assert missing == set()


def test_what_must_have_an_alarm_has_one() -> None:
    asked = {alert["alert"]: {one.name for one in selectors(alert["expr"])} for alert in ALERTS}
    rows = {row.name: row for row in METRICS}
    for name, alert in WANTED.items():
        assert rows[name].exposed in asked[alert]


def test_every_alarm_says_what_it_is_and_leads_to_a_heading_of_the_operators_page() -> None:
    anchors = {heading.lower() for heading in re.findall(r"^### (\w+)$", PAGE, flags=re.MULTILINE)}
    for alert in ALERTS:
        assert alert["labels"]["severity"] in ("critical", "warning", "info")
        assert alert["annotations"]["summary"]
        path, _, anchor = alert["annotations"]["runbook"].partition("#")
        assert (path, anchor) == ("docs/operators.md", alert["alert"].lower())
        assert anchor in anchors
        assert f'alertname="{alert["alert"]}"' in TRIED


def test_prometheus_asks_every_service_at_its_port() -> None:
    asked = {job["job_name"]: job["dns_sd_configs"][0] for job in SCRAPED["scrape_configs"]}
    assert {name: config["port"] for name, config in asked.items()} == {name: Ports().of(name) for name in SERVICES}
    assert all(config["names"] == [name] for name, config in asked.items())
    assert SCRAPED["rule_files"] == ["alerts.yml"]


def test_the_dashboard_can_be_imported() -> None:
    assert {"title", "uid", "schemaVersion", "panels", "templating"} <= DASHBOARD.keys()
    assert [one["name"] for one in DASHBOARD["templating"]["list"]] == ["datasource", "service", "instance"]
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    rows = [panel["title"] for panel in DASHBOARD["panels"] if panel["type"] == "row"]
    assert rows == ["Overview", "Hear", "Keep", "Say", "Promise", "Doors"]
