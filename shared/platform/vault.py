"""The vault: members of what is kept that only their owner's key opens, so that deleting the key erases them.

Each owner (a party, a contact) has a data key of its own in the collection `keys`, wrapped by the master key of the
service's settings. A sealed member is its key's print and what `Lock` makes of it, bound to collection, id and name.
What was sealed with a key that is gone reads as None, also when the owner has got a new one since.
"""

import hashlib
import hmac
import json
from base64 import b32encode
from collections.abc import Callable, Iterable, Sequence, Set
from typing import Any

from shared.platform.database import Collection, Document, Reads, Transaction, Write
from shared.platform.errors import TryAgain
from shared.platform.secrets import Lock, Seal, derived_key

KEYS = Collection("keys")
KEY_BYTES, PRINT_BYTES = 32, 4
FOUND_BY_BYTES = 10


class DataKey(Lock):
    """The key of one owner; its print tells which key sealed what."""

    def __init__(self, key: bytes, nonces: Callable[[int], bytes]) -> None:
        super().__init__(key, nonces)
        self.print = hashlib.sha256(b"print of a data key" + key).digest()[:PRINT_BYTES]


class Vault:
    """Wraps data keys with the first of the master keys, and unwraps what any of them has wrapped.

    `random(n)` gives n random bytes, `os.urandom` outside tests.
    """

    def __init__(self, masters: Sequence[str], random: Callable[[int], bytes]) -> None:
        self._masters = {master_id(one): Seal(one, "data key", random) for one in masters}
        self.current, self.random = master_id(masters[0]), random

    def wrapped(self, owner: str, key: bytes) -> Document:
        """The row of `keys` that keeps an owner's key."""
        return {"_id": owner, "master": self.current, "key": self._masters[self.current].seal(key, owner)}

    def unwrapped(self, row: Document) -> bytes:
        """The key that a row keeps; TryAgain when it waits for a master key that we were not given."""
        master = self._masters.get(row["master"])
        if master is None:
            raise TryAgain(f"data keys are wrapped by the master key {row['master']}, which is not set here")
        return master.unseal(row["key"], row["_id"])


class Keyring:
    """The data keys that one unit of work has read or made: it is forgotten with the unit."""

    def __init__(self, vault: Vault, reads: Reads) -> None:
        self._vault, self._reads = vault, reads
        self._keys: dict[str, DataKey | None] = {}
        self._new: dict[str, Document] = {}
        self._staged: set[str] = set()
        self._forgotten: set[str] = set()

    async def load(self, owners: Iterable[str]) -> None:
        """Fetch the keys that are not in memory, in one query."""
        await self._fetch(set(owners).difference(self._keys))

    async def _fetch(self, owners: Set[str]) -> None:
        if not owners:
            return
        rows = await self._reads.find(KEYS.name, {"_id": {"$in": sorted(owners)}})
        found = {row["_id"]: self._made(self._vault.unwrapped(row)) for row in rows}
        self._keys.update({owner: found.get(owner) for owner in owners})

    async def open(self, collection: str, owner: str, documents: Sequence[Document]) -> None:
        """Open all that is sealed in documents; `owner` is the member that says whose key it was.

        A key that we looked for before a document was read may have been made since, with the document: what does not
        open is forgotten only when there is no key for it now.
        """
        sealed = [(document, names) for document in documents if (names := sealed_in(document))]
        await self.load(document[owner] for document, _ in sealed)
        closed = {document[owner] for document, names in sealed if not self._opens(document, owner, names)}
        await self._fetch(closed - self._new.keys() - self._forgotten - self._staged)
        for document, names in sealed:
            for name in names:
                place = _place(collection, document["_id"], name)
                document[name] = self._opened(document[owner], place, document[name])

    def seal(self, collection: str, owner: str, document: Document, names: Iterable[str]) -> None:
        """Seal these members of a document whose owner's key was looked for; an owner without one gets a new one."""
        for name in names:
            if document[name] is not None:
                key = self._keys[document[owner]] or self._new_key(document[owner])
                plain = json.dumps(document[name], ensure_ascii=False).encode()
                document[name] = key.print + key.seal(plain, _place(collection, document["_id"], name))

    def forget(self, owner: str) -> None:
        """Delete an owner's key with this unit, so that nothing sealed with it will open again."""
        self._staged.add(owner)

    def merge(self) -> None:
        """What was staged counts."""
        self._forgotten |= self._staged
        self._keys.update(dict.fromkeys(self._staged))
        self._staged.clear()

    def discard(self) -> None:
        """What was staged never happened."""
        self._staged.clear()

    async def delete(self, transaction: Transaction) -> None:
        """What was forgotten goes."""
        if self._forgotten:
            await transaction.delete(KEYS.name, {"_id": {"$in": sorted(self._forgotten)}})

    @property
    def made(self) -> Write:
        """What is new comes; LostRace when somebody else has made the same owner's key."""
        return Write(KEYS.name, new=list(self._new.values()))

    def _made(self, key: bytes) -> DataKey:
        return DataKey(key, self._vault.random)

    def _new_key(self, owner: str) -> DataKey:
        key = self._vault.random(KEY_BYTES)
        self._new[owner] = self._vault.wrapped(owner, key)
        made = self._keys[owner] = self._made(key)
        return made

    def _opens(self, document: Document, owner: str, names: Iterable[str]) -> bool:
        key = self._keys[document[owner]]
        return key is not None and all(document[name][:PRINT_BYTES] == key.print for name in names)

    def _opened(self, owner: str, place: str, sealed: bytes) -> Any:
        key = self._keys[owner]
        if key is None or sealed[:PRINT_BYTES] != key.print:
            return None
        return json.loads(key.unseal(sealed[PRINT_BYTES:], place))


class Prints:
    """Keyed hashes by which what is sealed can be found: the same text gives the same print, and tells nothing.

    The secret is one that never changes: prints of another would find nothing that is kept.
    """

    def __init__(self, secret: str) -> None:
        self._key = derived_key(secret, "prints")

    def of(self, purpose: str, text: str) -> str:
        """16 letters and digits; texts of different purposes (a phone number, a word) do not meet."""
        mac = hmac.digest(self._key, f"{purpose}\x00{text}".encode(), "sha256")
        return b32encode(mac[:FOUND_BY_BYTES]).decode().lower()


def sealed_in(document: Document) -> list[str]:
    """The members of a document that are sealed: what we keep has no bytes else, but for the store's own members."""
    return [name for name, value in document.items() if isinstance(value, bytes) and not name.startswith("_")]


def master_id(master: str) -> str:
    """By which a master key is named in rows and to operators: eight digits that tell nothing of it."""
    return derived_key(master, "name of a master key").hex()[:8]


def _place(collection: str, document_id: str, member: str) -> str:
    return f"{collection}|{document_id}|{member}"
