"""An event loop whose time is its own: nothing waits, and the same start always takes the same course.

It does what asyncio's loop does, without the system: there is no selector, nothing is woken from other threads, and
nobody asks the system who we are (as asyncio's `get_running_loop` does at each call before Python 3.12).
"""

import asyncio
import heapq
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from itertools import count
from typing import Any
from unittest.mock import patch

OWNER: ContextVar[object] = ContextVar("OWNER", default=None)
"""The process that the running task belongs to."""


class Stuck(Exception):
    """Everybody waits, and nothing that could wake anybody is to come."""


class Turn:
    """A call that is to come, as `asyncio.Handle`."""

    __slots__ = ("arguments", "callback", "cancelled", "context")

    def __init__(self, callback: Callable[..., object], arguments: tuple[Any, ...], context: Context) -> None:
        self.callback, self.arguments, self.context = callback, arguments, context
        self.cancelled = False

    def cancel(self) -> None:
        """It does not come."""
        self.cancelled = True


class Loop(asyncio.BaseEventLoop):
    """asyncio's own loop on virtual time; `failures` holds what went wrong where nobody could catch it."""

    _stopping: bool

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.failures: list[str] = []
        self._tasks: list[tuple[asyncio.Task[Any], object]] = []
        self._many = 50
        self._soon: deque[Turn] = deque()
        self._later: list[tuple[float, int, Turn | asyncio.Future[None]]] = []
        self._nth = count()
        self.set_exception_handler(self._failed)

    def time(self) -> float:
        """The loop's own time, in seconds since the world began."""
        return self.now

    def get_debug(self) -> bool:
        """Never."""
        return False

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Turn:
        """After all that is ready now."""
        turn = Turn(callback, args, copy_context() if context is None else context)
        self._soon.append(turn)
        return turn

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Turn:
        """When time has come to it; what has the same moment keeps its order."""
        turn = Turn(callback, args, copy_context() if context is None else context)
        heapq.heappush(self._later, (when, next(self._nth), turn))
        return turn

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Turn:
        """After so many seconds."""
        return self.call_at(self.now + delay, callback, *args, context=context)

    def pause(self, seconds: float) -> "asyncio.Future[None]":
        """As asyncio.sleep, and cheaper: most of all waiting is that of a call on its way."""
        waits: asyncio.Future[None] = asyncio.Future(loop=self)
        heapq.heappush(self._later, (self.now + seconds, next(self._nth), waits))
        return waits

    def create_task(  # type: ignore[override]
        self, coro: Coroutine[Any, Any, Any], *, name: str | None = None, context: Context | None = None
    ) -> "asyncio.Task[Any]":
        """A task, which belongs to the process of the one that begins it."""
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        self._tasks.append((task, OWNER.get() if context is None else context.get(OWNER)))
        if len(self._tasks) > self._many:
            self._tasks = [one for one in self._tasks if not one[0].done()]
            self._many = 2 * len(self._tasks) + 50
        return task

    def tasks(self, *owners: object) -> list["asyncio.Task[Any]"]:
        """Those that are not done, in the order in which they began: of these owners, or all."""
        return [task for task, owner in self._tasks if not task.done() and (not owners or owner in owners)]

    def to_the_end(self, course: Coroutine[Any, Any, None]) -> None:
        """Run the course and close."""
        try:
            self.run_until_complete(self._known(course))
        finally:
            self.close()

    async def _known(self, course: Coroutine[Any, Any, None]) -> None:
        """Whoever asks which loop runs is told at once."""
        with (
            patch.object(events, "get_running_loop", lambda: self),
            patch.object(events, "_get_running_loop", lambda: self),
            patch.object(asyncio, "get_running_loop", lambda: self),
        ):
            await course

    def _run_once(self) -> None:
        """What is ready in its order; when nothing is, time passes to what comes next."""
        soon = self._soon
        if not soon:
            self._pass_time()
        while soon and not self._stopping:
            turn = soon.popleft()
            if not turn.cancelled:
                try:
                    turn.context.run(turn.callback, *turn.arguments)
                except Exception as error:
                    self.failures.append(repr(error))

    def _pass_time(self) -> None:
        """To the next moment at which anything comes."""
        if not self._later:
            raise Stuck
        when, _, next_one = heapq.heappop(self._later)
        if not isinstance(next_one, Turn):
            if not next_one.done():
                self.now = max(self.now, when)
                next_one.set_result(None)
        elif not next_one.cancelled:
            self.now = max(self.now, when)
            self._soon.append(next_one)

    def _failed(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if "future" not in context and "task" not in context:
            self.failures.append(repr(context.get("exception", context["message"])))


def done(waits: "asyncio.Future[None]") -> None:
    """Let it wait no more."""
    if not waits.done():
        waits.set_result(None)
