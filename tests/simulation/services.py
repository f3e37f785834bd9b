"""Two made-up services in a chain: sorting hears letters and says what it sorted; carrying hears that."""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import BaseModel

from shared.contracts.event import Event
from shared.contracts.refusal import Refused
from shared.contracts.streams import Stream, inbox
from shared.platform.errors import NotYet
from shared.platform.handlers import Handler
from shared.platform.hearing import Topic
from shared.platform.settings import Publisher
from shared.platform.store import Store
from shared.platform.timers import Promise
from shared.platform.understand import Record
from tests.simulation.script import INBOX, KEYS, LETTERS, Put

SENT, GIVEN = Stream(LETTERS, "sending"), Stream(KEYS, "sending")
SORTED = Stream("sorting.letters.v1", "sorting")
CITIZEN = Publisher(name="citizen", municipality="1460", types=("letter-sent",))
INBOX_TYPE = "se.kommunkontakt.inbox.letter-sent.v1"
TOO_BIG = 2**70
LATER = timedelta(hours=1)


class LetterSent(Event, stream=SENT, about="box"):
    """A letter was sent (brev)."""

    box: str
    letter: str
    trouble: str = ""


class KeyGiven(Event, stream=GIVEN, about="box"):
    """A box has its key (nyckel)."""

    box: str


class LetterSorted(Event, stream=SORTED, about="box"):
    """A letter lies in its box (post)."""

    box: str
    letter: str


@dataclass(frozen=True, slots=True)
class Box:
    """What sorting keeps: all that it did, in order; promises made and kept."""

    municipality: str
    box: str
    did: tuple[str, ...] = ()
    key: bool = False
    made: int = 0
    weight: int = 0
    due_at: datetime | None = None


class Boxes(Protocol):
    """The boxes."""

    async def get(self, box: str, /) -> Box | None: ...

    def save(self, box: Box, /, says: tuple[Event, ...] = ()) -> None: ...


class KeptBoxes(Store[Box]):
    """The boxes in a database."""

    collection, state, identity = "boxes", Box, "box"


@dataclass(frozen=True, slots=True)
class Round:
    """What carrying keeps: all that it carried, in order."""

    municipality: str
    box: str
    did: tuple[str, ...] = ()


class Rounds(Protocol):
    """The rounds."""

    async def get(self, box: str, /) -> Round | None: ...

    def save(self, one: Round, /) -> None: ...


class KeptRounds(Store[Round]):
    """The rounds in a database."""

    collection, state, identity = "rounds", Round, "box"


class Release(Protocol):
    """What was released."""

    @property
    def mended(self) -> bool: ...


class Answer(BaseModel):
    """What the door answers."""

    letters: int


async def sort(event: LetterSent, boxes: Boxes, release: Release, at: datetime) -> None:
    """Put a letter in its box, or get into the trouble that it asks for."""
    box = await boxes.get(event.box) or Box("1460", event.box)
    _put(boxes, box, event.letter)
    if event.trouble == "bug" and not release.mended:
        raise ZeroDivisionError
    if event.trouble == "no":
        raise Refused("no", "Nej.", "No.", "/trouble")
    if event.trouble == "key" and not box.key:
        raise NotYet(event.box)
    if event.trouble == "big":
        boxes.save(replace(box, weight=TOO_BIG))
    if event.trouble == "promise":
        boxes.save(replace(box, did=(*box.did, event.letter), made=box.made + 1, due_at=box.due_at or at + LATER))


async def take_key(event: KeyGiven, boxes: Boxes) -> None:
    """The box has its key."""
    box = await boxes.get(event.box) or Box("1460", event.box)
    boxes.save(replace(box, key=True))


async def remind(box: Box, boxes: Boxes) -> None:
    """Keep what was promised: once for all that was made until now."""
    reminder = f"reminded-{box.made}"
    said = LetterSorted(box=box.box, letter=reminder)
    boxes.save(replace(box, did=(*box.did, reminder), due_at=None), says=(said,))


async def carry(event: LetterSorted, rounds: Rounds) -> None:
    """Carry what was sorted."""
    one = await rounds.get(event.box) or Round("1460", event.box)
    rounds.save(replace(one, did=(*one.did, event.letter)))


async def put_by_hand(boxes: Boxes, box_id: str, letter: str) -> Answer:
    """What the door does."""
    box = await boxes.get(box_id) or Box("1460", box_id)
    _put(boxes, box, letter)
    return Answer(letters=len(box.did) + 1)


def _put(boxes: Boxes, box: Box, letter: str) -> None:
    said = LetterSorted(box=box.box, letter=letter)
    boxes.save(replace(box, did=(*box.did, letter)), says=(said,))


_SORT = Handler.of(sort, lambda event: event.box)
SORTING: dict[str, Topic] = {
    LETTERS: Topic(SENT, None, {LetterSent.type: _SORT}),
    KEYS: Topic(GIVEN, None, {KeyGiven.type: Handler.of(take_key, None)}),
    INBOX: Topic(inbox("citizen"), CITIZEN, {INBOX_TYPE: _SORT}),
}
CARRYING = {SORTED.topic: Topic(SORTED, None, {LetterSorted.type: Handler.of(carry, lambda event: event.box)})}
PROMISES = (Promise.of(Boxes, remind),)
PARTITIONS: dict[str, int] = {LETTERS: 2, KEYS: 1, INBOX: 1, SORTED.topic: 2}


def record(put: Put) -> Record:
    """The record of a put, not yet in its place."""
    data = {"box": put.box, "letter": put.letter, "trouble": put.trouble}
    kind = {LETTERS: LetterSent.type, KEYS: KeyGiven.type, INBOX: INBOX_TYPE}[put.topic]
    headers = [("ce_specversion", b"1.0"), ("ce_type", kind.encode()), ("ce_subject", put.box.encode())]
    if put.topic == INBOX:
        headers += [("ce_id", f"{put.box}-{put.number}".encode()), ("ce_source", b"/citizen")]
    else:
        headers += [("ce_id", f"{put.box}/1/{put.number}".encode()), ("ce_source", b"/1460/sending")]
        headers += [("ce_municipality", b"1460"), ("ce_sequence", b"%d" % put.number), ("ce_epoch", b"1")]
    kept = headers[:1] if put.trouble == "unreadable" else headers
    return Record(put.topic, 0, 0, put.box.encode(), json.dumps(data).encode(), kept)
