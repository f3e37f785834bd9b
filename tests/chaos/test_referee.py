"""The referee and the plan themselves: they see what they are there to see."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.chaos.records import POISON, STAFF, Expected, plan, read
from tests.chaos.referee import Evidence, Heard, Verdict, judge
from tests.chaos.steps import STEPS
from tests.chaos.timeline import Form, timeline

CONTACT = "se.kommunkontakt.intake.contact-registered.v1"
OPENED = "se.kommunkontakt.routing.matter-opened.v1"
ASSIGNED = "se.kommunkontakt.routing.matter-assigned.v1"
CONTRACT = "se.kommunkontakt.procurement.contract-registered.v1"
PARKED = "se.kommunkontakt.notify.event-parked.v1"


def contact(reference: str) -> Heard:
    said = {"reference": reference, "contact_id": f"c-{reference}"}
    return Heard("intake.contacts.v1", CONTACT, f"c-{reference}", 1, 1, said)


def opened(reference: str) -> Heard:
    return Heard("routing.matters.v1", OPENED, f"m-{reference}", 1, 1, {"contact_id": f"c-{reference}"})


def assigned(reference: str, name: str = "m", sequence: int = 2) -> Heard:
    said = {"contact_id": f"c-{reference}"}
    return Heard("routing.matters.v1", ASSIGNED, f"{name}-{reference}", 1, sequence, said)


def contract(reference: str, title: str, sequence: int) -> Heard:
    said = {"reference": reference, "title": title}
    return Heard("procurement.contracts.v1", CONTRACT, f"k-{reference}", 1, sequence, said)


def gap(reference: str, service: str = "notify") -> Heard:
    said = {"reason": "events are missing: expected sequence 1, got 2", "subject": f"m-{reference}"}
    return Heard(f"{service}.parked.v1", PARKED, f"p-{reference}", 1, 1, said)


def mail(name: str, address: str) -> Mapping[str, Any]:
    return {"MessageID": f"{name}@kommun.example", "To": [{"Address": address}]}


MAILS = [mail("a", "1@company.example"), mail("b", "ek@kommun.example")]
WHOLE = [contact("1"), opened("1"), assigned("1")]


def verdict(
    heard: list[Heard],
    mails: list[Mapping[str, Any]] = MAILS,
    unknown: set[str] | None = None,
    expected: Expected | None = None,
) -> Verdict:
    return judge(Evidence(heard, mails, unknown or set()), expected or Expected(contacts=["1"]))


def test_a_whole_run_is_clean() -> None:
    assert verdict(WHOLE).clean


def test_a_lost_contact_is_seen() -> None:
    assert verdict(WHOLE[1:]).lost


def test_lost_mails_are_seen_whoever_they_were_for() -> None:
    assert verdict(WHOLE, MAILS[:1]).lost == ["1 mails to officers"]
    assert verdict(WHOLE, MAILS[1:]).lost == ["mail to 1"]


def test_a_matter_opened_twice_is_seen() -> None:
    assert verdict([*WHOLE, assigned("1", "again", 1)]).twice


def test_a_second_mail_about_the_same_is_seen_also_under_another_name() -> None:
    assert verdict(WHOLE, [*MAILS, mail("c", "1@company.example")]).twice
    assert verdict(WHOLE, [*MAILS, mail("c", "ek@kommun.example")]).twice


def test_a_mail_twice_is_seen_unless_the_ledger_tells_of_it() -> None:
    assert verdict(WHOLE, [*MAILS, MAILS[0]]).twice
    assert verdict(WHOLE, [*MAILS, MAILS[0]], {"a@kommun.example"}).clean


def test_a_hole_is_disorder_and_a_repeat_on_the_wire_is_not() -> None:
    assert verdict([contact("1"), assigned("1")]).disordered
    assert verdict([WHOLE[0], WHOLE[0], *WHOLE[1:], *WHOLE[1:]]).clean


def test_one_sequence_with_two_contents_is_seen() -> None:
    other = Heard("intake.contacts.v1", CONTACT, "c-1", 1, 1, {"reference": "2", "contact_id": "c-1"})
    assert verdict([*WHOLE, other]).twice


def test_a_hole_that_was_made_must_be_there_and_must_be_noticed() -> None:
    expected = Expected(contacts=["1"], holes=["1"])
    holed = [contact("1"), assigned("1")]
    noticed = [gap("1"), gap("1", "intake")]
    assert verdict([*holed, *noticed], expected=expected).clean
    assert verdict(holed, expected=expected).gaps
    assert verdict([*holed, gap("1")], expected=expected).gaps
    assert verdict([*WHOLE, *noticed], expected=expected).gaps


def alarm(reference: str, kind: str = "promise-broken", sequence: int = 1) -> Heard:
    name = "se.kommunkontakt.intake.contact-alarmed.v1"
    return Heard("intake.alarms.v1", name, f"c-{reference}", 1, sequence, {"kind": kind})


def test_an_alarm_is_mailed_to_the_coordinator_once() -> None:
    told = mail("alarm", "samordnare@kommun.example")
    assert verdict([*WHOLE, alarm("1")], [*MAILS, told]).clean
    assert verdict([*WHOLE, alarm("1")]).lost
    assert verdict(WHOLE, [*MAILS, told]).twice
    assert verdict([*WHOLE, alarm("1")], [*MAILS, told, told]).twice
    assert verdict(
        [*WHOLE, alarm("1"), alarm("1", sequence=2)], [*MAILS, told, mail("b2", told["To"][0]["Address"])]
    ).twice


def test_revisions_in_another_order_are_seen() -> None:
    expected = Expected(contracts={"r": ["one", "two"]})
    right = [contract("r", "one", 1), contract("r", "two", 2)]
    wrong = [contract("r", "two", 1), contract("r", "one", 2)]
    assert verdict(right, [], expected=expected).clean
    assert verdict(wrong, [], expected=expected).disordered
    assert verdict(right[:1], [], expected=expected).lost


def test_poison_that_nobody_told_back_is_seen() -> None:
    assert verdict(WHOLE, expected=Expected(contacts=["1"], rejected=["x"])).poison
    assert verdict(WHOLE, expected=Expected(contacts=["1"], nameless=1)).poison


def test_the_plan_holds_its_numbers_and_is_the_same_each_time() -> None:
    sent, expected = plan(7, 20_000)
    assert len(sent) == 20_000
    assert sum(expected.poison.values()) == 100
    assert set(expected.poison) == set(POISON)
    assert len(expected.holes) == 20
    assert plan(7, 20_000) == (sent, expected)


def test_owners_who_come_late_do_come() -> None:
    for count in (400, 1_500, 20_000):
        sent, _ = plan(3, count)
        come = {one.key.decode() for one in sent if one.topic == STAFF and one.key}
        owners = {json.loads(one.value)["owner_id"] for one in sent if b'"owner_id": "sen-' in one.value}
        assert owners == come


def test_what_is_written_down_is_read_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    _, expected = plan(7, 1_000)
    file = tmp_path_factory.mktemp("chaos") / "expected.json"
    expected.write(file)
    assert read(file) == expected


def test_a_timeline_reaches_each_named_step_by_both_signals_in_the_full_form() -> None:
    full = timeline(Form(1460, 20_000, 200, 3, longer=True))
    names = {fault.name for _, fault in full}
    assert {f"{which} {step}" for step in STEPS for which in ("SIGKILL", "SIGTERM")} <= names
    assert sum(name.startswith("SIG") for name in (fault.name for _, fault in full)) == 200


def test_fewer_kills_than_steps_are_refused() -> None:
    with pytest.raises(ValueError, match="named steps"):
        Form(1, 1_500, len(STEPS) - 1, 2, longer=False)
