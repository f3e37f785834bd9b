"""From records to events: what a Kafka record says, or why it cannot be read. A record is never skipped."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from shared.contracts.event import Event
from shared.platform.cloudevents import Envelope, decode
from shared.platform.errors import NotAnEvent
from shared.platform.web.wording import validation

Headers = Sequence[tuple[str, bytes | None]]


class Record(NamedTuple):
    """One Kafka record, free of the client's own classes."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers

    @property
    def place(self) -> str:
        """Where it lies, for people."""
        return f"{self.topic}/{self.partition}/{self.offset}"

    @property
    def print(self) -> bytes:
        """What tells another event from the same one again, when both go by one source and id."""
        told = [(name, raw) for name, raw in self.headers if name.startswith("ce_") or name.lower() == "content-type"]
        return hashlib.sha256(repr((told, self.value)).encode()).digest()


def understand(record: Record, *, own: bool) -> tuple[Envelope, bytes | None]:
    """The envelope, and the data not yet read; NotAnEvent when a member that keeps our own order is missing too."""
    envelope, body = decode(record.headers, record.value)
    if own and None in (envelope.subject, envelope.municipality, envelope.sequence, envelope.epoch):
        _refuse_without_order(envelope)
    return envelope, body


def _refuse_without_order(envelope: Envelope) -> None:
    for name in ("subject", "municipality", "sequence", "epoch"):
        if getattr(envelope, name) is None:
            sv = f"En egen händelse har {name}."
            raise NotAnEvent(f"An event of ours carries {name}.", f"/headers/ce_{name}", sv)


def read_event(kind: type[Event], envelope: Envelope, body: bytes | None) -> Event:
    """The event itself; NotAnEvent with a pointer into the data when it breaks the contract, never with its values."""
    if kind.tombstone:
        if body is not None:
            raise NotAnEvent("An event that erases has no data.", "/data", "En händelse som raderar har inga data.")
        return _valid(kind.model_validate, from_envelope(kind, envelope))
    if body is None:
        raise NotAnEvent("The event has no data.", "/data", "Händelsen har inga data.")
    return _valid(kind.model_validate_json, body)


def from_envelope(kind: type[Event], envelope: Envelope) -> dict[str, str | None]:
    """The members of a tombstone: the envelope tells them."""
    return {"municipality": envelope.municipality, kind.about: envelope.subject}


def _valid(read: Callable[[Any], Event], data: object) -> Event:
    try:
        return read(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = "/data" + "".join(f"/{_escaped(part)}" for part in first["loc"])
        sv, en = (validation(first["type"], first.get("ctx", {}), language) for language in ("sv", "en"))
        raise NotAnEvent(en, where, sv) from None


def _escaped(part: str | int) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
