"""The mails: the questions first, then the collection that answers them."""

from collections.abc import Sequence
from typing import Protocol

from services.intake.model.mail import ReceivedMail
from shared.contracts.event import Event
from shared.platform.store import Store


class Mails(Protocol):
    """The mails (mottagna mejl) that became contacts."""

    async def get(self, mail_id: str, /) -> ReceivedMail | None:
        """One mail."""
        ...

    async def first_of(self, mail_ids: Sequence[str]) -> ReceivedMail | None:
        """The first of these that has come; they are fetched in one query."""
        ...

    def save(self, mail: ReceivedMail, /, says: Sequence[Event] = ()) -> None:
        """Note that a mail has come. Two who take in the same one run into each other, and the later finds it there."""
        ...


class KeptMails(Store[ReceivedMail]):
    """Mails in MongoDB: no text, only that they came."""

    collection = "mails"
    state = ReceivedMail
    identity = "mail_id"

    async def first_of(self, mail_ids: Sequence[str]) -> ReceivedMail | None:
        """See `Mails`."""
        await self.load(mail_ids)
        found = [await self.get(one) for one in mail_ids]
        return next((one for one in found if one is not None), None)
