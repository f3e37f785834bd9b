"""Who hears what is read from the Bus of each service; a service that is still being written hears nothing."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from shared.platform import docs_listeners
from shared.platform.docs_listeners import listeners, services, unwritten


@dataclass
class FakeBus:
    heard: dict[str, dict[str, Any]] = field(default_factory=dict)


def given(monkeypatch: pytest.MonkeyPatch, **modules: object) -> None:
    def import_module(name: str) -> object:
        service = name.split(".")[1]
        if service not in modules:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        found = modules[service]
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(docs_listeners, "import_module", import_module)


def test_listeners_are_read_from_each_bus_in_the_order_of_the_services(monkeypatch: pytest.MonkeyPatch) -> None:
    notify = FakeBus({"intake.contacts.v1": {"a": print}, "routing.matters.v1": {"b": print}})
    routing = FakeBus({"intake.contacts.v1": {"a": print}})
    given(monkeypatch, notify=SimpleNamespace(bus=notify), routing=SimpleNamespace(bus=routing))
    assert listeners() == {"a": ("routing", "notify"), "b": ("notify",)}
    assert unwritten() == ("intake", "procurement")


def test_a_service_in_the_making_hears_nothing_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, intake=SimpleNamespace(), routing=ModuleNotFoundError(name="services.routing.store"))
    assert listeners() == {}
    assert set(unwritten()) == set(services())


def test_a_library_that_is_not_there_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, intake=ModuleNotFoundError("No module named 'stdnum'", name="stdnum"))
    with pytest.raises(ModuleNotFoundError, match="stdnum"):
        listeners()
