"""Who was erased so long ago that even the tombstone is gone: a listener that was restored knows them still."""

from collections.abc import Iterable

from shared.contracts.catalogue import all_streams
from shared.platform.heard import LANES
from shared.platform.mongo_copy import Copying
from shared.platform.own_words import statements
from shared.platform.topics import Topics
from shared.platform.understand import Record

COMPACTED = frozenset(stream.topic for stream in all_streams() if stream.compacted)


async def forgotten(restored: Copying, look: Topics, service: str, heard: Iterable[str]) -> list[tuple[str, str]]:
    """(topic, subject) of all that a compacted topic declared once, as the restored lanes know, and does not any more.

    A tombstone that is still on the topic counts as declaring: it will be heard, or was.
    """
    found: list[tuple[str, str]] = []
    for topic in sorted(COMPACTED.intersection(heard)):
        there: set[str] = set()

        def note(records: list[Record], there: set[str] = there) -> None:
            there.update(one.subject for one in statements(records))

        await look.read([topic], note)
        beginning = f"{service}|{topic}|"
        known = (lane.removeprefix(beginning) for lane in restored.ids(LANES.name, beginning))
        found += [(topic, subject) for subject in known if subject not in there]
    return found
