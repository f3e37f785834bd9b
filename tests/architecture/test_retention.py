"""Nothing is kept without a row in the retention plan that says for how long, and no row says what is not so."""

from collections.abc import Iterable
from datetime import date, timedelta

from services.intake.app import parts
from services.intake.attachments import WAITS_FOR_CONTACT
from services.intake.rules.retention import GROUPS
from services.intake.settings import Settings
from services.intake.store.datafiles import read_retention
from shared.platform.database import Collection
from shared.platform.settings import PlatformSettings
from shared.platform.vault import KEYS
from shared.platform.work import KEPT

PLAN = read_retention().all_in_force("1460", date(2026, 11, 24))


def collections() -> list[Collection]:
    shelf = parts(Settings(platform=PlatformSettings(environment="development"))).shelf
    return [*KEPT, KEYS, *(store.layout() for store in shelf.values())]


def owed(kept: Iterable[Collection]) -> list[str]:
    """A sentence for each collection without a row, and each row without a collection."""
    names, rows = {one.name for one in kept}, {kind.partition(".")[0] if kind in _parts() else kind for kind in PLAN}
    missing = [f"data/retention.json: a row is owed that says for how long {one} is kept." for one in names - rows]
    return sorted([*missing, *(f"data/retention.json: intake keeps no {one}." for one in rows - names)])


def _parts() -> set[str]:
    return {kind for kinds in GROUPS.values() for kind in kinds}


def test_every_collection_has_a_row() -> None:
    assert owed(collections()) == []


def test_a_collection_without_one_is_named_and_so_is_a_row_too_many() -> None:
    without = [one for one in collections() if one.name != "tallies"]
    assert owed([*without, Collection("secrets")]) == [
        "data/retention.json: a row is owed that says for how long secrets is kept.",
        "data/retention.json: intake keeps no tallies.",
    ]


def test_every_kind_that_runs_take_has_a_row() -> None:
    assert _parts() <= PLAN.keys()


def test_what_lets_go_by_itself_does_so_when_the_plan_says() -> None:
    told = {kind: timedelta(days=rule.days) for kind, rule in PLAN.items() if rule.fate == "expire" and rule.days}
    expiring = {
        one.name: timedelta(seconds=index.expires_after_seconds)
        for one in collections()
        for index in one.indexes
        if index.expires_after_seconds is not None
    }
    assert told == {**expiring, "uploads": WAITS_FOR_CONTACT}


def test_what_follows_follows_something_that_has_a_row() -> None:
    assert {rule.follows for rule in PLAN.values() if rule.follows} <= PLAN.keys()
