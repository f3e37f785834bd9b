"""Traces as OpenTelemetry has them, sent to an endpoint by OTLP over HTTP. Loaded only when an endpoint is set.

Spans wait in a bounded queue that a thread of its own empties; when the endpoint is away they are dropped, and a line
in the log says so. Samplers, queue, headers and certificates are set by OpenTelemetry's own variables (OTEL_...).
Names and attributes follow its conventions for HTTP and messaging, and hold nothing personal: of an inbox not even ids.
"""

import asyncio
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, Status, StatusCode, Tracer, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.platform.cloudevents import Envelope
from shared.platform.traces import UNTRACED, Carried, Served, Trail
from shared.platform.understand import Record

CLOSE_WITHIN = 1.0
MOST_LINKS = 128
NOBODY_ASKS = frozenset({"/alive", "/ready", "/metrics"})
"""Doors that machines knock at every few seconds: a trace of each would bury the others."""

_W3C = TraceContextTextMapPropagator()


def exported(endpoint: str, service: str, instance: str, version: str) -> "Exported":
    """Traces of one process that go to the endpoint (a base address, such as http://collector:4318)."""
    named = {
        "service.namespace": "kommunkontakt",
        "service.name": service,
        "service.version": version,
        "service.instance.id": instance,
    }
    provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")))
    return Exported(provider, service)


class Exported:
    """See `Traces`."""

    def __init__(self, provider: TracerProvider, service: str) -> None:
        self._provider, self._service = provider, service
        self._tracer = provider.get_tracer("kommunkontakt")

    def trail(self) -> Trail:
        """See `Traces`."""
        return Followed(self._tracer, self._service)

    def serves(self, path: str, method: str, traceparent: str | None) -> Served:
        """See `Traces`."""
        if path in NOBODY_ASKS:
            return UNTRACED.serves(path, method, traceparent)
        attributes = {"http.request.method": method}
        return Asked(self._tracer.start_span(method, context_of(traceparent), SpanKind.SERVER, attributes), method)

    @contextmanager
    def sends(self, said: Sequence[Mapping[str, Any]]) -> Iterator[None]:
        """See `Traces`. One span a batch, with links to the steps that said its events."""
        topics = {one["t"] for one in said}
        attributes: dict[str, Any] = {**_messaging("send", "send"), "messaging.batch.message_count": len(said)}
        if len(topics) == 1:
            attributes["messaging.destination.name"] = next(iter(topics))
        contexts = {one["h"]["ce_traceparent"] for one in said if "ce_traceparent" in one["h"]}
        links = [Link(seen) for one in sorted(contexts)[:MOST_LINKS] if (seen := _seen(bytes(one).decode())).is_valid]
        span = self._tracer.start_span("send", Context(), SpanKind.CLIENT, attributes, links)
        with _ending(span):
            yield

    def hands_over(self, channel: str, message_id: str, traceparent: str | None) -> AbstractContextManager[Carried]:
        """See `Traces`."""
        attributes = {"kommunkontakt.channel": channel, "kommunkontakt.message_id": message_id}
        name, context = f"hand over {channel}", context_of(traceparent)
        return _ending(self._tracer.start_span(name, context, SpanKind.CLIENT, attributes))

    async def close(self) -> None:
        """See `Traces`. A thread that still waits for the endpoint is left behind; it does not hold the process."""
        closing = threading.Thread(target=self._provider.shutdown, daemon=True, name="traces")
        closing.start()
        await asyncio.to_thread(closing.join, CLOSE_WITHIN)


class Followed:
    """See `Trail`. One span for the unit of work, and one for each step, linked to it, in the trace of its event."""

    def __init__(self, tracer: Tracer, service: str) -> None:
        self._tracer, self._service = tracer, service
        self._began = time.time_ns()
        self._whole: Span | None = None
        self._open: Span | None = None
        self._steps: list[tuple[Span, int]] = []

    def hears(self, record: Record, envelope: Envelope, *, own: bool) -> Envelope:
        """See `Trail`."""
        attributes: dict[str, str | int] = {
            **_messaging("process", "process"),
            "messaging.destination.name": record.topic,
            "messaging.destination.partition.id": str(record.partition),
            "messaging.kafka.offset": record.offset,
            "messaging.consumer.group.name": self._service,
            "cloudevents.event_type": envelope.type,
        }
        if own:
            attributes["messaging.message.id"] = envelope.id
            attributes["messaging.message.conversation_id"] = envelope.correlationid or envelope.id
        span = self._step(f"process {record.topic}", envelope.traceparent, SpanKind.CONSUMER, attributes)
        return envelope._replace(traceparent=traceparent_of(span))

    def keeps(self, promise: str) -> str | None:
        """See `Trail`."""
        return traceparent_of(self._step(f"keep {promise}", None, SpanKind.INTERNAL, {}))

    def fails(self, error: str) -> None:
        """See `Trail`."""
        if self._open is not None:
            _mark(self._open, error)

    def told(self) -> None:
        """See `Trail`."""
        self._end_step()
        for span, at in self._steps:
            span.end(at)
        if self._whole is not None:
            self._whole.set_attribute("messaging.batch.message_count", len(self._steps))
            self._whole.end()

    def _step(self, name: str, parent: str | None, kind: SpanKind, attributes: Mapping[str, str | int]) -> Span:
        self._end_step()
        if self._whole is None:
            self._whole = self._tracer.start_span("unit of work", Context(), start_time=self._began)
        links = [Link(self._whole.get_span_context())]
        self._open = self._tracer.start_span(name, context_of(parent), kind, attributes, links)
        return self._open

    def _end_step(self) -> None:
        if self._open is not None:
            self._steps.append((self._open, time.time_ns()))
            self._open = None


class Asked:
    """See `Served`."""

    def __init__(self, span: Span, method: str) -> None:
        self._span, self._method = span, method
        self.traceparent: str | None = traceparent_of(span)

    def answered(self, route: str | None, status: int) -> None:
        """See `Served`."""
        self._span.set_attribute("http.response.status_code", status)
        if route is not None:
            self._span.set_attribute("http.route", route)
            self._span.update_name(f"{self._method} {route}")
        if status >= 500:
            _mark(self._span, str(status))
        self._span.end()


class _Ending:
    """See `Carried`."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def ended(self, outcome: str) -> None:
        """See `Carried`."""
        self._span.set_attribute("kommunkontakt.outcome", outcome)


@contextmanager
def _ending(span: Span) -> Iterator[Carried]:
    """End it on the way out; of an error only its class is told, never its words."""
    try:
        yield _Ending(span)
    except BaseException as error:
        _mark(span, type(error).__name__)
        raise
    finally:
        span.end()


def _mark(span: Span, error: str) -> None:
    span.set_attribute("error.type", error)
    span.set_status(Status(StatusCode.ERROR))


def _messaging(name: str, kind: str) -> dict[str, str | int]:
    return {"messaging.system": "kafka", "messaging.operation.name": name, "messaging.operation.type": kind}


def context_of(traceparent: str | None) -> Context:
    """The context that a traceparent names; without one, or with junk, a new trace begins there."""
    return _W3C.extract({"traceparent": traceparent}, Context()) if traceparent else Context()


def traceparent_of(span: Span) -> str:
    """A span's context as W3C writes it."""
    context = span.get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


def _seen(traceparent: str) -> SpanContext:
    return get_current_span(context_of(traceparent)).get_span_context()
