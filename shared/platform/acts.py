"""Which types a release acts on, as it stands in a position's row, and how far each has been heard.

{release: [0, 1, 0], types: [...], behind: [{type, next}], past: {run, next}}: `types` is what the release acts on. A
type in `behind` has been acted on only below its `next` (None: never): in `types` too it is being caught up, else a
release has dropped it. Catching up goes through the partition from its beginning, so that a repeat is known wherever it
lies; `past` is how far it has come, and each change of what is caught up is a new `run`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.platform.database import Document

Numbers = tuple[int, ...]
Behind = dict[str, int | None]


@dataclass(frozen=True, slots=True)
class Acts:
    """A release, and the types that it acts on, by topic."""

    release: Numbers = (0,)
    types: Mapping[str, frozenset[str]] = field(default_factory=dict)


def is_newer(row: Mapping[str, Any], release: Numbers, types: frozenset[str]) -> bool:
    """Whether a newer release stands here with another list: then the older one has nothing to do here."""
    return tuple(row.get("release", ())) > release and frozenset(row["types"]) != types


def adopted(row: Mapping[str, Any], release: Numbers, types: frozenset[str]) -> Document:
    """The members of a row once a release acts here.

    Nothing was passed by where nothing was heard. A row without a list is of a time before lists were kept: what is
    acted on now was acted on then.
    """
    ours: Document = {"release": list(release), "types": sorted(types)}
    if row.get("next") is None or "types" not in row:
        return ours | {"behind": [], "past": None}
    behind = _behind(row, types)
    chasing, before = behind.keys() & types, behind_of(row).keys() & set(row["types"])
    past = row.get("past")
    if chasing and (past is None or chasing != before):
        past = {"run": past["run"] + 1 if past else 1, "next": None}
    return ours | {"behind": listed(behind), "past": past}


def _behind(row: Mapping[str, Any], types: frozenset[str]) -> Behind:
    """What was never acted on, is being caught up, or is dropped now; not what is level with the others already."""
    stands, behind = row["next"], behind_of(row)
    for type_ in types.difference(row["types"]):
        behind.setdefault(type_, None)
    for type_ in set(row["types"]) - types:
        behind.setdefault(type_, stands)
    return {type_: at for type_, at in behind.items() if type_ not in types or at is None or at < stands}


def behind_of(row: Mapping[str, Any]) -> Behind:
    """The types that have been acted on only below an offset."""
    return {one["type"]: one["next"] for one in row.get("behind", ())}


def listed(behind: Behind) -> list[Document]:
    """The same as a row keeps it: types have dots, so that they can't be names of members."""
    return [{"type": type_, "next": at} for type_, at in sorted(behind.items())]


def acted_on_below(row: Mapping[str, Any], type_: str) -> int:
    """The offset below which some release has acted on a type, or has it among what is parked; 0 when none has."""
    behind = behind_of(row)
    if type_ in behind:
        return behind[type_] or 0
    return (row.get("next") or 0) if type_ in row.get("types", ()) else 0
