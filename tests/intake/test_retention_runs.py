"""A day's run takes exactly what could be seen of it, as by a person's decision, once, whoever is killed meanwhile."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.intake import erasing
from services.intake.model.company_change import CompanyChange
from services.intake.model.follow_up import FollowUp
from services.intake.model.party import Party
from services.intake.retention import job as jobs
from services.intake.retention import taking
from services.intake.retention.job import RetentionJob
from services.intake.retention.looking import Look
from services.intake.store.company_changes import CompanyChanges
from services.intake.store.follow_ups import FollowUps
from services.intake.store.parties import Parties
from shared.platform.errors import TryAgain
from tests.intake.by_plan import DECISION, ByPlan, planned, row
from tests.intake.settled import AT, opened
from tests.intake.test_disposal import everything, keys
from tests.waiting import until

COMPANY = {"company": {"organisation_number": "556016-0680", "name": "Glasverkstaden AB"}}
DUE, GOES = date(2027, 11, 25), date(2027, 12, 25)
BECAUSE = {"reason": "Beslutet är överklagat."}


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[ByPlan]:
    async with ByPlan(data_dir=planned(tmp_path)) as doors:
        yield doors


async def test_what_is_due_is_announced_and_goes_when_it_could_be_seen_for_as_long_as_the_plan_says(
    town: ByPlan,
) -> None:
    contact = await town.answered(place={"address": "Glasvägen 1"})
    assert (await town.run_on(DUE - timedelta(days=1)))["announced"] == 0
    announced = await town.run_on(DUE)
    assert (announced["announced"], announced["taken"], announced["stopped"]) == (1, [], 1)
    [seen] = await town.due("contacts")
    assert (seen["standing"], seen["announced_on"], seen["takes_on"]) == ("waits", str(DUE), str(GOES))
    assert (await town.run_on(GOES - timedelta(days=1)))["taken"] == []
    assert (await town.get(f"/contacts/{contact['contact_id']}")).json()["wish"] == "När öppnar ni?"
    run = await town.run_on(GOES)
    assert run["taken"] == [
        {"kind": "contacts", "fate": "erase", "rule": "1460 contacts 2026-01-01", "reference": "KS 2026/77", "count": 1}
    ]
    assert await town.taken(run) == [contact["contact_id"]]
    [kept] = await town.kept("contacts")
    assert (kept["wish"], kept["place"], kept["number"]) == (None, None, contact["number"])
    assert (kept["disposal"]["by"], kept["disposal"]["decision"]) == ("retention-plan", DECISION)
    assert await keys(town) == {contact["party_id"]}
    assert (await town.run_on(GOES))["run_id"] == run["run_id"]
    assert (await town.run_on(GOES + timedelta(days=1)))["taken"] == []


async def test_a_party_goes_after_its_last_contact_and_all_are_told_to_forget_it(town: ByPlan) -> None:
    contact = await town.answered(**COMPANY)
    await town.run_on(DUE)
    await town.run_on(GOES)
    announced = await town.run_on(GOES + timedelta(days=1))
    assert (announced["announced"], announced["taken"]) == (2, [])
    gone = GOES + timedelta(days=31)
    run = await town.run_on(gone)
    assert set(await town.taken(run)) == {contact["party_id"], contact["speaker_id"]}
    assert run["taken"][0]["count"] == 2
    assert await keys(town) == set()
    subject = {"_id.k": f"intake.parties.v1|{contact['party_id']}"}
    said = await town.database.find("outbox", subject, sort=(("_id", 1),))
    assert [one["b"] is None for one in said] == [False, True]
    [party] = [one for one in await town.kept("parties") if one["_id"] == contact["party_id"]]
    erasure = party["erasure"]
    assert (erasure["erased_by"], erasure["ground"], erasure["decision"]) == (
        "retention-plan",
        "no-longer-needed",
        DECISION,
    )
    left = await everything(town)
    assert not [word for word in ("Glas", "0531-1", "5560160680", "öppnar") if word in left]


async def test_a_party_that_comes_back_is_kept_anew(town: ByPlan) -> None:
    contact = await town.answered(**COMPANY)
    for day in (DUE, GOES, GOES + timedelta(days=1), GOES + timedelta(days=31)):
        await town.run_on(day)
    again = await town.answered(**COMPANY)
    assert again["party_id"] == contact["party_id"]
    assert (await town.run_on(GOES + timedelta(days=90)))["taken"] == []
    [party] = [one for one in await opened(town.database, "parties") if one["_id"] == contact["party_id"]]
    assert party["company_name"] == "Glasverkstaden AB"


async def test_a_hold_that_comes_after_the_announcement_stops_it_until_it_is_lifted(town: ByPlan) -> None:
    contact = await town.answered()
    await town.run_on(DUE)
    path = f"/parties/{contact['party_id']}/holds"
    await town.post(path, BECAUSE, role="registrar")
    run = await town.run_on(GOES)
    assert (run["taken"], run["stopped"]) == ([], 2)
    await town.post(f"{path}/lifting", BECAUSE, role="registrar")
    assert await town.taken(await town.run_on(GOES + timedelta(days=1))) == [contact["contact_id"]]


async def test_after_downtime_what_was_never_announced_is_announced_first(town: ByPlan) -> None:
    await town.answered()
    assert (await town.run_on(date(2030, 1, 1)))["taken"] == []
    assert (await town.due("contacts"))[0]["takes_on"] == "2030-01-31"


async def test_what_the_plan_needs_no_announcement_for_goes_when_it_is_due(town: ByPlan) -> None:
    call = {"channel": "phone", "wish": "Fel nummer.", "trivial": "wrong-number"}
    contact = (await town.post("/contacts", call)).json()
    assert await town.taken(await town.run_on(date(2027, 2, 25))) == [contact["contact_id"]]


async def test_logs_go_whole(tmp_path: Path) -> None:
    logs = ("follow_ups", "disclosures", "company_changes", "reads")
    async with ByPlan(data_dir=planned(tmp_path, tuple(row(name) for name in logs))) as town:
        contact = await town.answered()
        await town.get(f"/register/2026/{int(contact['number'][-6:])}/export", role="registrar")

        async def keep(follow_ups: FollowUps, changes: CompanyChanges) -> taking.Came:
            follow_ups.save(FollowUp("1460", "1460-u-1", contact["contact_id"], AT))
            changes.save(CompanyChange("1460", "1460-f-1", "1460-p-1", "ceased", AT.date(), "registry", AT, "br-1"))
            return taking.Came(group=None)

        await town.job().desk.do(keep)
        there = {name: len(await town.kept(name)) for name in logs}
        assert min(there.values()) > 0
        await town.run_on(DUE)
        assert {name: len(await town.kept(name)) for name in logs} == there
        run = await town.run_on(GOES)
        assert not [one for name in logs for one in await town.kept(name)]
        assert {one["kind"]: one["count"] for one in run["taken"]} == there


async def test_nothing_personal_is_in_what_a_run_leaves(town: ByPlan) -> None:
    await town.answered(**COMPANY)
    for day in (DUE, GOES, GOES + timedelta(days=1), GOES + timedelta(days=31)):
        await town.run_on(day)
    records = str([await town.kept(name) for name in ("retention_runs", "retention_announcements")])
    assert not [word for word in ("Glas", "Anna", "0531-1", "5560160680", "öppnar") if word in records]


async def test_killed_between_any_two_batches_the_next_instance_goes_on_and_nothing_goes_twice(town: ByPlan) -> None:
    due = {(await town.answered(wish=f"Fråga {number}"))["contact_id"] for number in range(7)}
    await town.run_on(DUE)
    town.until(GOES)
    while await town.job(at_once=2).step():  # each batch by an instance that has just started
        continue
    run = (await town.get("/retention/runs", role="registrar")).json()["items"][0]
    assert (run["taken"][0]["count"], set(await town.taken(run))) == (7, due)
    assert run["ended_at"] is not None


async def test_a_batch_that_somebody_else_has_taken_changes_nothing(town: ByPlan) -> None:
    await town.answered()
    await town.run_on(DUE)
    town.until(GOES)
    first, second = town.job(), town.job()
    while await first.step():
        await second.step()
    run = (await town.get("/retention/runs", role="registrar")).json()["items"][0]
    assert (run["taken"][0]["count"], run["failed"]) == (1, 0)


async def test_a_batch_that_comes_late_does_not_turn_the_run_back(town: ByPlan) -> None:
    await town.answered()
    await town.run_on(DUE)
    town.until(GOES)
    job, late = town.job(), Look("1460", "parties", GOES, GOES, None, 100)
    for _ in range(2):
        assert await job.step()
    before = await town.kept("retention_runs")

    async def take(hands: taking.Hands, at: datetime) -> taking.Came:
        return await taking.take_batch(late, {}, hands, at)

    assert (await job.desk.do(take)).group == "follow_ups"
    assert await town.kept("retention_runs") == before


async def test_who_spoke_for_a_company_goes_with_it_also_when_nobody_knows_since_when(town: ByPlan) -> None:
    contact = await town.answered(**COMPANY)

    async def keep(parties: Parties) -> taking.Came:
        parties.save(Party("1460", "1460-p-imported", "person", name="Bo Glas", company_id=contact["party_id"]))
        return taking.Came(group=None)

    await town.job().desk.do(keep)
    for day in (DUE, GOES, GOES + timedelta(days=1), GOES + timedelta(days=31)):
        await town.run_on(day)
    assert [one["name"] for one in await opened(town.database, "parties")] == [None] * 3
    assert await keys(town) == set()


async def test_what_cannot_be_taken_stops_nothing_else(town: ByPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    contacts = [(await town.answered())["contact_id"] for _ in range(3)]
    await town.run_on(DUE)
    whole = erasing.dispose_of

    def broken(contact: Any, *others: Any) -> Any:
        if contact.contact_id == contacts[1]:
            raise RuntimeError("a bug")
        return whole(contact, *others)

    monkeypatch.setattr(taking, "dispose_of", broken)
    run = await town.run_on(GOES)
    assert (run["taken"][0]["count"], run["failed"]) == (2, 1)
    monkeypatch.undo()
    assert await town.taken(await town.run_on(GOES + timedelta(days=1))) == [contacts[1]]


async def test_the_service_carries_out_the_plan_by_itself_and_a_fault_does_not_end_it(
    town: ByPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = await town.answered()
    await town.run_on(DUE)
    town.until(GOES)
    faults = [TryAgain("the database is away"), RuntimeError("a bug")]
    look = RetentionJob._next

    async def faulty(job: RetentionJob) -> Look | None:
        if faults:
            raise faults.pop()
        return await look(job)

    monkeypatch.setattr(jobs, "LOOK_EVERY", 0.001)
    monkeypatch.setattr(RetentionJob, "_next", faulty)
    working = asyncio.create_task(town.job().run())

    async def gone() -> bool:
        return bool([one for one in await town.kept("retention_announcements") if one["taken_at"]])

    await until("the contact has gone", gone)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert (await town.get(f"/contacts/{contact['contact_id']}")).json()["wish"] is None


async def test_while_another_instance_holds_the_lease_this_one_does_nothing(town: ByPlan) -> None:
    await town.answered()
    town.until(DUE)
    other = town.job()
    other.lease.holder = "there"
    assert await other.lease.hold()
    assert await town.job().step() is False


async def test_a_town_without_a_decision_has_no_runs() -> None:
    async with ByPlan() as town:
        await town.answered()
        town.until(date(2040, 1, 1))
        assert await town.job().step() is False
        assert (await town.get("/retention/runs", role="registrar")).json()["items"] == []


async def test_one_town_s_plan_takes_nothing_of_another(tmp_path: Path) -> None:
    folder = planned(tmp_path, (row("contacts", notice_days=0), row("parties", notice_days=0)))
    async with ByPlan(data_dir=folder) as town, ByPlan("1438", data_dir=folder) as other:
        other.database.rows = town.database.rows
        contact = await town.answered()
        await town.database.find("contacts", {})
        theirs = {**(await town.kept("contacts"))[0], "_id": "1438-c-1", "contact_id": "1438-c-1"}
        session = await town.database.session()
        async with session.transaction() as transaction:
            await transaction.insert("contacts", [{**theirs, "municipality": "1438"}])
        assert await town.taken(await town.run_on(DUE)) == [contact["contact_id"]]


@pytest.mark.parametrize("seed", range(4))
async def test_the_run_takes_what_the_preview_of_that_day_showed_and_what_should_go(tmp_path: Path, seed: int) -> None:
    """Calls, answers, holds and days by chance; what should go is said here by other means than the plan's own."""
    chance = random.Random(seed)
    notice = chance.choice([0, 3, 9])
    rows = (row("contacts", years=0, days=5, notice_days=notice), row("parties", years=0, days=8, notice_days=notice))
    async with ByPlan(data_dir=planned(tmp_path, rows)) as town:
        closed, held, gone = dict[str, date](), set[str](), set[str]()
        seen_since = dict[str, date]()
        for day in (AT.date() + timedelta(days=number) for number in range(1, 40)):
            town.until(day)
            await _something_happens(town, chance, day, closed, held, gone)
            shown = {one["subject_id"] for one in await town.due("contacts") if one["standing"] == "goes"}
            parties = {one["subject_id"] for one in await town.due("parties") if one["standing"] == "goes"}
            for contact_id, on in closed.items():
                if day > on + timedelta(days=5) and contact_id not in held:
                    seen_since.setdefault(contact_id, day)
            should = {
                one for one, since in seen_since.items() if one not in gone | held and (day - since).days >= notice
            }
            run = await town.run_on(day, at_once=chance.choice([1, 2, 100]))
            taken = set(await town.taken(run))
            assert {one for one in taken if "-c-" in one} == shown == should
            assert {one for one in taken if "-p-" in one} == parties
            gone |= taken
        assert gone


async def _something_happens(
    town: ByPlan, chance: random.Random, day: date, closed: dict[str, date], held: set[str], gone: set[str]
) -> None:
    called = await town.called(person={"name": f"Anna {day}"})
    if chance.random() < 0.7:
        await town.post(f"/contacts/{called['contact_id']}/answer", {"case_type": "serv_tillf"})
        closed[called["contact_id"]] = day
    for contact_id in sorted(set(closed) - gone):
        if contact_id in held and chance.random() < 0.2:
            await town.post(f"/contacts/{contact_id}/holds/lifting", BECAUSE, role="registrar")
            held.remove(contact_id)
        elif contact_id not in held and chance.random() < 0.1:
            await town.post(f"/contacts/{contact_id}/holds", BECAUSE, role="registrar")
            held.add(contact_id)
