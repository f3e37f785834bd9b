"""The threads: the questions first, then the collection that answers them."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from services.intake.model.link import Thread
from shared.contracts.event import Event
from shared.platform.store import Store


class Threads(Protocol):
    """The threads (ärendetrådar) of every company: one a case type."""

    async def load(self, thread_ids: Iterable[str], /) -> None:
        """Fetch several at once; `get` then finds them in memory."""
        ...

    async def get(self, thread_id: str, /) -> Thread | None:
        """One thread; None before the company has asked anything of that case type."""
        ...

    def save(self, thread: Thread, /, says: Sequence[Event] = ()) -> None:
        """Keep a thread. Two contacts that begin it at once run into each other, and the later is linked."""
        ...


class KeptThreads(Store[Thread]):
    """Threads in MongoDB."""

    collection = "threads"
    state = Thread
    identity = "thread_id"
