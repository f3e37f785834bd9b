"""A company's timeline: an entry an event, whichever service told of it, and nothing that is personal."""

from datetime import timedelta
from typing import Any

from services.intake.handlers import bus
from services.intake.model.timeline import TimelineEntry
from services.intake.store.timeline import KeptTimeline
from services.intake.timeline import entry_id_of
from shared.contracts.event import Event
from shared.contracts.intake_contacts import ContactRegistered, NoteAdded
from shared.contracts.procurement_contracts import ContractRegistered
from shared.contracts.procurement_plan import TimeToProcureReached
from shared.contracts.routing_matters import MatterAssigned, MatterOpened
from shared.platform.cloudevents import encode
from shared.platform.understand import Record
from tests.intake.at_doors import AtDoors
from tests.intake.settled import AT, Intake, contact, record

COMPANY = {"organisation_number": "556016-0680", "name": "Glasverkstaden AB"}
RULE = {"rule": "18 månader", "rule_source": "LOU 20:1", "rule_verified": True}


def said(event: Event, minute: int = 0, offset: int = 0) -> Record:
    value, headers = encode(
        event,
        sequence=1,
        epoch=1,
        at=AT + timedelta(minutes=minute),
        source="/1460/x",
        municipality="1460",
        key=event.subject,
        causation=None,
        correlation=None,
        traceparent=None,
    )
    return Record(event.stream.topic, 0, offset, event.subject.encode(), value, headers)


def contract(supplier: str | None) -> ContractRegistered:
    days: dict[str, Any] = {"ends_on": "2027-12-31", "start_procuring_on": "2026-11-24", "lead_days": 400}
    return ContractRegistered.model_validate(
        {
            "municipality": "1460",
            "contract_id": "1460-k-1",
            "reference": "A-1",
            "title": "Snöröjning",
            "supplier_party_id": supplier,
            "owner_id": "1460-o-1",
            **days,
            **RULE,
        }
    )


def time_to_procure() -> TimeToProcureReached:
    days = {"ends_on": "2027-12-31", "start_procuring_on": "2026-11-24", "reached_at": "2026-11-24T08:00:00Z"}
    about = {"municipality": "1460", "contract_id": "1460-k-1", "title": "Snöröjning", "owner_id": "1460-o-1"}
    return TimeToProcureReached.model_validate({**about, **days, **RULE})


async def with_a_contact(intake: Intake) -> tuple[ContactRegistered, str]:
    """A contact of a company has been registered: what was said of it, and the company."""
    await intake.hear(record(contact(company=COMPANY)))
    [told] = await intake.said("contact-registered")
    event = ContactRegistered.model_validate(told)
    assert event.party_id is not None
    return event, event.party_id


async def entries(intake: Intake) -> list[TimelineEntry]:
    return await KeptTimeline(intake.database).page({}, sort=(("at", 1), ("_id", 1)), limit=0)


async def test_what_each_service_tells_is_on_the_companys_timeline_the_newest_first() -> None:
    intake = Intake()
    registered, company = await with_a_contact(intake)
    about = {"municipality": "1460", "matter_id": "1460-m-1", "contact_id": registered.contact_id}
    opened = MatterOpened(**about, party_id=company, case_type="ovrigt", opened_at=AT)
    noted = NoteAdded(
        municipality="1460",
        version_id="1460-n-1-1",
        note_id="1460-n-1",
        contact_id=registered.contact_id,
        version=1,
        noted_at=AT,
    )
    await intake.hear(said(registered, 1), said(noted, 3, 1))
    await intake.hear(said(opened, 1))
    await intake.hear(said(contract(company), 1))
    await intake.hear(said(time_to_procure(), 1))
    async with AtDoors() as doors:
        doors.database.rows = intake.database.rows
        path = f"/companies/{company}/timeline"
        listed = (await doors.get(path)).json()["items"]
        assert listed[0]["kind"] == "note-added"
        assert {one["kind"] for one in listed} == {
            "contact-registered",
            "matter-opened",
            "note-added",
            "contract-registered",
            "time-to-procure-reached",
        }
        [matter] = (await doors.get(path, kind="matter-opened")).json()["items"]
        assert (matter["codes"], matter["read_at"]) == (["ovrigt"], "/routing/v1/1460/matters/1460-m-1")
        first = (await doors.get(path, limit=2)).json()
        rest = (await doors.get(path, limit=10, cursor=first["next"])).json()
        assert [*first["items"], *rest["items"]] == listed
        [hit] = (await doors.post("/companies/search", {"q": "glasv"})).json()["items"]
        assert hit["matters"] == 1


async def test_the_same_event_heard_again_is_one_entry() -> None:
    intake = Intake()
    registered, _ = await with_a_contact(intake)
    await intake.hear(said(registered))
    before = await intake.database.find("timeline", {})
    await intake.database.delete("lanes", {})
    await intake.hear(said(registered, offset=1))
    assert await intake.database.find("timeline", {}) == before


async def test_time_to_procure_waits_for_its_contract_and_follows_it() -> None:
    intake = Intake()
    await intake.hear(said(time_to_procure()))
    assert await entries(intake) == []
    assert [one["kind"] for one in await intake.database.find("parked", {})] == ["awaiting"]
    await intake.hear(said(contract("1460-p-1")))
    assert {(one.kind, one.party_id) for one in await entries(intake)} >= {("contract-registered", "1460-p-1")}


async def test_a_contract_without_a_known_supplier_is_nobodys_and_holds_nothing_back() -> None:
    intake = Intake()
    await intake.hear(said(contract(None)))
    await intake.hear(said(time_to_procure()))
    assert [(one.kind, one.party_id) for one in await entries(intake)] == [("contract-registered", None)]
    assert await intake.database.find("parked", {}) == []


async def test_what_nobody_has_said_their_name_about_is_on_no_timeline() -> None:
    intake = Intake()
    await intake.hear(record(contact()))
    [told] = await intake.said("contact-registered")
    registered = ContactRegistered.model_validate(told)
    about = {"municipality": "1460", "matter_id": "1460-m-1", "contact_id": registered.contact_id}
    assigned = MatterAssigned(
        **about, case_type="ovrigt", officer_id="1460-o-1", reason_sv="Minst.", reason_en="Least.", assigned_at=AT
    )
    await intake.hear(said(registered))
    await intake.hear(said(assigned))
    assert await entries(intake) == []


async def test_a_timeline_is_read_by_those_who_may_and_in_their_own_town() -> None:
    intake = Intake()
    _, company = await with_a_contact(intake)
    async with AtDoors() as doors, AtDoors("1438") as theirs:
        doors.database.rows = theirs.database.rows = intake.database.rows
        path = f"/companies/{company}/timeline"
        assert (await doors.get(path, role="public")).status_code == 403
        assert (await theirs.get(path)).status_code == 404
        assert (await doors.get("/companies/1460-p-nobody/timeline")).status_code == 404


def test_an_entry_is_named_after_its_subject_and_its_content() -> None:
    one, other = contract(None), contract("1460-p-1")
    assert entry_id_of(one) == entry_id_of(contract(None)) != entry_id_of(other)
    assert entry_id_of(one).startswith("1460-k-1-t-")


def test_intake_hears_all_that_a_timeline_is_made_of() -> None:
    assert ContactRegistered.type in bus.heard["intake.contacts.v1"]
    assert TimeToProcureReached.type in bus.heard["procurement.plan.v1"]
