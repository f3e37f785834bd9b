"""One contact at intake's door is one trace, through Kafka and MongoDB to the mail, with the right parents."""

from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from stack.demo_client import Doors, Publisher
from stack.environment import SERVICES
from stack.instances import install
from stack.testing import start_servers
from tests.collector import Collector, Seen, collecting
from tests.waiting import until_sync

pytestmark = pytest.mark.servers

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SERVER, CLIENT, CONSUMER = 2, 3, 5
PERSONAL = ("Anna Personne", "anna.personne", "070-123", "Karin Lind", "karin.lind", "kiosk", "556016")


def roster(kafka_url: str) -> None:
    staff = Publisher(kafka_url, "staff", "traces")
    lind = {"reference": "o-1", "officer_id": "lind", "name": "Karin Lind", "e_mail": "karin.lind@kommun.example"}
    staff.publish("officer-changed", "o-1", {**lind, "case_types": ["ovrigt"]}, "lind")
    staff.flush()


def call(url: str, token: str) -> None:
    person = {"name": "Anna Personne", "phone": "070-123 45 67", "e_mail": "anna.personne@company.example"}
    company = {"organisation_number": "556016-0680"}
    body = {"channel": "phone", "wish": "Vi vill öppna en kiosk.", "case_types": ["ovrigt"]}
    headers = {"Authorization": f"Bearer {token}", "traceparent": f"00-{TRACE}-{CALLER}-01"}
    asked = {**body, "person": person, "company": company}
    httpx.post(f"{url}/intake/v1/1460/contacts", json=asked, headers=headers, timeout=30).raise_for_status()


def the_one(spans: Mapping[str, Seen], service: str, name: str, about: str | None = None) -> Seen:
    """The only span of a service by this name (and about this type of event) in the trace."""
    found = [
        span
        for span in spans.values()
        if (span.service, span.name) == (service, name)
        and (about is None or str(span.attributes["cloudevents.event_type"]).endswith(f".{about}.v1"))
    ]
    assert len(found) == 1, (service, name, about, len(found))
    return found[0]


def mails(collector: Collector) -> list[Seen]:
    return [span for span in collector.of("notify", "hand over e-mail") if span.trace == TRACE]


@pytest.fixture
def collected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collector:
    """Everything that four services told of one call, until after they were stopped."""
    with collecting() as collector, start_servers(tmp_path / "servers") as servers:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
        with install(servers, tmp_path, ["a"]) as whole:
            for name, value in whole.environment.items():
                monkeypatch.setenv(name, value)
            doors = Doors({service: whole.port(service) for service in SERVICES})
            roster(servers.kafka_url)
            until_sync("the officer is known", lambda: doors.counted("notify", "heard") >= 1)
            call(f"http://127.0.0.1:{whole.port('intake')}", doors._token("receptionist"))
            until_sync("both mails were handed over", lambda: doors.counted("notify", "handed_over") >= 2)
            for instance in whole.instances:
                assert instance.process.stop(10), f"{instance.name} did not end by itself"
        return collector


def test_one_call_is_one_trace_through_all_that_it_set_going(collected: Collector) -> None:
    spans = {span.id: span for span in collected.spans if span.trace == TRACE}
    door = the_one(spans, "intake", "POST /intake/v1/{municipality}/contacts")
    assert (door.kind, door.parent) == (SERVER, CALLER)
    assert door.attributes["http.response.status_code"] == 201
    opened = the_one(spans, "routing", "process intake.contacts.v1", "contact-registered")
    assert (opened.kind, opened.parent) == (CONSUMER, door.id)
    declared = the_one(spans, "notify", "process intake.parties.v1", "party-declared")
    assert declared.parent == door.id
    told = the_one(spans, "notify", "process routing.matters.v1", "matter-assigned")
    assert told.parent == opened.id
    assert [span.parent for span in mails(collected)] == [told.id] * 2
    assert {span.attributes["kommunkontakt.outcome"] for span in mails(collected)} == {"taken"}
    noted = the_one(spans, "intake", "process intake.contacts.v1", "contact-registered")
    assert noted.parent == door.id
    held = [the_one(spans, "intake", "process routing.matters.v1", one) for one in ("matter-opened", "matter-assigned")]
    assert [span.parent for span in held] == [opened.id] * 2
    assert len(spans) == 9, sorted((span.service, span.name) for span in spans.values())

    units = {span.id for span in collected.spans if span.name == "unit of work"}
    assert {link for span in (opened, declared, told, noted, *held) for link in span.links} <= units
    published = [span for span in collected.of("intake", "send") if door.id in span.links]
    assert [(span.kind, span.attributes["messaging.batch.message_count"]) for span in published] == [(CLIENT, 2)]
    assert not [span for span in collected.spans if span.failed]

    told_of = " ".join(f"{span.name} {span.attributes}" for span in collected.spans)
    assert not [secret for secret in PERSONAL if secret in told_of]
    assert not [span for span in collected.spans if "/ready" in span.name or "/metrics" in span.name]
