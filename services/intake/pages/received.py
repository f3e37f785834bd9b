"""A form on its way in: its fields first, then its files, streamed to where they are kept if the fields are right."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass

from starlette.requests import Request

from services.intake.attachments import Arriving, discard, take
from services.intake.model.attachment import Attachment, KeptOut
from services.intake.pages.sent import ATTACHMENTS, LONGEST, MOST_BYTES, WHOLE_FORM, Faults, Sent
from services.intake.pages.wording.texts import Fault
from shared.platform.desk import Desk
from shared.platform.errors import TryAgain
from shared.platform.web.body import GuardedBody, TooLarge, too_large
from shared.platform.web.forms import Part, parts_of

MOST_FILES = 10
MOST_IN_ALL = 64 * 1024 * 1024
MOST_ON_THE_WAY = 8 * MOST_IN_ALL
"""What is larger is refused before its first field is read; what is less comes back with all that was typed."""

KEPT_OUT: dict[KeptOut, Fault] = {"too-large": Fault.FILE_LARGE, "infected": Fault.FILE_INFECTED}

Judge = Callable[[Sent], Awaitable[Faults]]


@dataclass(frozen=True, slots=True)
class Received:
    """A form as far as it came: what was typed, its files, and what is wrong (mottaget formulär)."""

    sent: Sent
    files: tuple[Attachment, ...]
    faults: Faults


async def receive(request: Request, municipality: str, desk: Desk, judge: Judge) -> Received:
    """Read a form. No file is taken in of one that the judge finds wrong, and none stays of one that turns out so."""
    GuardedBody.of(request.scope).take_up_to(MOST_ON_THE_WAY)
    receiving = _Receiving(municipality, desk, judge)
    try:
        await receiving.read(request)
    except BaseException:
        await let_go(receiving.files, desk)
        raise
    return Received(Sent(receiving.values), tuple(receiving.files), receiving.faults)


async def let_go(files: Sequence[Attachment], desk: Desk) -> None:
    """No contact will have these."""
    with suppress(TryAgain):  # a day later they go by themselves
        await discard([one.attachment_id for one in files], desk)


class _Receiving:
    """One form while it is read."""

    def __init__(self, municipality: str, desk: Desk, judge: Judge) -> None:
        self._municipality, self._desk, self._judge = municipality, desk, judge
        self.values: dict[str, str] = {}
        self.files: list[Attachment] = []
        self.faults: Faults = {}
        self._bytes = 0

    async def read(self, request: Request) -> None:
        """Read all, or as far as it is right."""
        async with aclosing(parts_of(request)) as parts:
            async for part in parts:
                await (self._file(part, part.file_name) if part.file_name else self._field(part))
                if self.faults:
                    return
        self.faults = await self._judge(Sent(self.values))

    async def _field(self, part: Part) -> None:
        """A field that comes twice counts as it came first, and one that we do not have not at all."""
        if part.file_name is None and part.name in LONGEST and part.name not in self.values:
            text = await part.text(MOST_BYTES)
            if text is None:
                raise too_large(MOST_BYTES)
            self.values[part.name] = text

    async def _file(self, part: Part, name: str) -> None:
        faults = {} if self.files else await self._judge(Sent(self.values))
        if not faults and len(self.files) == MOST_FILES:
            faults = {ATTACHMENTS: Fault.FILES_MANY}
        self.faults = faults or await self._taken(Arriving(self._municipality, name, part.media_type, self._in(part)))
        if self.faults and ATTACHMENTS not in self.faults:
            self.faults = {**self.faults, ATTACHMENTS: Fault.FILES_AGAIN}

    async def _taken(self, arriving: Arriving) -> Faults:
        try:
            attachment = await take(arriving, self._desk)
        except TooLarge:
            return {ATTACHMENTS: Fault.FILES_LARGE}
        except TryAgain:
            return {WHOLE_FORM: Fault.AWAY}
        if attachment.kept_out is not None:
            return {ATTACHMENTS: KEPT_OUT[attachment.kept_out]}
        self.files.append(attachment)
        return {}

    async def _in(self, part: Part) -> AsyncIterator[bytes]:
        async for piece in part.pieces:
            self._bytes += len(piece)
            if self._bytes > MOST_IN_ALL:
                raise too_large(MOST_IN_ALL)
            yield piece
