"""When something is due by the retention plan, and what stops it: held against an understanding of its own."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.model.contact import Contact, ContactState
from services.intake.model.disposal import DisposalDecision, LegalHold
from services.intake.model.reception import Answer, Holding
from services.intake.model.retention import Announcement, Facts, Judgement, RetentionRule
from services.intake.rules.retention import (
    RetentionPlan,
    announced,
    closed_at,
    due_on,
    facts_of_contact,
    judged,
    kind_of,
    may_be_due,
)
from services.intake.store.datafiles import read_retention
from shared.platform.errors import WrongSetting

DECISION = DisposalDecision("KS", date(2026, 11, 20), "KS 2026/12", "AL 10 §")
DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))
AT = datetime(2026, 3, 5, 9, tzinfo=UTC)


def rule(**members: Any) -> RetentionRule:
    usual: dict[str, Any] = {
        "kind": "contacts",
        "fate": "erase",
        "counted_from": "closed",
        "sv": "Gallras.",
        "en": "Erased.",
        "source": "House rule",
        "sureness": "U",
        "valid_from": date(2025, 1, 1),
        "decision": DECISION,
    }
    return RetentionRule(**{**usual, **members})


def contact(**members: Any) -> Contact:
    about = Contact("1460", "1460-c-1", None, "phone", ("ovrigt",), "sv", "Hej", AT, AT, "bo", AT.date())
    return replace(about, **{"state": ContactState.ANSWERED, "number": "K 2026/000001", **members})


def facts(**members: Any) -> Facts:
    return replace(Facts("1460", "contacts", "1460-c-1", "K 2026/000001", date(2026, 3, 5)), **members)


spans: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    years=st.integers(0, 12),
    months=st.integers(0, 30),
    days=st.integers(0, 400),
    from_years_end=st.booleans(),
    notice_days=st.integers(0, 60),
)
rules = st.builds(
    lambda span, fate, decided: rule(**span, fate=fate, decision=DECISION if decided else None),
    spans,
    st.sampled_from(["erase", "archive"]),
    st.booleans(),
)
everything = st.builds(facts, counted_on=DAYS, is_open=st.booleans(), is_held=st.booleans(), is_in_use=st.booleans())


@pytest.mark.parametrize(
    ("span", "counted", "due"),
    [
        ({"years": 2}, "2026-11-24", "2028-11-25"),
        ({"years": 2, "from_years_end": True}, "2026-01-01", "2029-01-01"),
        ({"years": 2, "from_years_end": True}, "2026-12-31", "2029-01-01"),
        ({"years": 1}, "2028-02-29", "2029-03-01"),
        ({"months": 1}, "2027-01-31", "2027-03-01"),
        ({"months": 3}, "2026-11-30", "2027-03-01"),
        ({"months": 3}, "2027-11-30", "2028-03-01"),
        ({"days": 30}, "2026-11-24", "2026-12-25"),
        ({}, "2026-11-24", "2026-11-25"),
        ({"months": 12, "from_years_end": True}, "2026-05-05", "2028-01-01"),
    ],
)
def test_it_is_kept_through_the_last_day_of_its_time(span: dict[str, Any], counted: str, due: str) -> None:
    assert due_on(rule(**span), date.fromisoformat(counted)) == date.fromisoformat(due)


@given(spans, DAYS)
def test_months_end_on_the_same_day_or_the_last_of_their_month(span: dict[str, Any], counted: date) -> None:
    start = counted.replace(month=12, day=31) if span["from_years_end"] else counted
    last = due_on(rule(**span), counted) - timedelta(days=1 + span["days"])
    assert (last.year - start.year) * 12 + last.month - start.month == span["years"] * 12 + span["months"]
    assert last.day == start.day or (last.day < start.day and (last + timedelta(days=1)).day == 1)


@given(spans, DAYS, DAYS)
def test_whatever_is_due_is_among_what_is_looked_for(span: dict[str, Any], counted: date, on: date) -> None:
    latest = may_be_due([rule(**span)], on)
    assert latest is not None
    assert due_on(rule(**span), counted) > on or counted <= latest


def expected(told: Facts, row: RetentionRule, announced_on: date | None, on: date, today: date, archive: bool) -> str:
    """What should become of it, said in another way than the rule says it."""
    assert told.counted_on is not None
    first = due_on(row, told.counted_on)
    if on < first:
        return "kept"
    stays = told.is_held or told.is_open or told.is_in_use or not row.decision
    if stays or (row.fate == "archive" and not archive):
        return "stopped"
    since = announced_on if announced_on is not None else max(first, today)
    return "goes" if (on - since).days >= row.notice_days else "waits"


@given(everything, rules, DAYS, DAYS, st.none() | st.integers(0, 90), st.booleans())
def test_it_goes_when_all_that_must_be_is_so_and_never_else(
    told: Facts, row: RetentionRule, on: date, today: date, ago: int | None, archive: bool
) -> None:
    assert told.counted_on is not None
    before = None if ago is None else noticed(told, row, today - timedelta(days=ago))
    found = judged(told, row, before, on, today, archive)
    since = before.announced_on if before else None
    assert (found.standing if found else "kept") == expected(told, row, since, on, today, archive)


@given(everything, rules, DAYS, DAYS, st.integers(0, 2_000), st.booleans())
def test_what_goes_on_a_day_goes_on_each_later_day(
    told: Facts, row: RetentionRule, today: date, on: date, later: int, archive: bool
) -> None:
    found = judged(told, row, None, on, today, archive)
    after = judged(told, row, None, on + timedelta(days=later), today, archive)
    if found is not None:
        assert after is not None
        assert after.standing == found.standing or (found.standing, after.standing) == ("waits", "goes")


@given(everything, rules, DAYS, st.integers(0, 200))
def test_what_was_announced_on_a_day_goes_when_it_was_seen_to_go(
    told: Facts, row: RetentionRule, today: date, later: int
) -> None:
    first = judged(told, row, None, today, today, archive_is_set=True)
    if first is None or first.standing == "stopped":
        return
    day = today + timedelta(days=later)
    then = judged(told, row, announced(first, today), day, day, archive_is_set=True)
    assert then is not None
    assert (then.takes_on, then.standing == "goes") == (first.takes_on, day >= first.takes_on)


def noticed(told: Facts, row: RetentionRule, on: date) -> Announcement:
    assert told.counted_on is not None
    due = due_on(row, told.counted_on)
    return announced(Judgement(told, row, due, due, "waits"), on)


def test_another_row_or_another_fate_is_announced_anew() -> None:
    row = rule(years=1, notice_days=30)
    seen = noticed(facts(), row, date(2027, 3, 6))
    today = date(2027, 6, 1)
    for other in (replace(row, valid_from=date(2026, 1, 1)), replace(row, fate="archive"), replace(row, years=0)):
        found = judged(facts(), other, seen, today, today, archive_is_set=True)
        assert found is not None
        assert (found.standing, found.announced_on, found.takes_on) == ("waits", None, date(2027, 7, 1))
    same = judged(facts(), row, seen, today, today, archive_is_set=True)
    assert same is not None
    assert (same.standing, same.announced_on) == ("goes", date(2027, 3, 6))


def test_all_that_stops_it_is_told() -> None:
    row = rule(fate="archive", decision=None)
    found = judged(
        facts(is_open=True, is_held=True, is_in_use=True), row, None, date(2027, 1, 1), date(2027, 1, 1), False
    )
    assert found is not None
    assert found.why == ("hold", "open", "in-use", "no-decision", "no-archive")


def test_what_is_kept_is_never_due() -> None:
    row = rule(fate="keep", counted_from=None)
    assert judged(facts(), row, None, date(2099, 1, 1), date(2026, 1, 1), archive_is_set=True) is None
    assert judged(facts(), None, None, date(2099, 1, 1), date(2026, 1, 1), archive_is_set=True) is None
    assert judged(facts(counted_on=None), rule(), None, date(2099, 1, 1), date(2026, 1, 1), True) is None


def test_a_contact_counts_from_when_it_was_answered_or_its_last_matter_came_to_somebody() -> None:
    later, latest = AT + timedelta(days=3), AT + timedelta(days=9)
    assert closed_at(contact(answered=Answer("ovrigt", None, later, "bo"), dealt_with_at=AT)) == later
    held = (Holding("1460-m-1", "bygglov", "1460-o-1", later), Holding("1460-m-2", "VA", "1460-o-1", latest))
    assert closed_at(contact(state=ContactState.TAKEN, held=held, dealt_with_at=later)) == latest
    assert closed_at(contact(trivial="wrong-number")) == AT


def test_a_swedish_day_begins_before_the_day_of_greenwich() -> None:
    late = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    told = facts_of_contact(contact(registered_at=late), rule(), [])
    assert told.counted_on == date(2027, 1, 1)


def test_a_contact_has_the_row_of_its_kind_and_is_open_and_held_as_it_stands() -> None:
    hold = LegalHold(AT, "bo", "Överklagat.")
    assert kind_of(contact(trivial="advertisement")) == "contacts.trivial"
    assert kind_of(contact(held=(Holding("1460-m-1", "bygglov"),))) == "contacts.with-matter"
    assert kind_of(contact()) == "contacts"
    for state in ContactState:
        told = facts_of_contact(contact(state=state), rule(), [None, (hold,)])
        assert told.is_open is (state.value in ("at-reception", "handed-over"))
        assert told.is_held
    assert not facts_of_contact(contact(), rule(), [(hold.lifted(AT, "bo", "Avgjort."),)]).is_held


def test_the_plan_for_all_is_a_proposal_that_takes_nothing() -> None:
    plan = read_retention()
    day = date(2026, 11, 24)
    rows = plan.all_in_force("1460", day)
    assert {row.sureness for row in rows.values()} == {"U"}
    assert not [row for row in rows.values() if row.decision]
    assert plan.decided(day) == []


def own(tmp_path: Path, **members: Any) -> Path:
    row = {
        "kind": "contacts",
        "fate": "erase",
        "counted_from": "closed",
        "years": 1,
        "sv": "Gallras efter ett år.",
        "en": "Erased after a year.",
        "valid_from": "2026-01-01",
        "valid_to": "2026-12-31",
        "source": "Informationshanteringsplan 2026",
        "sureness": "A",
        "decision": {"decided_by": "KS", "decided_on": "2025-12-01", "reference": "KS 2025/9", "paragraph": "AL 10 §"},
    }
    told = {name: value for name, value in {**row, **members}.items() if value is not ...}
    folder = tmp_path / "1460"
    folder.mkdir(exist_ok=True)
    (folder / "retention.json").write_text(json.dumps([told]))
    return tmp_path


def test_a_municipality_decides_with_a_row_of_its_own_while_it_is_in_force(tmp_path: Path) -> None:
    plan = read_retention(own(tmp_path))
    assert isinstance(plan, RetentionPlan)
    assert plan.decided(date(2026, 6, 1)) == ["1460"]
    assert plan.decided(date(2027, 1, 1)) == []
    found = plan.in_force("1460", "contacts", date(2026, 6, 1))
    assert found is not None
    assert (found.name, found.years) == ("1460 contacts 2026-01-01", 1)
    common = plan.in_force("1460", "contacts", date(2027, 1, 1))
    assert common is not None
    assert common.owner == ""


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"kind": "wishes", "fate": "keep", "counted_from": None}, "intake keeps nothing of the kind wishes"),
        ({"kind": "timeline"}, "nothing of the kind timeline is erased by the plan"),
        ({"kind": "parties", "fate": "archive", "counted_from": "last-contact"}, "not handed to the archive by itself"),
        ({"counted_from": "last-contact"}, "the time of contacts is not counted from last-contact"),
        ({"counted_from": None}, "says from what its time is counted"),
        ({"fate": "keep"}, "says from what its time is counted"),
        ({"fate": "follow", "counted_from": None}, "says what it belongs to"),
        ({"years": -1}, "years are from 0 to 1000"),
        ({"notice_days": -1}, "numbers from 0"),
        ({"days": 10**9}, "numbers from 0"),
        ({"valid_to": "2025-01-01"}, "valid_to is before valid_from"),
        ({"fate": "burn"}, "/fate"),
    ],
)
def test_a_wrong_row_stops_the_start_and_says_why(tmp_path: Path, members: dict[str, Any], said: str) -> None:
    with pytest.raises(WrongSetting, match=said):
        read_retention(own(tmp_path, **members))
