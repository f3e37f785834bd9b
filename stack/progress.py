"""Shows how far the start has come: bars on a terminal, lines elsewhere."""

from threading import Lock
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class Shown:
    """What the long work has to say, on standard error; several threads may tell at once."""

    def __init__(self, console: Console) -> None:
        self._console = console
        columns = (TextColumn("{task.description:<24}"), BarColumn(24), MofNCompleteColumn(), TimeElapsedColumn())
        self._bars = Progress(*columns, console=console, disable=not console.is_terminal)
        self._tasks: dict[str, TaskID] = {}
        self._lock = Lock()

    def tell(self, what: str, done: int, total: int) -> None:
        """One work has come so far."""
        with self._lock:
            if what not in self._tasks:
                self._tasks[what] = self._bars.add_task(what, total=total)
                self._line(f"{what} ...")
            if done >= total and not self._bars.tasks[self._tasks[what]].finished:
                self._line(f"{what}: done")
            self._bars.update(self._tasks[what], completed=min(done, total), total=total)

    def _line(self, text: str) -> None:
        if not self._console.is_terminal:
            self._console.print(text, highlight=False)

    def __enter__(self) -> Self:
        """Begins to show."""
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leaves the last state on the screen."""
        self._bars.stop()
