"""What was answered under an idempotency key: the same request again gets the same answer, and changes nothing."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel

from shared.contracts.refusal import Invalid, Refused
from shared.platform.database import Collection, Document, Index, Reads
from shared.platform.secrets import BrokenSeal, Seal

REQUESTS = Collection("requests", (Index((("at", 1),), expires_after_seconds=30 * 86_400),))
"""Answers given under an idempotency key, kept for 30 days, sealed: they say what callers said."""
PRINT_LETTERS = 64

KEY_USED = (
    "Nyckeln har redan använts till en annan begäran.",
    "The key has been used for another request.",
)
UNREADABLE = (
    "Begäran är redan utförd, men svaret kan inte läsas längre.",
    "The request was carried out before, but its answer can no longer be read.",
)

Answer = TypeVar("Answer", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Once:
    """An idempotency key as one caller uses it at one door, and what was asked under it."""

    municipality: str
    caller: str
    door: str
    key: str
    asked: str

    @classmethod
    def under(cls, key: str | None, municipality: str, caller: str, door: str, asked: BaseModel) -> "Once | None":
        """The key as this caller uses it at this door; None without a key."""
        return None if key is None else cls(municipality, caller, door, key, asked.model_dump_json())

    @property
    def id(self) -> str:
        """The row's id: a hash, since clients make keys of what callers said."""
        named = json.dumps((self.municipality, self.caller, self.door, self.key), ensure_ascii=False)
        return hashlib.sha256(named.encode()).hexdigest()

    @property
    def print(self) -> str:
        """What tells another request under the same key from the same request again."""
        return hashlib.sha256(self.asked.encode()).hexdigest()


@dataclass(slots=True)
class Known:
    """The answers under the keys of a batch: those given before, and those that it gives."""

    seal: Seal
    rows: dict[str, Document]
    new: list[Document] = field(default_factory=list)

    @classmethod
    async def of(cls, reads: Reads, wanted: Iterable[Once | None], seal: Seal) -> "Known":
        """What was answered before."""
        keys = [once.id for once in wanted if once is not None]
        query = {"_id": keys[0] if len(keys) == 1 else {"$in": keys}}
        found = await reads.find(REQUESTS.name, query) if keys else []
        return cls(seal, {row["_id"]: row for row in found})

    def answer(self, once: Once | None, model: type[Answer]) -> Answer | None:
        """What was answered under this key; Invalid when something else was asked under it."""
        row = None if once is None else self.rows.get(once.id)
        if row is None or once is None:
            return None
        told = self._opened(row)
        if told[:PRINT_LETTERS] != once.print:
            raise Invalid("idempotency-key-used", *KEY_USED, "/header/Idempotency-Key")
        return model.model_validate_json(told[PRINT_LETTERS:])

    def note(self, once: Once, answer: BaseModel, at: datetime) -> None:
        """This is the answer under that key from now on."""
        told = f"{once.print}{answer.model_dump_json()}".encode()
        row = {"_id": once.id, "sealed": self.seal.seal(told, _place(once.id)), "at": at}
        self.rows[once.id] = row
        self.new.append(row)

    def _opened(self, row: Document) -> str:
        try:
            return self.seal.unseal(row["sealed"], _place(row["_id"])).decode()
        except BrokenSeal:  # the service's secret is another since
            raise Refused("answer-unreadable", *UNREADABLE) from None


def _place(once_id: str) -> str:
    return f"{REQUESTS.name} {once_id}"
