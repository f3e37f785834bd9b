"""The door of attachments: the bytes of one."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from services.intake.api.seen import seen
from services.intake.attachments import plain_pieces
from services.intake.model.attachment import Attachment
from services.intake.rules.policy import Action
from services.intake.store.contacts import Contacts
from services.intake.who import Visitor, visiting
from shared.contracts.refusal import Unknown
from shared.platform.files import Files, MissingFile
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.who import Municipality

Reading = Annotated[Visitor, visiting(Action.READ_ATTACHMENT)]
BINARY = {"schema": {"type": "string", "format": "binary"}}
BYTES: dict[int | str, dict[str, Any]] = {200: {"content": {"application/octet-stream": BINARY}}}
AS_A_FILE = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox", "Cache-Control": "no-store"}
"""Whatever was sent in, no browser runs it here."""

router = APIRouter()


@router.get(
    "/{municipality}/contacts/{contact_id}/attachments/{attachment_id}",
    tags=["contacts"],
    response_class=StreamingResponse,
    responses=BYTES,
)
async def fetch_attachment(
    municipality: Municipality, contact_id: str, attachment_id: str, visitor: Reading, desk: AtDesk
) -> StreamingResponse:
    """The bytes of an attachment, as a file to save; 404 when they were kept out."""

    async def find(contacts: Contacts, files: Files) -> tuple[Attachment, Files] | None:
        contact = await contacts.get(contact_id)
        is_ours = contact is not None and contact.municipality == municipality
        has = contact.attachments if contact is not None and is_ours else None
        wanted = [one for one in has or () if one.attachment_id == attachment_id and one.kept_out is None]
        return (wanted[0], files) if wanted else None

    found = await desk.ask(find)
    if found is None:
        raise _unknown()
    attachment = found[0]
    pieces = await _begun(plain_pieces(*found))
    await seen(desk, visitor, Action.READ_ATTACHMENT, contact_id)
    return StreamingResponse(
        pieces,
        headers={**AS_A_FILE, "Content-Disposition": _disposition(attachment), "Content-Length": str(attachment.size)},
        media_type=attachment.media_type,
    )


async def _begun(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same pieces, the first already there: what is missing is told before the answer has begun."""
    try:
        first = await anext(pieces, b"")
    except MissingFile:
        raise _unknown() from None

    async def rest() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    return rest()


def _disposition(attachment: Attachment) -> str:
    return f"attachment; filename*=UTF-8''{quote(attachment.name, safe='')}"


def _unknown() -> Unknown:
    return Unknown("no-such-attachment", "Bilagan finns inte.", "There is no such attachment.")
