"""A unit of work: what one batch, one request or one due moment changes, decided in memory and written at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, is_dataclass
from functools import cache
from typing import Any, get_type_hints

from shared.contracts.event import Event
from shared.platform.database import Document, Reads, Transaction, Write, statement
from shared.platform.errors import LostRace, TryAgain, Unwritable
from shared.platform.outbox import JOURNAL, OUTBOX, Cause, Voice, spoken
from shared.platform.store import Kept, Store
from shared.platform.traces import UNTRACED, Trail
from shared.platform.vault import Keyring, Vault

Shelf = Mapping[type[Any], type[Store[Any]]]
"""Which store keeps what a handler asks for: the Protocol in domain words -> the store."""

Provided = Mapping[type[Any], Any]
"""What a service gives its handlers beside stores: rules, makers of ids."""


@dataclass(slots=True)
class Said:
    """One event that will be said when the unit is written."""

    kept: Kept[Any]
    event: Event
    cause: Cause


class Unit:
    """Stores that see each other's changes, and what is to be said.

    `reads` is the database, or an open transaction on a second try. Nothing is written before `write`.
    """

    def __init__(
        self, reads: Reads, shelf: Shelf, provided: Provided, voice: Voice, vault: Vault, trail: Trail = UNTRACED
    ) -> None:
        self.reads, self.voice, self.trail = reads, voice, trail
        self._shelf, self._provided, self._vault = shelf, provided, vault
        self._keys: Keyring | None = None
        self.arguments: dict[Any, list[Any]] = {}
        """Handlers' arguments that stay the same throughout the unit."""
        self._stores: dict[type[Any], Store[Any]] = {}
        self._by_class: dict[type[Store[Any]], Store[Any]] = {}
        self.says: list[Said] = []
        self.extra: list[Document] = []
        """Outbox documents of the platform's own: rejections, and that something was parked."""

    def given(self, kind: type[Any]) -> Any:
        """What a function that asks for this kind gets: a store, what the service provides, or a dataclass of those."""
        if kind in self._shelf:
            return self.store(kind)
        if kind in self._provided or not is_dataclass(kind):
            return self._provided[kind]
        return kind(**{name: self.given(member) for name, member in _members(kind).items()})

    def store(self, kind: type[Any]) -> Store[Any]:
        """The store for a kind; the same one each time, also when two kinds name it."""
        store = self._stores.get(kind)
        if store is None:
            made = self._shelf[kind]
            store = self._by_class.get(made)
            if store is None:
                store = self._by_class[made] = made(self.reads, self.keys if made.sealed else None)
            self._stores[kind] = store
        return store

    @property
    def keys(self) -> Keyring:
        """The keys of what this unit reads and writes sealed."""
        if self._keys is None:
            self._keys = Keyring(self._vault, self.reads)
        return self._keys

    async def load_keys(self, wanted: Mapping[type[Any], Iterable[str]]) -> None:
        """Fetch, in one query, the keys of the aggregates of each kind that seal with keys of their own."""
        made = {kind: self._shelf[kind] for kind in wanted if kind in self._shelf}
        own = [kind for kind, store in made.items() if store.sealed and store.sealed_by == store.identity]
        if own:
            await self.keys.load(owner for kind in own for owner in wanted[kind])

    def merge(self, cause: Cause) -> None:
        """What the handler staged counts from now on."""
        if self._keys is not None:
            self._keys.merge()
        for store in self._by_class.values():
            for kept, event in store.merge():
                self.says.append(Said(kept, event, cause))

    def discard(self) -> None:
        """What the handler staged never happened."""
        if self._keys is not None:
            self._keys.discard()
        for store in self._by_class.values():
            store.discard()

    def touched(self) -> dict[str, list[str]]:
        """Collection -> ids that this unit has looked at."""
        return {store.collection: ids for store in self._by_class.values() if (ids := store.touched())}

    async def write(self, transaction: Transaction, *first: Write) -> None:
        """Keys, state, outbox and journal, in that order, after what is to be written `first`.

        Raises LostRace when an aggregate, or what is to be written first, has moved on.
        """
        try:
            if self._keys is not None:
                await self._keys.load(owner for store in self._by_class.values() for owner in store.owners())
            outbox, journal = self._spoken()
            changed = [Write(store.collection, matching=store.statements()) for store in self._by_class.values()]
            dropped = [(store.collection, *one) for store in self._by_class.values() for one in store.dropped()]
        except (TryAgain, LostRace):
            raise
        except Exception as error:
            raise Unwritable(f"what was decided cannot be written ({type(error).__name__})") from error
        if self._keys is not None:
            await self._keys.delete(transaction)
            changed.insert(0, self._keys.made)
        said = Write(OUTBOX.name, new=[*outbox, *self.extra]), Write(JOURNAL.name, new=journal)
        await transaction.write([*first, *changed, *said])
        for collection, aggregate_id, version in dropped:
            await delete_matching(transaction, collection, aggregate_id, version)

    def _spoken(self) -> tuple[list[Document], list[Document]]:
        outbox, journal = [], []
        for said in self.says:
            state = said.kept.state
            out, written = spoken(said.kept, said.event, self.voice, said.cause, state.municipality)
            outbox.append(out)
            journal.append(written)
        return outbox, journal


@cache
def _members(kind: type[Any]) -> Mapping[str, Any]:
    """What a dataclass is made of; read once, since each command asks for one anew."""
    return get_type_hints(kind)


async def write_matching(transaction: Transaction, collection: str, statements: list[Document]) -> None:
    """Run statements that must all match; LostRace when one does not."""
    await transaction.write([Write(collection, matching=statements)])


async def delete_matching(transaction: Transaction, collection: str, aggregate_id: str, version: int) -> None:
    """Delete an aggregate as it was read; LostRace when it has changed since."""
    if await transaction.delete(collection, {"_id": aggregate_id, "_v": version}) != 1:
        raise LostRace(f"{collection} has moved on")


async def lock(transaction: Transaction, touched: Mapping[str, list[str]]) -> None:
    """Take the write locks of what a lost race looked at, before it is read again."""
    for collection, ids in touched.items():
        await transaction.update(collection, [statement({"_id": {"$in": ids}}, {"$inc": {"_l": 1}}, multi=True)])
