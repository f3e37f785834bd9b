"""An older release stands still before what a newer one has written, and can be gone back to until then."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pytest

from shared.platform.database import statement
from shared.platform.errors import Outdated
from shared.platform.parking import Decision
from shared.platform.release import go_back, hindrances
from shared.platform.store import Upcaster
from shared.platform.web.doors import Release
from tests.platform.counting_service import AT, Counting, KeptWalks, Walk, Walks, stepped
from tests.platform.test_timers import due, keep, timers
from tests.platform.test_upgrade import KNOWN, Two
from tests.platform.two_releases import danced, walked

A, B = "1460-a", "1460-b"
AGAIN = Decision("replayed", "anna", "it is mended")


@dataclass(frozen=True, slots=True)
class NewerWalk(Walk):
    """The newer release keeps how a walker walks."""

    pace: str = "slow"


class NewerWalks(KeptWalks):
    """It is in each document from schema 2 on."""

    state = NewerWalk
    schema = 2
    upcasters: ClassVar[Mapping[int, Upcaster]] = {1: lambda old: {**old, "pace": "unknown"}}

    async def at(self, pace: str) -> list[NewerWalk]:
        """Those who walk like this."""
        found = await self.find({"pace": pace}, lambda one: isinstance(one, NewerWalk) and one.pace == pace)
        return [one for one in found if isinstance(one, NewerWalk)]


def newer(service: Counting) -> Counting:
    """The same service in its next release, on the same database."""
    other = Counting(service.database)
    other.hearing.shelf = {Walks: NewerWalks}
    return other


async def test_a_batch_that_meets_a_newer_document_is_not_acted_on_and_nothing_is_parked() -> None:
    service = Counting()
    await keep(newer(service), NewerWalk("1460", B))
    with pytest.raises(Outdated, match="walks has documents of schema 2"):
        await service.hear(stepped(A, 1), stepped(B, 1))
    assert await service.rows("parked") == []
    assert await service.total(A) is None
    assert (await service.rows("walks", _id=B))[0]["pace"] == "slow"


async def test_a_promise_that_a_newer_document_makes_is_left_to_the_newer_release() -> None:
    service = Counting()
    await keep(newer(service), NewerWalk("1460", A, due_at=AT))
    await keep(service, due(B))
    with pytest.raises(Outdated):
        await timers(service).keep_due()
    assert await service.rows("parked") == []
    assert [row["total"] for row in await service.rows("walks")] == [0, 0]


async def test_what_is_parked_about_a_newer_document_waits_for_the_newer_release() -> None:
    service = Counting()
    await service.hear(stepped(A, 1, 5, "map"))
    await keep(newer(service), NewerWalk("1460", A))
    await service.wait(1)
    assert await service.parking.wake_due() == 1
    [row] = await service.rows("parked")
    assert (row["kind"], row["tries"]) == ("awaiting", 0)
    with pytest.raises(Outdated):
        await service.parking.decide("1460", row["_id"], AGAIN)


async def test_a_query_sees_old_documents_as_they_were_until_they_are_written_again() -> None:
    service = Counting()
    await keep(service, Walk("1460", A))
    walks = NewerWalks(service.database)
    assert await walks.at("unknown") == []
    assert (await walks.get(A)) == NewerWalk("1460", A, pace="unknown")
    await newer(service).hear(stepped(A, 1))
    assert [walk.walker for walk in await NewerWalks(service.database).at("unknown")] == [A]


async def test_going_back_is_possible_before_the_first_write_that_only_the_newer_one_can_read_and_not_after() -> None:
    two = Two()
    await two.heard_by_new(danced(A, 1), walked(A, 2))
    assert await hindrances(two.old.hearing, KNOWN) == []
    session = await two.database.session()
    async with session.transaction() as transaction:
        raised = statement({"_id": A}, {"$set": {"_schema": 2}})
        await transaction.update("diaries", [raised])
    assert await hindrances(two.old.hearing, KNOWN) == ["diaries has documents of a newer schema than 1: 1."]


async def test_an_event_that_the_older_catalogue_does_not_know_keeps_it_from_coming_back() -> None:
    service = Counting()
    await service.hear(stepped(A, 1))
    assert await hindrances(service.hearing, ["se.kommunkontakt.counting.counted.v1"]) == []
    [why] = await hindrances(service.hearing, [])
    assert "se.kommunkontakt.counting.counted.v1" in why


async def test_a_list_of_our_own_release_is_left_as_it_is() -> None:
    two = Two()
    await two.heard_by_old(walked(A, 1))
    before = await two.row()
    assert await go_back(two.old.hearing) == 0
    assert await two.row() == before


def test_releases_are_compared_as_numbers() -> None:
    assert Release("0.9.0", AT.date()).numbers < Release("0.10.0", AT.date()).numbers
