"""`top` shows what /ready and /metrics say: one line an instance, what stands still, no more than fits."""

import http.server
import io
import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from rich.console import Console

from shared.platform.metrics import Metrics
from shared.platform.top import looked
from shared.platform.top_page import page
from shared.platform.top_reading import Reading, quantile, read

WELL: dict[str, Any] = {"ready": True, "parts": {"relay": None, "timers": None}}
STILL: dict[str, Any] = {"ready": False, "parts": {"relay": "cannot publish (KafkaError)", "timers": None}}


def metrics(service: str = "routing", heard: int = 40) -> Metrics:
    """A service's metrics as it makes them, after some work."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    made = Metrics(registry)
    made.gaps.labels(service)
    made.heard.labels(service, "contact-registered").inc(heard)
    made.position_lag.labels(service, "intake.contacts.v1", "0").set(1200)
    made.position_lag.labels(service, "intake.contacts.v1", "1").set(34)
    made.outbox_size.set(7)
    made.outbox_age_seconds.set(90)
    made.oldest_due_seconds.labels("matters").set(7200)
    made.parked_open.labels("parked").set(2)
    made.parked_open.labels("behind").set(50)
    made.parked_open.labels("rejected").set(3)
    for _ in range(100):
        made.http_seconds.labels("register_contact").observe(0.02)
        made.http_seconds.labels("metrics").observe(9)
    return made


def reading(at: float = 10.0, ready: dict[str, Any] | None = None, heard: int = 40) -> Reading:
    text = generate_latest(metrics(heard=heard).registry).decode()
    return read("http://127.0.0.1:8002", at, ready or WELL, text)


def drawn(*now: Reading, width: int, before: Reading | None = None) -> str:
    console = Console(width=width, file=io.StringIO())
    with console.capture() as captured:
        console.print(page(now, {before.address: before} if before else {}))
    return captured.get()


def test_an_instance_is_read_as_it_shows_itself() -> None:
    now = reading()
    assert (now.service, now.trouble) == ("routing", None)
    assert (now.total("position_lag"), now.highest("position_lag")) == (1234, 1200)
    assert now.with_label("parked_open", "kind", "rejected") == 3
    assert now.memory > 1_000_000


def test_a_rate_needs_an_earlier_look_at_the_same_process() -> None:
    now = reading(at=14.0, heard=48)
    assert now.rate("heard_total", None) is None
    assert now.rate("heard_total", reading(at=10.0, heard=40)) == 2.0
    assert now.rate("heard_total", reading(at=10.0, heard=90)) is None
    assert now.rate("heard_total", Reading("x", 10.0, away="ConnectError")) is None


def test_doors_that_machines_ask_do_not_count_in_the_time_to_answer() -> None:
    within = reading().answered_within(0.99)
    assert within is not None
    assert 0.01 < within <= 0.025


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.5, 1.0), (0.25, 0.5), (0.75, 1.5), (1.0, 2.0)],
)
def test_a_quantile_lies_straight_within_its_bucket(share: float, expected: float) -> None:
    assert quantile(share, [(1.0, 50.0), (2.0, 100.0), (float("inf"), 100.0)]) == expected


def test_a_quantile_beyond_the_last_bound_is_that_bound_and_without_requests_there_is_none() -> None:
    assert quantile(0.99, [(1.0, 1.0), (float("inf"), 100.0)]) == 1.0
    assert quantile(0.5, [(1.0, 0.0), (float("inf"), 0.0)]) is None
    assert quantile(0.5, []) is None


def test_a_wide_page_shows_all() -> None:
    text = drawn(reading(at=14.0, heard=48), width=170, before=reading(at=10.0))
    for shown in ("routing", "127.0.0.1:8002", "yes", "1 234", "1 200", "90 s", "2 h", "2.0", "MB", "18 ms"):
        assert shown in text, (shown, text)
    assert "stands still" not in text


@pytest.mark.parametrize("width", [40, 60, 80, 100, 125, 170])
def test_no_page_is_wider_than_its_terminal_and_none_loses_what_matters_most(width: int) -> None:
    text = drawn(reading(at=14.0, heard=48), width=width, before=reading(at=10.0))
    assert max(map(len, text.splitlines())) <= width
    assert len(text.splitlines()) == 2, text
    assert {"lag", "outbox", "parked"} <= set(text.splitlines()[0].split())
    assert "…" not in text


def test_what_stands_still_is_named_with_its_reason() -> None:
    text = drawn(reading(ready=STILL), width=100)
    assert "routing stands still: relay: cannot publish (KafkaError)" in text
    assert "no" in text.splitlines()[1].split()


def test_an_instance_that_does_not_answer_is_shown_as_such() -> None:
    text = drawn(Reading("http://127.0.0.1:1", 1.0, away="ConnectError"), width=100)
    assert "http://127.0.0.1:1 stands still: ConnectError" in text


def test_what_is_no_service_of_ours_is_refused() -> None:
    with pytest.raises(ValueError, match="/ready"):
        read("x", 1.0, {"detail": "Not Found"}, "")


@contextmanager
def serving() -> Iterator[str]:
    """An instance that shows the recorded pages."""
    pages = {"/ready": json.dumps(STILL).encode(), "/metrics": generate_latest(metrics().registry)}

    class Door(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(pages[self.path])

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that it has
            """Quietly."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://localhost:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_every_address_of_a_name_is_asked() -> None:
    with serving() as url:
        [one] = looked([url])
    assert one.address == url.replace("localhost", "127.0.0.1")
    assert (one.service, one.trouble) == ("routing", "relay: cannot publish (KafkaError)")


def test_one_page_goes_through_a_pipe() -> None:
    with serving() as url:
        command = [sys.executable, "-m", "shared.platform.top", "--once", "--url", url, "--url", "http://127.0.0.1:9"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert "routing stands still" in done.stdout
    assert "http://127.0.0.1:9 stands still: ConnectError" in done.stdout
    assert "\x1b" not in done.stdout


def test_q_leaves_a_live_page() -> None:
    above, below = pty.openpty()
    with serving() as url:
        command = [sys.executable, "-m", "shared.platform.top", "--url", url]
        told = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120"}
        live = subprocess.Popen(command, stdin=below, stdout=below, stderr=subprocess.STDOUT, env=told)
        os.close(below)
        shown = b""
        while b"stands still" not in shown:
            shown += os.read(above, 4096)
        os.write(above, b"q")
        assert live.wait(30) == 0
    os.close(above)
