"""What intake hears, contacts and changes of companies, and what it does when a moment has come."""

from datetime import datetime, timedelta

from services.intake import changes, events
from services.intake.model.attachment import Upload
from services.intake.registration import Registers, register
from services.intake.store.company_changes import CompanyChanges
from services.intake.store.uploads import Uploads
from shared.contracts.inbox import CompanyChanged, ContactReceived
from shared.contracts.streams import INBOX
from shared.platform.bus import Bus
from shared.platform.files import Files
from shared.platform.handlers import Origin

bus = Bus("intake")
BYTES_GO_AFTER = timedelta(minutes=1)


@bus.hear(INBOX)
async def register_contact(event: ContactReceived, registers: Registers, origin: Origin, at: datetime) -> None:
    """Another system has received a contact: it becomes one of ours, once."""
    arrival = events.arrival(event, origin.municipality, origin.key, origin.publisher or "")
    await register(arrival, registers, at)


@bus.hear(INBOX)
async def take_in_change(
    event: CompanyChanged, known: CompanyChanges, registers: Registers, origin: Origin, at: datetime
) -> None:
    """A company has changed, says a register: whether that needs something new is a question to people, once."""
    await changes.take_in(event, known, registers, origin, at)


@bus.when_due(Uploads)
async def let_go(upload: Upload, uploads: Uploads, files: Files, at: datetime) -> None:
    """No contact has taken an upload: first that is decided, for everybody to see, and only then do its bytes go."""
    if upload.going:
        await files.delete(upload.upload_id)
        uploads.drop(upload.upload_id)
    else:
        uploads.save(upload.let_go(at + BYTES_GO_AFTER))
