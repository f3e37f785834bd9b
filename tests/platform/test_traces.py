"""Traces cost nothing until an endpoint is set, tell only of what was kept, and never hold a service up."""

import subprocess
import sys
from collections.abc import Mapping
from typing import Any, cast

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Span, StatusCode
from prometheus_client import CollectorRegistry
from starlette.types import Receive, Scope, Send

from shared.contracts.refusal import Refused
from shared.platform import otlp
from shared.platform.errors import LostRace
from shared.platform.logs import traceparent
from shared.platform.metrics import Metrics
from shared.platform.otlp import Exported, exported
from shared.platform.parking import Decision
from shared.platform.traces import UNTRACED
from shared.platform.web.doorway import Doorway
from tests.platform.counting_service import INBOX_TYPE, Counting, own, stepped
from tests.platform.test_timers import due, keep, timers

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
GIVEN = f"00-{TRACE}-{CALLER}-01"
UNUSED = "http://127.0.0.1:9"
"""The port that discards: nobody listens there."""

HEAVY = ("opentelemetry.sdk", "opentelemetry.exporter", "opentelemetry.proto", "google.protobuf", "requests")


class Told:
    """A provider whose spans can be read at once."""

    def __init__(self) -> None:
        self._memory = InMemorySpanExporter()
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self._memory))
        self.traces = Exported(self.provider, "counting")

    def spans(self, name: str) -> list[ReadableSpan]:
        return [span for span in self._memory.get_finished_spans() if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        [span] = self.spans(name)
        return span


@pytest.fixture
def told() -> Told:
    return Told()


def traced(told: Told) -> Counting:
    service = Counting()
    service.hearing.traces = told.traces
    return service


def parent_of(span: ReadableSpan) -> str:
    return f"{span.parent.span_id:016x}" if span.parent else ""


def trace_of(span: ReadableSpan) -> str:
    assert span.context is not None
    return f"{span.context.trace_id:032x}"


def context(span: ReadableSpan) -> bytes:
    assert span.context is not None
    return otlp.traceparent_of(cast(Span, span)).encode()


def shown(span: ReadableSpan) -> Mapping[str, object]:
    return dict(span.attributes or {})


@pytest.mark.parametrize("service", ["intake", "routing", "procurement", "notify"])
def test_without_an_endpoint_nothing_of_it_is_loaded(service: str) -> None:
    program = (
        f"import sys; from services.{service} import app; from shared.platform.traces import traces_for, UNTRACED\n"
        "assert traces_for(None, 'a', 'b', 'c') is UNTRACED\n"
        f"print([name for name in sys.modules if name.startswith({HEAVY!r})])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_without_an_endpoint_a_context_is_carried_on_as_it_came() -> None:
    service = Counting()
    await service.hear(stepped("1460-a", 1, ce_traceparent=GIVEN.encode()), stepped("1460-b", 1))
    said = {row["p"]: row["h"].get("ce_traceparent") for row in await service.rows("outbox")}
    assert said == {"1460-a": GIVEN.encode(), "1460-b": None}
    assert service.hearing.unit(service.database).trail is UNTRACED


async def test_what_is_heard_is_a_step_of_the_trace_that_it_came_with_and_what_is_said_goes_on_from_it(
    told: Told,
) -> None:
    service = traced(told)
    await service.hear(stepped("1460-a", 1, ce_traceparent=GIVEN.encode()))
    step, whole = told.one("process walking.steps.v1"), told.one("unit of work")
    assert (trace_of(step), parent_of(step)) == (TRACE, CALLER)
    assert [link.context for link in step.links] == [whole.context]
    assert trace_of(whole) != TRACE
    assert [row["h"]["ce_traceparent"] for row in await service.rows("outbox")] == [context(step)]


@pytest.mark.parametrize(
    "headers", [{}, {"ce_traceparent": b"junk"}, {"ce_traceparent": GIVEN[:36].encode() + b"0" * 16}]
)
async def test_without_a_context_or_with_junk_a_trace_begins_here(told: Told, headers: dict[str, Any]) -> None:
    service = traced(told)
    await service.hear(stepped("1460-a", 1, **headers))
    assert parent_of(told.one("process walking.steps.v1")) == ""


async def test_an_attempt_that_was_lost_leaves_no_step(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    service = traced(told)
    batch, positions = await service.consumer()
    write, lost = positions.write, [LostRace("somebody else was first")]

    async def once_lost(*given: object) -> None:
        if lost:
            raise lost.pop()
        await write(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(type(positions), "write", lambda self, *given: once_lost(*given))
    await batch.take(service.put(stepped("1460-a", 1)))
    assert lost == []
    step = told.one("process walking.steps.v1")
    assert [row["h"]["ce_traceparent"] for row in await service.rows("outbox")] == [context(step)]


async def test_a_step_that_came_to_nothing_says_why_in_no_words_of_others(told: Told) -> None:
    service = traced(told)
    await service.hear(stepped("1460-a", 1, trouble="bug"))
    step = told.one("process walking.steps.v1")
    assert (step.status.status_code, step.status.description) == (StatusCode.ERROR, None)
    assert shown(step)["error.type"] == "ZeroDivisionError"
    assert step.events == ()


async def test_a_replay_is_a_step_of_the_same_trace(told: Told) -> None:
    service = traced(told)
    await service.hear(stepped("1460-a", 1, trouble="bug", ce_traceparent=GIVEN.encode()))
    [kept] = await service.rows("parked")
    with pytest.raises(Refused):
        await service.parking.decide("1460", kept["_id"], Decision("replayed", "anna", "it is mended"))
    assert [trace_of(span) for span in told.spans("process walking.steps.v1")] == [TRACE, TRACE]


async def test_of_an_inbox_not_even_ids_are_told(told: Told) -> None:
    service = traced(told)
    body = {"municipality": "1460", "walker": "1460-a", "steps": 1}
    headers = {"ce_id": b"19790101-1234", "ce_source": b"/anna", "ce_correlationid": b"anna"}
    await service.hear(own("inbox.watch.v1", INBOX_TYPE, "x", 1, body, headers))
    attributes = shown(told.one("process inbox.watch.v1"))
    assert not [value for value in attributes.values() if "19790101" in str(value) or "anna" in str(value)]
    assert attributes["cloudevents.event_type"] == INBOX_TYPE


async def test_each_promise_kept_begins_a_trace_of_its_own(told: Told) -> None:
    service = traced(told)
    await keep(service, due("1460-a"), due("1460-b"))
    await timers(service).keep_due()
    steps = told.spans("keep remind")
    assert len({trace_of(step) for step in steps}) == 2
    assert [row["h"]["ce_traceparent"] for row in await service.rows("outbox")] == [context(step) for step in steps]


async def test_a_batch_is_sent_in_one_span_that_names_the_steps_that_said_it(told: Told) -> None:
    service = traced(told)
    await service.hear(stepped("1460-a", 1), stepped("1460-b", 1))
    with told.traces.sends(await service.rows("outbox")):
        pass
    sent = told.one("send")
    steps = {step.context.span_id for step in told.spans("process walking.steps.v1") if step.context}
    assert {link.context.span_id for link in sent.links} == steps
    assert len(steps) == 2
    assert shown(sent)["messaging.batch.message_count"] == 2
    assert shown(sent)["messaging.destination.name"] == "counting.sums.v1"


async def test_a_door_that_falls_over_is_an_error_and_one_that_machines_ask_is_not_told(told: Told) -> None:
    seen: list[str | None] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(traceparent.get())
        raise RuntimeError("a secret")

    async def receive() -> Mapping[str, object]:
        return {"type": "http.request"}

    async def send(message: Mapping[str, object]) -> None:
        """Nobody listens."""

    door = Doorway(app, Metrics(CollectorRegistry()), lambda: "new-id", traces=told.traces)
    for path in ("/x", "/ready"):
        scope = {"type": "http", "method": "GET", "path": path, "headers": [(b"traceparent", GIVEN.encode())]}
        await door(scope, receive, send)  # type: ignore[arg-type]
    served = told.one("GET")
    assert (trace_of(served), parent_of(served)) == (TRACE, CALLER)
    assert shown(served) == {"http.request.method": "GET", "http.response.status_code": 500, "error.type": "500"}
    assert seen == [context(served).decode(), GIVEN]


def test_an_endpoint_that_is_away_neither_stops_nor_holds_a_process() -> None:
    program = (
        "import asyncio\n"
        "from shared.platform.traces import traces_for\n"
        "async def work():\n"
        f"    traces = traces_for({UNUSED!r}, 'counting', 'one', '0.1.0')\n"
        "    trail = traces.trail()\n"
        "    print(len({trail.keeps('remind') for _ in range(3000)}))\n"
        "    trail.told()\n"
        "    await traces.close()\n"
        "asyncio.run(work())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=25)
    assert done.stdout == "3000\n"


async def test_the_standard_variables_choose_what_is_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    traces = exported(UNUSED, "counting", "one", "0.1.0")
    service = Counting()
    service.hearing.traces = traces
    await service.hear(stepped("1460-a", 1, ce_traceparent=GIVEN.encode()))
    [said] = await service.rows("outbox")
    assert said["h"]["ce_traceparent"].startswith(f"00-{TRACE}-".encode())
    assert said["h"]["ce_traceparent"].endswith(b"-00")
    await traces.close()
