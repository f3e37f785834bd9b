"""Where notify keeps recipients and messages: the questions first, then the collections that answer them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Protocol

from services.notify.model import ChannelName, HandedBefore, Message, Recipient
from shared.contracts.event import Event
from shared.platform.database import Document, Index
from shared.platform.keyset import beyond
from shared.platform.store import Store, Upcaster

OPEN = {"due_at": {"$exists": True}}
TOLD = {"hears_alarms": {"$gt": ""}}


class Recipients(Protocol):
    """Whom we can reach (mottagare), of every municipality: personal data."""

    async def get(self, recipient_id: str, /) -> Recipient | None:
        """The recipient as it is known."""
        ...

    async def all_of(self, recipient_ids: Iterable[str]) -> Mapping[str, Recipient]:
        """Those of these that are known."""
        ...

    async def hearing_alarms(self, municipality: str) -> list[Recipient]:
        """The officers who may be told of alarms; asked of the database once a unit."""
        ...

    def save(self, recipient: Recipient, /, says: Sequence[Event] = ()) -> None:
        """Keep a recipient."""
        ...

    def forget(self, recipient_id: str, /) -> None:
        """Delete the key of a recipient: who it is, and what was written to it, is gone."""
        ...


class Messages(Protocol):
    """The messages (meddelanden) of every municipality."""

    async def get(self, message_id: str, /) -> Message | None:
        """One message."""
        ...

    async def all_of(self, message_ids: Iterable[str]) -> Mapping[str, Message]:
        """Those of these that there are."""
        ...

    async def due(self, channel: ChannelName, at: datetime, limit: int) -> list[Message]:
        """Messages to look at now, the first planned first."""
        ...

    async def begun_to(self, channel: ChannelName, recipient_ids: Iterable[str]) -> list[Message]:
        """Open messages to these recipients that were tried before."""
        ...

    async def all_to(self, recipient_id: str) -> list[Message]:
        """Every message to a recipient, whatever became of it."""
        ...

    async def newest(
        self, municipality: str, about_id: str | None, after: tuple[Any, ...] | None, limit: int
    ) -> list[Message]:
        """Messages, newest first, after the one whose (planned_at: datetime, id: str) is given."""
        ...

    def save(self, message: Message, /, says: Sequence[Event] = ()) -> None:
        """Keep a message and say what is to be said of it."""
        ...


class HandedBefores(Protocol):
    """The messages that were handed over in a time that a restore has lost."""

    async def all_of(self, message_ids: Iterable[str]) -> Mapping[str, HandedBefore]:
        """Those of these that are known."""
        ...

    def save(self, before: HandedBefore, /, says: Sequence[Event] = ()) -> None:
        """Keep one."""
        ...


def _in_clear(document: Document) -> Document:
    """Schema 1 sealed nothing."""
    return document


class KeptRecipients(Store[Recipient]):
    """Recipients in MongoDB."""

    collection = "recipients"
    state = Recipient
    identity = "recipient_id"
    schema = 2
    upcasters: ClassVar[Mapping[int, Upcaster]] = {1: _in_clear}
    sealed = ("name", "e_mail")
    indexes = (Index((("municipality", 1), ("hears_alarms", 1)), where=TOLD),)

    async def hearing_alarms(self, municipality: str) -> list[Recipient]:
        """See `Recipients`."""
        query = {"municipality": municipality, **TOLD}
        found = await self.find(query, lambda one: one.municipality == municipality and one.hears_alarms is not None)
        return sorted(found, key=lambda one: one.recipient_id)

    async def all_of(self, recipient_ids: Iterable[str]) -> Mapping[str, Recipient]:
        """See `Recipients`."""
        return await self.get_all(recipient_ids)


class KeptMessages(Store[Message]):
    """Messages in MongoDB."""

    collection = "messages"
    state = Message
    identity = "message_id"
    schema = 2
    upcasters: ClassVar[Mapping[int, Upcaster]] = {1: _in_clear}
    sealed = ("subject", "body")
    sealed_by = "recipient_id"
    indexes = (
        Index((("channel", 1), ("order", 1), ("due_at", 1)), where=OPEN),
        Index((("recipient_id", 1), ("channel", 1)), where={"begun": True}),
        Index((("recipient_id", 1), ("_id", 1))),
        Index((("municipality", 1), ("planned_at", -1), ("_id", -1))),
        Index((("municipality", 1), ("about_id", 1), ("planned_at", -1), ("_id", -1))),
    )

    async def all_of(self, message_ids: Iterable[str]) -> Mapping[str, Message]:
        """See `Messages`."""
        return await self.get_all(message_ids)

    async def due(self, channel: ChannelName, at: datetime, limit: int) -> list[Message]:
        """See `Messages`."""
        query = {"channel": channel.value, "due_at": {"$lte": at}}
        return await self.find(
            query,
            lambda one: one.channel is channel and one.due_at is not None and one.due_at <= at,
            sort=(("order", 1),),
            limit=limit,
        )

    async def begun_to(self, channel: ChannelName, recipient_ids: Iterable[str]) -> list[Message]:
        """See `Messages`."""
        wanted = set(recipient_ids)
        query = {"recipient_id": {"$in": sorted(wanted)}, "channel": channel.value, "begun": True}
        return await self.find(query, lambda one: one.begun and one.channel is channel and one.recipient_id in wanted)

    async def all_to(self, recipient_id: str) -> list[Message]:
        """See `Messages`."""
        return await self.find({"recipient_id": recipient_id}, lambda one: one.recipient_id == recipient_id)

    async def newest(
        self, municipality: str, about_id: str | None, after: tuple[Any, ...] | None, limit: int
    ) -> list[Message]:
        """See `Messages`."""
        about = {} if about_id is None else {"about_id": about_id}
        query: dict[str, Any] = {"municipality": municipality, **about, **beyond(after, "planned_at", "$lt")}
        return await self.page(query, sort=(("planned_at", -1), ("_id", -1)), limit=limit)


class KeptHandedBefores(Store[HandedBefore]):
    """What is known from before a restore, in MongoDB."""

    collection = "handed_before"
    state = HandedBefore
    identity = "message_id"

    async def all_of(self, message_ids: Iterable[str]) -> Mapping[str, HandedBefore]:
        """See `HandedBefores`."""
        return await self.get_all(message_ids)
