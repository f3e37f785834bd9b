"""An event loop whose time is its own: nothing waits, and the same start always takes the same course."""

import asyncio
import heapq
from collections import deque
from collections.abc import Coroutine
from contextvars import Context, ContextVar
from typing import Any, Protocol


class Owner(Protocol):
    """Whose tasks are whose."""

    def own(self, task: "asyncio.Task[Any]") -> None: ...


OWNER: ContextVar[Owner | None] = ContextVar("OWNER", default=None)
"""The process that the running task belongs to."""


class Stuck(Exception):
    """Everybody waits, and nothing that could wake anybody is to come."""


class Loop(asyncio.BaseEventLoop):
    """asyncio's own loop on virtual time; `failures` holds what went wrong where nobody could catch it."""

    _ready: deque[asyncio.Handle]
    _scheduled: list[asyncio.TimerHandle]
    _stopping: bool

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.failures: list[str] = []
        self.set_exception_handler(self._failed)

    def time(self) -> float:
        """The loop's own time, in seconds since the world began."""
        return self.now

    async def pause(self, seconds: float) -> None:
        """As asyncio.sleep, without asking the system who we are."""
        waits: asyncio.Future[None] = self.create_future()
        timer = self.call_later(seconds, done, waits)
        try:
            await waits
        finally:
            timer.cancel()

    def create_task(  # type: ignore[override]
        self, coro: Coroutine[Any, Any, Any], *, name: str | None = None, context: Context | None = None
    ) -> "asyncio.Task[Any]":
        """A task, which belongs to the process of the one that begins it."""
        task = super().create_task(coro, name=name, context=context)
        owner = OWNER.get() if context is None else context.get(OWNER)
        if owner is not None:
            owner.own(task)
        return task

    def to_the_end(self, course: Coroutine[Any, Any, None]) -> None:
        """Run the course and close."""
        try:
            self.run_until_complete(course)
        finally:
            self.close()

    def _run_once(self) -> None:
        """What is ready in its order; when nothing is, time passes to what comes next."""
        if not self._ready:
            if not self._scheduled:
                raise Stuck
            timer = heapq.heappop(self._scheduled)
            if timer._cancelled:
                return
            self.now = max(self.now, timer.when())
            self._ready.append(timer)
        while self._ready:
            handle = self._ready.popleft()
            if not handle._cancelled:
                handle._run()
            if self._stopping:
                return

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It is passed over when its moment comes."""

    def _failed(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if "future" not in context and "task" not in context:
            self.failures.append(repr(context.get("exception", context["message"])))


def done(waits: "asyncio.Future[None]") -> None:
    """Let it wait no more."""
    if not waits.done():
        waits.set_result(None)
