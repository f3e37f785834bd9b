"""An identity map over one collection: what was read or saved in a unit of work is there once, and frozen."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, TypeVar, get_args, get_type_hints

from pydantic import TypeAdapter

from shared.contracts.event import Event
from shared.platform.database import Collection, Document, Index, Query, Reads, Sort, statement
from shared.platform.errors import Outdated
from shared.platform.vault import Keyring

State = TypeVar("State")
Upcaster = Callable[[Document], Document]


@dataclass(slots=True)
class Kept(Generic[State]):
    """One aggregate as the database has it: `said` counts events per topic, `chain` is the journal's last hash."""

    id: str
    state: State
    version: int
    said: dict[str, int]
    chain: bytes
    changed: bool = False
    dropped: bool = False


class Store(Generic[State]):
    """`get`, `find` and `save` frozen states of one kind. A subclass names its collection and asks in domain words.

    `state` is a frozen dataclass with `municipality` and the member that `identity` names; a member `due_at` (aware UTC
    or None) is when something may have to happen. `upcasters[n]` turns a document of schema n into one of schema n+1
    when it is read: until it is written again, the database, and so a query, sees it as it was.

    Members that are `sealed` open with one key only: the state's own, or that of whom its member `sealed_by` names. No
    query sees them, and they are None once the key was forgotten (`forget`).
    """

    collection: ClassVar[str]
    state: ClassVar[type[Any]]
    identity: ClassVar[str]
    schema: ClassVar[int] = 1
    upcasters: ClassVar[Mapping[int, Upcaster]] = {}
    indexes: ClassVar[Sequence[Index]] = ()
    sealed: ClassVar[Sequence[str]] = ()
    sealed_by: ClassVar[str] = ""
    _adapter: ClassVar[TypeAdapter[Any]]
    _timed: ClassVar[bool]
    _moments: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls, **others: Any) -> None:
        """Make the translator between states and documents once."""
        super().__init_subclass__(**others)
        if "state" in cls.__dict__:
            cls._adapter = TypeAdapter(cls.state)
            cls._timed = "due_at" in cls.state.__dataclass_fields__
            hints = get_type_hints(cls.state)
            cls._moments = tuple(name for name, hint in hints.items() if hint in (datetime, datetime | None))
            cls.sealed_by = cls.sealed_by or cls.identity
            if not all(type(None) in get_args(hints[name]) for name in cls.sealed):
                raise TypeError(f"what {cls.collection} seals must be allowed to be None")

    def __init__(self, reads: Reads, keys: Keyring | None = None) -> None:
        self._reads, self._keys = reads, keys
        self._kept: dict[str, Kept[State]] = {}
        self._absent: set[str] = set()
        self._asked: set[str] = set()
        self._staged: dict[str, State | None] = {}
        self._says: list[tuple[str, Event]] = []

    @classmethod
    def timed(cls) -> bool:
        """Whether its states have a moment at which something may have to happen."""
        return cls._timed

    @classmethod
    def layout(cls) -> Collection:
        """The collection with its indexes; a kind that has times gets one for what is due."""
        due = (Index((("due_at", 1),), where={"due_at": {"$exists": True}}),) if cls._timed else ()
        return Collection(cls.collection, (*cls.indexes, *due))

    async def get(self, aggregate_id: str) -> State | None:
        """The state as this unit of work sees it, or None when there is none."""
        if aggregate_id in self._staged:
            return self._staged[aggregate_id]
        kept = self._kept.get(aggregate_id)
        if kept is None and aggregate_id not in self._absent:
            await self.load([aggregate_id])
            kept = self._kept.get(aggregate_id)
        return None if kept is None or kept.dropped else kept.state

    async def get_all(self, aggregate_ids: Iterable[str]) -> dict[str, State]:
        """Those of these that there are, by id, in one query."""
        ids = sorted(set(aggregate_ids))
        await self.load(ids)
        found = {one: await self.get(one) for one in ids}
        return {one: state for one, state in found.items() if state is not None}

    def save(self, state: State, says: Sequence[Event] = ()) -> None:
        """Stage a new state and what is said of it; it counts once the handler has returned.

        ValueError: the id does not begin with its municipality, or an event is about another aggregate.
        """
        aggregate_id = getattr(state, self.identity)
        if not aggregate_id.startswith(state.municipality):  # type: ignore[attr-defined]
            raise ValueError("an aggregate's id begins with its municipality")
        self._staged[aggregate_id] = state
        for event in says:
            if event.subject != aggregate_id:
                raise ValueError("an event is said of the aggregate that is saved")
            self._says.append((aggregate_id, event))

    def new(self, state: State) -> Document:
        """The document of a state that is written by itself, and of which nothing is said."""
        return self._document(Kept(getattr(state, self.identity), state, 0, {}, b""))

    def drop(self, aggregate_id: str) -> None:
        """Stage that an aggregate, which was read here, is kept no more.

        ValueError when something was said of it: others have heard of it, and its sequence must go on.
        """
        if self._kept[aggregate_id].said:
            raise ValueError("what others have heard of is not dropped")
        self._staged[aggregate_id] = None

    async def find(
        self, query: Query, matches: Callable[[State], bool], *, sort: Sort = (), limit: int = 0
    ) -> list[State]:
        """What the database finds, corrected by what this unit has changed; `matches` says the query in Python.

        The same query is asked of the database once a unit of work: the second time its answer is in memory.
        """
        asked = repr((query, sort, limit))
        if asked not in self._asked:
            for document in await self._found(query, sort, limit):
                self._remember(document)
            self._asked.add(asked)
        return [state for state in self._seen() if matches(state)]

    async def page(self, query: Query, *, sort: Sort, limit: int) -> list[State]:
        """A page in the database's own order, for lists at a door: what this unit has changed is not in it."""
        return [self._read(found) for found in await self._found(query, sort, limit)]

    async def load(self, aggregate_ids: Iterable[str]) -> None:
        """Fetch what is not in memory in one query."""
        missing = [one for one in aggregate_ids if one not in self._kept and one not in self._absent]
        if not missing:
            return
        found = await self._found({"_id": {"$in": missing}})
        self._absent.update(set(missing).difference(document["_id"] for document in found))
        for document in found:
            self._remember(document)

    def emptied(self, state: State, /) -> State:
        """The state without what is sealed: what a forgotten key must not leave behind under a new one."""
        return replace(state, **dict.fromkeys(self.sealed))  # type: ignore[type-var]

    def forget(self, owner: str, /) -> None:
        """Delete the key of a state, or of whom states are `sealed_by`: what it sealed, in any store, is gone."""
        self._ring.forget(owner)

    def merge(self) -> Sequence[tuple[Kept[State], Event]]:
        """Make what was staged count, and return what is to be said of it."""
        if not self._staged:
            return ()
        for aggregate_id, state in self._staged.items():
            self._change(aggregate_id, state)
        said = [(self._kept[aggregate_id], event) for aggregate_id, event in self._says]
        self._staged.clear()
        self._says.clear()
        return said

    def discard(self) -> None:
        """Forget what was staged."""
        self._staged.clear()
        self._says.clear()

    @property
    def staged(self) -> bool:
        """Whether something waits for merge or discard."""
        return bool(self._staged)

    def touched(self) -> list[str]:
        """The ids of all that this unit has read or changed here: what a second try locks first."""
        return [*self._kept, *self._absent.difference(self._kept)]

    def owners(self) -> Iterator[str]:
        """Whose keys are needed to seal what has changed."""
        for kept in self._kept.values():
            if kept.changed and any(getattr(kept.state, name) is not None for name in self.sealed):
                yield getattr(kept.state, self.sealed_by)

    def statements(self) -> list[Document]:
        """One update statement for each changed aggregate; it matches only the version that was read."""
        return [
            statement({"_id": kept.id, "_v": kept.version}, self._document(kept), upsert=kept.version == 0)
            for kept in self._kept.values()
            if kept.changed and not kept.dropped
        ]

    @property
    def _ring(self) -> Keyring:
        if self._keys is None:
            raise RuntimeError(f"{self.collection} seals members, and was given no keys")
        return self._keys

    async def _found(self, query: Query, sort: Sort = (), limit: int = 0) -> list[Document]:
        found = await self._reads.find(self.collection, query, sort=sort, limit=limit)
        if self.sealed:
            await self._ring.open(self.collection, self.sealed_by, found)
        return found

    def dropped(self) -> list[tuple[str, int]]:
        """The ids of what is kept no more, and the versions in which it was read."""
        return [(kept.id, kept.version) for kept in self._kept.values() if kept.dropped]

    def _seen(self) -> Iterator[State]:
        for aggregate_id, kept in self._kept.items():
            state = self._staged.get(aggregate_id, None if kept.dropped else kept.state)
            if state is not None:
                yield state
        for aggregate_id, state in self._staged.items():
            if state is not None and aggregate_id not in self._kept:
                yield state

    def _change(self, aggregate_id: str, state: State | None) -> None:
        kept = self._kept.get(aggregate_id)
        if kept is None and state is not None:
            self._kept[aggregate_id] = Kept(aggregate_id, state, 0, {}, b"", changed=True)
        elif kept is not None:
            kept.state, kept.changed, kept.dropped = state or kept.state, True, state is None

    def _remember(self, document: Document) -> None:
        key = document["_id"]
        if key not in self._kept:
            chain = bytes(document["_chain"])
            self._kept[key] = Kept(key, self._read(document), document["_v"], document["_said"], chain)

    def _read(self, document: Document) -> State:
        if document["_schema"] > self.schema:  # what we do not know of it would be lost when it is written
            raise Outdated(f"{self.collection} has documents of schema {document['_schema']}")
        for schema in range(document["_schema"], self.schema):
            document = self.upcasters[schema](document)
        if self._timed:
            document.setdefault(
                "due_at", None
            )  # an aggregate that waits for nothing is not in the index of what is due
        state: State = self._adapter.validate_python(document)
        return state

    def _document(self, kept: Kept[State]) -> Document:
        document: Document = self._adapter.dump_python(kept.state, mode="json")
        for name in self._moments:
            document[name] = kept_moment(getattr(kept.state, name))
        if self._timed:
            due_at = kept.state.due_at  # type: ignore[attr-defined]
            if due_at is None:
                document.pop("due_at", None)
            else:
                document["due_at"] = due_at
        document["_id"] = kept.id
        document["_v"] = kept.version + 1
        document["_schema"] = self.schema
        document["_said"] = kept.said
        document["_chain"] = kept.chain
        if self.sealed:
            self._ring.seal(self.collection, self.sealed_by, document, self.sealed)
        return document


def kept_moment(at: datetime | None) -> str | None:
    """A moment as documents keep it: in UTC with microseconds, so that text sorts as time does."""
    if at is None:
        return None
    return (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat(timespec="microseconds")
