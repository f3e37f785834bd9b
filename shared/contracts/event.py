"""What every event is: a frozen pydantic model that knows its stream, its type and what it is about."""

import re
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from shared.contracts.streams import Stream


class Event(BaseModel):
    """One fact that was said. Readers ignore members they do not know.

    Declared as `class ContactRegistered(Event, stream=INTAKE_CONTACTS, about="contact_id")`. `type` follows from the
    stream's owner and the class's name: `se.kommunkontakt.intake.contact-registered.v1`. `about` names the member that
    holds the aggregate's id: the CloudEvents subject and the Kafka key. `unheard` says why nobody here listens.
    A `tombstone` has no data on the wire, so that Kafka forgets what a compacted stream has said of its subject; its
    only members, municipality and id, are read from the envelope.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    stream: ClassVar[Stream]
    type: ClassVar[str] = ""
    about: ClassVar[str] = ""
    unheard: ClassVar[str | None] = None
    tombstone: ClassVar[bool] = False

    def __init_subclass__(
        cls,
        stream: Stream | None = None,
        about: str = "",
        version: int = 1,
        unheard: str | None = None,
        tombstone: bool = False,
        **others: Any,
    ) -> None:
        """Give the class its place in the catalogue."""
        super().__init_subclass__(**others)
        if stream is None:
            return
        cls.stream, cls.about, cls.unheard, cls.tombstone = stream, about, unheard, tombstone
        cls.type = f"se.kommunkontakt.{stream.owner}.{_kebab(cls.__name__)}.v{version}"

    @property
    def subject(self) -> str:
        """The id of the aggregate that this event is about."""
        return str(getattr(self, self.about))


class Part(BaseModel):
    """A piece of an event: a company, a person, a place."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def _kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()
