"""What routing does about officers and contacts, and how it keeps its promise."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from faststream.kafka import TestKafkaBroker

from services.routing.handlers import bus
from shared.contracts.inbox import OfficerChanged
from shared.contracts.intake_contacts import ContactRegistered
from shared.contracts.routing_officers import OfficerErased
from shared.contracts.streams import INTAKE_CONTACTS
from shared.platform.batch import Batch
from shared.platform.bus import Work
from shared.platform.database import statement
from shared.platform.positions import Positions
from tests.routing.settled import AT, OTHER_STAFF, Routing, contact, officer, own


async def test_an_officer_is_declared_with_an_id_that_tells_the_municipality() -> None:
    routing = Routing()
    await routing.told(officer("lind", "bygglov", "bygglov", "ovrigt", phone="0531-1"))
    [said] = await routing.said("officer-declared")
    assert said["officer_id"] == "1460-o-lind"
    assert said["case_types"] == ["bygglov", "ovrigt"]
    assert said["phone"] == "0531-1"
    assert said["active"] is True


async def test_the_same_raw_id_in_two_municipalities_is_two_officers() -> None:
    routing = Routing()
    await routing.told(officer("lind", "bygglov"))
    await routing.told(officer("lind", "bygglov"), topic=OTHER_STAFF)
    await routing.registered(contact(1, "bygglov"), contact(1, "bygglov", municipality="1438"))
    assert await routing.loads() == {"1460-o-lind": 1, "1438-o-lind": 1}
    given = {one["municipality"]: one["officer_id"] for one in await routing.said("matter-assigned")}
    assert given == {"1460": "1460-o-lind", "1438": "1438-o-lind"}


async def test_an_officer_is_declared_again_only_when_something_is_new() -> None:
    routing = Routing()
    await routing.told(officer("lind", "bygglov"))
    await routing.registered(contact(1, "bygglov"))
    await routing.told(officer("lind", "bygglov"), officer("lind", "bygglov", name="Karin"))
    assert [one["name"] for one in await routing.said("officer-declared")] == ["Lind", "Karin"]
    assert await routing.loads() == {"1460-o-lind": 1}


async def test_an_officer_id_that_is_too_long_is_told_back() -> None:
    routing = Routing()
    await routing.told(officer("x" * 200, e_mail="x@kommun.example"), officer("lind"))
    [told] = await routing.said("inbound-rejected")
    assert told["pointer"] == "/data/officer_id"
    assert len(await routing.said("officer-declared")) == 1


async def test_a_contact_opens_a_matter_that_is_given_with_its_reason() -> None:
    routing = Routing()
    await routing.told(officer("lind", "bygglov"), officer("sand", "serv_stad"), officer("berg", "serv_stad"))
    await routing.registered(contact(1, "serv_stad", party_id="1460-p-1"))
    [opened], [given] = await routing.said("matter-opened"), await routing.said("matter-assigned")
    assert opened["matter_id"] == given["matter_id"]
    assert opened["opened_at"] == given["assigned_at"] == "2026-11-24T09:30:00Z"
    assert (given["officer_id"], given["party_id"]) == ("1460-o-berg", "1460-p-1")
    assert given["reason_sv"].startswith("Har minst antal öppna ärenden (0) av 2 som kan ta serv_stad")
    assert await routing.said("matter-waiting") == []
    [kept] = await routing.kept("matters")
    assert kept["state"] == "assigned"
    assert "due_at" not in kept


async def test_a_contact_opens_one_matter_for_each_case_type() -> None:
    routing = Routing()
    await routing.told(officer("lind", "bygglov"), officer("sand", "serv_stad"))
    await routing.registered(contact(1, "serv_stad", "bygglov", "serv_stad"))
    given = {one["case_type"]: one["officer_id"] for one in await routing.said("matter-assigned")}
    assert given == {"serv_stad": "1460-o-sand", "bygglov": "1460-o-lind"}
    assert await routing.loads() == {"1460-o-lind": 1, "1460-o-sand": 1}


async def test_the_same_contact_again_changes_nothing() -> None:
    routing = Routing()
    await routing.told(officer("lind", "bygglov"))
    await routing.registered(contact(1, "bygglov"), contact(1, "bygglov"))
    await routing.registered(contact(1, "bygglov"))
    assert len(await routing.said("matter-opened")) == len(await routing.said("matter-assigned")) == 1
    assert await routing.loads() == {"1460-o-lind": 1}


async def test_a_contact_that_a_person_replays_opens_nothing_twice() -> None:
    routing = Routing()
    await routing.told(officer("lind", "bygglov"))
    await routing.registered(contact(1, "bygglov"))
    unit = routing.hearing.unit(routing.database)
    heard = bus.heard[INTAKE_CONTACTS.topic][ContactRegistered.type]
    event = ContactRegistered.model_validate(contact(1, "bygglov"))
    await heard(event, unit, cast(Any, None), cast(Any, None))
    assert not any(unit.store(kind).staged for kind in routing.hearing.shelf)


async def test_what_nobody_knows_goes_to_those_who_take_what_is_left_over() -> None:
    routing = Routing()
    await routing.told(officer("lind", "bygglov"), officer("sand", "ovrigt"))
    await routing.registered(contact(1, "folkol"))
    [given] = await routing.said("matter-assigned")
    assert given["officer_id"] == "1460-o-sand"
    assert given["reason_sv"] == "Ingen handläggare kan ta folkol just nu. Är den enda som kan ta ovrigt."


async def test_a_case_nobody_can_take_waits_and_is_given_when_somebody_can() -> None:
    routing = Routing()
    await routing.told(officer("lind", "bygglov"))
    await routing.registered(contact(1, "serv_stad", party_id="1460-p-1"))
    [waits] = await routing.said("matter-waiting")
    assert waits["since"] == "2026-11-24T09:30:00Z"
    assert "serv_stad" in waits["reason_sv"]
    assert await routing.said("matter-assigned") == []
    [kept] = await routing.kept("matters")
    assert kept["due_at"] == AT + timedelta(minutes=5)

    await routing.later(timedelta(minutes=4))
    await routing.told(officer("sand", "serv_stad"))
    await routing.later(timedelta(minutes=1))
    [given] = await routing.said("matter-assigned")
    assert (given["officer_id"], given["assigned_at"]) == ("1460-o-sand", "2026-11-24T09:35:00Z")
    assert given["party_id"] == "1460-p-1"
    assert len(await routing.said("matter-opened")) == 1
    assert await routing.loads() == {"1460-o-lind": 0, "1460-o-sand": 1}


async def test_waiting_is_said_once_however_long_it_lasts() -> None:
    routing = Routing()
    await routing.registered(contact(1, "serv_stad"))
    for _ in range(3):
        await routing.later(timedelta(minutes=5))
    assert len(await routing.said("matter-waiting")) == 1
    [kept] = await routing.kept("matters")
    assert kept["due_at"] == AT + timedelta(minutes=20)
    assert kept["since"].startswith("2026-11-24T09:30")


async def test_after_a_week_away_all_that_waits_is_shared_out_evenly() -> None:
    routing = Routing()
    await routing.registered(*(contact(number, "serv_stad") for number in range(30)))
    await routing.told(*(officer(name, "serv_stad") for name in ("berg", "lind", "sand")))
    await routing.later(timedelta(days=7))
    await routing.later(timedelta(days=7))
    assert await routing.loads() == {"1460-o-berg": 10, "1460-o-lind": 10, "1460-o-sand": 10}
    assert len(await routing.said("matter-assigned")) == 30


async def test_who_has_left_gets_nothing_more() -> None:
    routing = Routing()
    await routing.told(officer("lind", "bygglov"), officer("sand", "bygglov"))
    await routing.told(officer("lind", "bygglov", active=False))
    await routing.registered(*(contact(number, "bygglov") for number in range(4)))
    assert await routing.loads() == {"1460-o-lind": 0, "1460-o-sand": 4}


async def test_of_who_has_left_the_name_stays_and_the_address_goes_until_they_come_back() -> None:
    routing = Routing()
    here, left = officer("lind", "bygglov", phone="0531-1"), officer("lind", "bygglov", phone="0531-1", active=False)
    await routing.told(here, left)
    [row] = await routing.kept("officers")
    assert (row["name"], row["e_mail"], row["phone"]) == ("Lind", None, None)
    erased = [one for one in await routing.kept("outbox") if one["b"] is None]
    assert [(one["p"], one["h"]["ce_type"]) for one in erased] == [("1460-o-lind", OfficerErased.type.encode())]
    await routing.told(here)
    assert [one["e_mail"] for one in await routing.said("officer-declared")] == ["lind@kommun.example"] * 2


async def test_a_batch_of_500_is_shared_evenly_with_one_question_for_matters_and_one_for_officers() -> None:
    routing = Routing()
    names = ("berg", "ek", "holm", "lind", "sand", "vik", "ö")
    await routing.told(*(officer(name, "serv_stad") for name in names))
    routing.database.finds.clear()
    await routing.registered(*(contact(number, "serv_stad") for number in range(500)))
    assert routing.database.finds["matters"] == routing.database.finds["officers"] == 1
    loads = (await routing.loads()).values()
    assert sum(loads) == 500
    assert max(loads) - min(loads) == 1
    assert {one["_v"] for one in await routing.kept("officers")} == {2}
    assert len({one["matter_id"] for one in await routing.said("matter-assigned")}) == 500


async def test_one_batch_decided_while_another_was_kept_decides_again() -> None:
    routing = Routing()
    await routing.told(officer("lind", "bygglov"), officer("sand", "bygglov"))
    session = await routing.database.session()
    positions = Positions(routing.database, "routing")
    await positions.take({(INTAKE_CONTACTS.topic, 1)}, session.id)
    late = own(contact("late", "bygglov"), 0)._replace(partition=1)
    find = routing.database.find

    async def find_while_another_writes(collection: str, query: Any, **others: Any) -> Any:
        found = await find(collection, query, **others)
        if collection == "officers" and not routing.database.finds["overtaken"]:
            routing.database.finds["overtaken"] += 1
            await routing.registered(contact("early", "bygglov"))
        return found

    routing.database.find = find_while_another_writes  # type: ignore[method-assign]
    await Batch(routing.hearing, positions, session).take([late])
    routing.database.find = find  # type: ignore[method-assign]
    assert await routing.loads() == {"1460-o-lind": 1, "1460-o-sand": 1}


async def test_who_runs_into_another_waits_for_it_and_sets_nothing_aside() -> None:
    routing = Routing()
    await routing.told(officer("lind", "bygglov"))
    session = await routing.database.session()
    async with session.transaction() as other:
        await other.update("officers", [statement({"_id": "1460-o-lind"}, {"$inc": {"_l": 1}})])
        batch = asyncio.create_task(routing.registered(contact(1, "bygglov")))
        await asyncio.wait([batch], timeout=0.1)
        assert not batch.done()
    await batch
    assert await routing.kept("parked") == []
    assert await routing.loads() == {"1460-o-lind": 1}


async def test_no_name_and_no_address_is_said_but_of_officers_on_their_own_stream() -> None:
    routing = Routing()
    await routing.told(officer("lind", "bygglov", name="Hemliga Lind", e_mail="hemlig@kommun.example"))
    await routing.registered(contact(1, "bygglov"), contact(2, "folkol"))
    for said in await routing.kept("outbox"):
        if said["t"] != "routing.officers.v1":
            assert "hemlig" not in bytes(said["b"]).decode().lower() + str(said["h"]).lower()


@pytest.fixture
def wired() -> Iterator[Routing]:
    routing = Routing()
    bus.wire(cast(Work, SimpleNamespace(hearing=routing.hearing)))
    yield routing
    bus.wire(cast(Work, None))


async def test_handlers_are_ordinary_faststream_subscribers(wired: Routing) -> None:
    assert OfficerChanged.type in bus.heard["inbox.*.v1"]
    event = contact(1, "bygglov")
    record = own(event, 0)
    headers = {name: value.decode() for name, value in record.headers if value is not None}
    async with TestKafkaBroker(bus) as broker:
        await broker.publish(event, topic=INTAKE_CONTACTS.topic, headers=headers)
    [waits] = await wired.said("matter-waiting")
    assert waits["contact_id"] == "1460-c-1"


async def test_no_second_matter_is_opened_for_a_case_type_of_which_an_open_contact_is_told() -> None:
    routing = Routing()
    await routing.told(officer("lind", "bygglov", "miljo_c"))
    await routing.registered(contact(1, "bygglov"), contact(2, "bygglov", "miljo_c", linked_types=["bygglov"]))
    opened = [(one["contact_id"], one["case_type"]) for one in await routing.said("matter-opened")]
    assert opened == [("1460-c-1", "bygglov"), ("1460-c-2", "miljo_c")]


async def test_a_linked_contact_joins_the_matter_and_its_officer_hears_of_it_once() -> None:
    routing = Routing()
    await routing.told(officer("lind", "bygglov"))
    await routing.registered(contact(1, "bygglov"))
    await routing.linked(2, to=1, case_type="bygglov")
    await routing.linked(2, to=1, case_type="bygglov", again=True)
    [matter] = await routing.kept("matters")
    [news] = await routing.said("matter-contact-added")
    assert matter["more_contacts"] == ["1460-c-2"]
    assert (news["matter_id"], news["officer_id"]) == (matter["matter_id"], "1460-o-lind")
    assert news["contact_id"] == "1460-c-2"


async def test_a_link_that_comes_before_its_matter_waits_for_it() -> None:
    routing = Routing()
    await routing.linked(2, to=1, case_type="bygglov")
    assert await routing.said("matter-contact-added") == []
    [parked] = await routing.kept("parked")
    assert parked["awaits"] == "1460-c-1"


async def test_a_contact_that_is_parted_leaves_the_matter_and_opens_its_own() -> None:
    routing = Routing()
    await routing.told(officer("lind", "bygglov"))
    await routing.registered(contact(1, "bygglov"))
    await routing.linked(2, to=1, case_type="bygglov")
    await routing.parted(2, from_=1, case_type="bygglov")
    matters = {one["contact_id"]: one["more_contacts"] for one in await routing.kept("matters")}
    assert matters == {"1460-c-1": [], "1460-c-2": []}
    assert await routing.loads() == {"1460-o-lind": 2}


async def test_a_contact_that_the_reception_has_handed_over_opens_its_matters_and_keeps_those_that_it_has() -> None:
    routing = Routing()
    await routing.told(officer("lind", "bygglov", "skylt"))
    await routing.registered(contact(1, "ovrigt", at_reception=True))
    assert await routing.kept("matters") == []
    await routing.referred(1, "bygglov")
    [matter] = await routing.kept("matters")
    assert (matter["case_type"], matter["state"], matter["officer_id"]) == ("bygglov", "assigned", "1460-o-lind")
    await routing.referred(1, "bygglov", "skylt", sequence=3)
    assert sorted(one["case_type"] for one in await routing.said("matter-assigned")) == ["bygglov", "skylt"]
    assert await routing.loads() == {"1460-o-lind": 2}


async def test_a_case_type_that_joined_another_contact_opens_no_second_matter_when_it_is_handed_over() -> None:
    routing = Routing()
    await routing.told(officer("lind", "bygglov"))
    await routing.registered(contact(1, "ovrigt", at_reception=True))
    await routing.referred(1, "bygglov", linked_types=["bygglov"])
    assert await routing.kept("matters") == []


async def test_an_assignment_names_the_contacts_that_had_joined_the_matter_while_it_waited() -> None:
    routing = Routing()
    await routing.registered(contact(1, "bygglov"))
    await routing.linked(2, to=1, case_type="bygglov")
    await routing.told(officer("lind", "bygglov"))
    await routing.later(timedelta(minutes=5))
    [said] = await routing.said("matter-assigned")
    assert said["more_contacts"] == ["1460-c-2"]


async def test_a_coordinator_is_declared_as_one_and_nobody_else_is() -> None:
    routing = Routing()
    await routing.told(officer("lind", coordinator=True), officer("sand"))
    assert {one["name"]: one.get("coordinator") for one in await routing.said("officer-declared")} == {
        "Lind": True,
        "Sand": None,
    }
    await routing.told(officer("lind"))
    [lind] = [one for one in await routing.kept("officers") if one["name"] == "Lind"]
    assert lind["coordinator"] is False
