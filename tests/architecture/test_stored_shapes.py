"""What a store keeps changes its shape only with a new schema: an old instance would drop, or not know, what is new."""

import hashlib
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from pydantic import TypeAdapter

from shared.platform.store import Store
from tests.architecture.test_services import SERVICES
from tests.platform.counting_service import KeptWalks
from tests.platform.test_rollback import NewerWalks

KNOWN = Path(__file__).with_name("stored_shapes.txt")
WORDS = ("title", "description")


def test_what_is_kept_has_the_shape_that_its_schema_had_before() -> None:
    unknown = set(shapes()) - set(KNOWN.read_text().splitlines())
    assert not unknown, (
        f"Other members are kept than before. Give the store the next `schema` and `upcasters` (docs/operators.md, "
        f"Upgrade), then add to {KNOWN.name}, changing no line of a released schema: {sorted(unknown)}"
    )


def test_a_new_member_changes_the_shape() -> None:
    assert shape(KeptWalks) != shape(NewerWalks)


def shapes() -> Iterator[str]:
    """A line for each store of each service: what it keeps, its schema, and the hash of its shape."""
    for service in SERVICES:
        for store in stores_of(import_module(f"services.{service}.store")):
            yield f"{service}.{store.collection} {store.schema} {shape(store)}"


def stores_of(module: ModuleType) -> list[type[Store[Any]]]:
    """The stores of a module, or of all modules of a folder."""
    folder = getattr(module, "__path__", [])
    modules = [module, *(import_module(f"{module.__name__}.{one.name}") for one in iter_modules(folder))]
    named = [value for one in modules for value in vars(one).values()]
    return [one for one in named if isinstance(one, type) and issubclass(one, Store) and one is not Store]


def shape(store: type[Store[Any]]) -> str:
    """The hash of all members and their types, whatever their docstrings say and in whichever order they stand."""
    schema = TypeAdapter(store.state).json_schema(mode="serialization")
    return hashlib.sha256(json.dumps(bare(schema), sort_keys=True).encode()).hexdigest()[:16]


def bare(schema: Any) -> Any:
    """A JSON Schema without its words and without defaults; a member that is named like one of them stays."""
    if isinstance(schema, list):
        return sorted(map(bare, schema), key=repr)
    if not isinstance(schema, dict):
        return schema
    return {
        name: bare(inner)
        for name, inner in schema.items()
        if name != "default" and not (name in WORDS and isinstance(inner, str))
    }
