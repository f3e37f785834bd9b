"""A wrong inbound event may be put right under its own source and id: judged anew, once, and closed in quarantine."""

import pytest

from shared.contracts.refusal import Refused
from shared.platform.memory import MemoryDatabase
from shared.platform.parking import Decision
from tests.platform.counting_service import Counting
from tests.platform.test_parking import heal, told
from tests.platform.test_pipeline_promises import A, inbound, mapped

INBOX = "inbox.watch.v1"
AGAIN = Decision("replayed", "anna", "it is mended")
NEVER = Decision("discarded", "anna", "it was a mistake")


async def open_rows(service: Counting) -> list[str]:
    return [row["_id"] for row in await service.rows("parked", open=True)]


async def outcomes(service: Counting) -> list[str | None]:
    return [row.get("outcome") for row in await service.rows("parked")]


@pytest.mark.parametrize("together", [True, False])
async def test_a_corrected_event_is_acted_on_and_closes_what_was_rejected(together: bool) -> None:
    service = Counting()
    bad, good = inbound("1", steps="many"), inbound("1", steps=7)
    if together:
        await service.hear(bad, good, good, bad)
    else:
        for record in (bad, good, good, bad):
            await service.hear(record)
    assert await service.total(A) == 7
    assert await outcomes(service) == ["corrected"]
    assert len(await told(service, "rejections")) == 1
    with pytest.raises(Refused, match="decided before"):
        await service.parking.decide("1460", f"{INBOX}.0.0", AGAIN)


@pytest.mark.parametrize("together", [True, False])
async def test_the_same_wrong_event_again_is_told_once(together: bool) -> None:
    service = Counting()
    bad = inbound("1", steps="many")
    for records in [[bad, bad, bad]] if together else [[bad], [bad], [bad]]:
        await service.hear(*records)
    assert len(await told(service, "rejections")) == 1
    assert await open_rows(service) == [f"{INBOX}.0.0"]


async def test_a_correction_that_is_wrong_too_is_told_and_takes_the_place_of_the_first() -> None:
    service = Counting()
    await service.hear(inbound("1", steps="many"))
    await service.hear(inbound("1", steps="some"), inbound("1", steps="some"))
    assert len(await told(service, "rejections")) == 2
    assert await open_rows(service) == [f"{INBOX}.0.1"]
    await service.hear(inbound("1", steps=2))
    assert await service.total(A) == 2
    assert await open_rows(service) == []


async def test_what_was_no_event_at_all_is_told_once_and_can_be_corrected() -> None:
    service = Counting()
    good = inbound("1", steps=3)
    bad = good._replace(headers=[*good.headers, ("ce_time", b"noon")])
    await service.hear(bad, bad)
    assert len(await told(service, "rejections")) == 1
    await service.hear(good, bad)
    assert await service.total(A) == 3
    assert await outcomes(service) == ["corrected"]


async def test_a_discarded_event_can_be_corrected_but_not_sent_again_as_it_was() -> None:
    service = Counting()
    bad = inbound("1", steps="many")
    await service.hear(bad)
    await service.parking.decide("1460", f"{INBOX}.0.0", NEVER)
    await service.hear(bad, inbound("1", steps=4), inbound("1", steps=5))
    assert await service.total(A) == 4
    assert await outcomes(service) == ["discarded"]


async def test_what_a_person_has_replayed_is_taken_and_needs_no_correction() -> None:
    service = Counting()
    await service.hear(inbound("1", trouble="no"))
    heal(service)
    await service.parking.decide("1460", f"{INBOX}.0.0", AGAIN)
    await service.hear(inbound("1", steps=5))
    assert await service.total(A) == 1


async def test_an_event_that_waits_is_not_corrected_from_behind() -> None:
    service = Counting()
    await service.hear(inbound("1", trouble="map"), inbound("1", steps=5))
    await service.hear(mapped(A))
    await service.parking.wake([A])
    assert await service.total(A) == 1


async def test_an_event_that_is_rejected_after_it_has_waited_can_be_corrected() -> None:
    service = Counting()
    await service.hear(inbound("1", trouble="map"), inbound("2", trouble="no"))
    await service.hear(mapped(A))
    await service.parking.wake([A])
    assert len(await told(service, "rejections")) == 1
    await service.hear(inbound("2", steps=5))
    assert await service.total(A) == 6


async def test_a_correction_and_a_replay_at_the_same_moment_are_not_both_acted_on() -> None:
    class Racing(MemoryDatabase):
        """Lets a person replay while the first batch that asks for what was heard decides."""

        racing = False

        async def find(self, collection, query, *, sort=(), limit=0):  # type: ignore[no-untyped-def]
            found = await super().find(collection, query, sort=sort, limit=limit)
            if self.racing and collection == "inbound":
                self.racing = False
                await service.parking.decide("1460", f"{INBOX}.0.0", AGAIN)
            return found

    database = Racing()
    service = Counting(database)
    await service.hear(inbound("1", trouble="no"))
    heal(service)
    database.racing = True
    await service.hear(inbound("1", steps=5))
    assert await service.total(A) == 1
    assert await outcomes(service) == ["replayed"]
