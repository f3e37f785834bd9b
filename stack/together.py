"""Does several long things at once, in threads that never keep a stopped program alive."""

import queue
import threading
from collections.abc import Callable, Iterable


def together(works: Iterable[Callable[[], None]]) -> None:
    """Runs all of them and waits; the first error ends the waiting and is raised here."""
    ended: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            ended.put(error)
        else:
            ended.put(None)

    threads = [threading.Thread(target=run, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for _ in threads:
        if (error := ended.get()) is not None:
            raise error
