"""What every request passes on its way in and out: its story, its size, its line in the log, and the last net."""

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.platform.logs import correlation_id, traceparent
from shared.platform.metrics import Metrics
from shared.platform.traces import UNTRACED, Traces
from shared.platform.web.body import GuardedBody
from shared.platform.web.errors import on_bug

log = logging.getLogger(__name__)
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
NOBODY_LEFT = 499
CORRELATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}")
TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(slots=True)
class _Answer:
    """What has been sent of the answer so far."""

    status: int = NOBODY_LEFT
    started: bool = False


class Doorway:
    """Stands around the whole app, so that no error of any kind comes out but as a problem.

    The correlation id is the request's X-Correlation-Id, else the trace id of its traceparent, else a new one; it goes
    to the log, to the events said (`logs.correlation_id`, `logs.traceparent`) and back in X-Correlation-Id.
    """

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        new_id: Callable[[], str],
        watch: Callable[[], float] = time.perf_counter,
        traces: Traces = UNTRACED,
    ) -> None:
        self._app, self._metrics, self._new_id, self._watch, self._traces = app, metrics, new_id, watch, traces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        story, trace = self._story(Headers(scope=scope))
        served, answer = self._traces.serves(scope["path"], _method(scope), trace), _Answer()
        tokens = correlation_id.set(story), traceparent.set(served.traceparent)
        try:
            await self._answered(scope, receive, send, story, answer)
        finally:
            served.answered(_pattern(scope), answer.status)
            correlation_id.reset(tokens[0])
            traceparent.reset(tokens[1])

    async def _answered(self, scope: Scope, receive: Receive, send: Send, story: str, answer: _Answer) -> None:
        began = self._watch()

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.started, answer.status = True, message["status"]
                MutableHeaders(scope=message)["X-Correlation-Id"] = story
            await send(message)

        try:
            await self._app(scope, GuardedBody(scope, receive), sent)
        except Exception as error:
            response = await on_bug(Request(scope), error)
            if answer.started:
                raise
            await response(scope, receive, sent)
        finally:
            self._note(scope, answer.status, self._watch() - began)

    def _story(self, headers: Headers) -> tuple[str, str | None]:
        trace = TRACEPARENT.fullmatch(headers.get("traceparent", ""))
        given = CORRELATION.fullmatch(headers.get("x-correlation-id", ""))
        story = given.group() if given else trace.group(1) if trace else self._new_id()
        return story, trace.group() if trace else None

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        door = getattr(scope.get("endpoint"), "__name__", "none")
        method = _method(scope)
        self._metrics.http_requests.labels(door=door, method=method, status=str(status)).inc()
        self._metrics.http_seconds.labels(door=door).observe(seconds)
        fields = {"door": door, "method": method, "status": status, "milliseconds": round(seconds * 1000, 3)}
        log.info("answered", extra=fields)


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in METHODS else "other"


def _pattern(scope: Scope) -> str | None:
    """The door's path with names for what differs, under the prefix of its router, which a route does not know."""
    pattern: str | None = getattr(scope.get("route"), "path", None)
    if pattern is None:
        return None
    deeper = scope["path"].count("/") - pattern.count("/")
    return "/".join(scope["path"].split("/")[: deeper + 1]) + pattern
