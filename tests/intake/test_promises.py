"""When an answer is owed, by working days and the clock on the wall, and how long before that it is alarmed."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from services.intake.app import swedish_working_days
from services.intake.model.contact import Contact, ContactState
from services.intake.model.promise import AnswerPromise
from services.intake.model.reception import Holding
from services.intake.rules.promises import Promises, alarm, owed_by, owing, watched
from services.intake.store.datafiles import read_promises
from shared.platform.errors import WrongSetting

DAYS, PROMISES = swedish_working_days(), read_promises()


def at(text: str) -> datetime:
    """A moment in Sweden in winter."""
    return datetime.fromisoformat(f"{text}+01:00").astimezone(UTC)


def contact(channel: str, registered_at: datetime) -> Contact:
    ids = ("1460", "1460-c-1", None, channel, ("ovrigt",), "sv", None)
    bare = Contact(*ids, registered_at, registered_at, "anna", registered_at.date())
    return replace(bare, state=ContactState.AT_RECEPTION, waits=True)


@pytest.mark.parametrize(
    ("channel", "registered", "owed"),
    [
        ("phone", "2026-11-24T09:00", "2026-11-24T16:30"),
        ("phone", "2026-11-24T15:00", "2026-11-24T16:30"),
        ("phone", "2026-11-24T15:01", "2026-11-25T16:30"),
        ("phone", "2026-11-28T10:00", "2026-11-30T16:30"),
        ("visit", "2026-12-23T16:00", "2026-12-28T16:30"),
        ("e-mail", "2026-11-24T09:00", "2026-11-25T16:30"),
        ("web", "2026-11-24T22:00", "2026-11-26T16:30"),
        ("letter", "2026-11-27T09:00", "2026-11-30T16:30"),
        ("system", "2026-12-23T09:00", "2026-12-28T16:30"),
    ],
)
def test_an_answer_is_owed_the_same_day_or_the_next_working_day(channel: str, registered: str, owed: str) -> None:
    promise = PROMISES.of("1460", channel, at(registered))
    assert owed_by(promise, at(registered), DAYS) == at(owed)


def test_it_is_the_clock_on_the_wall_also_in_summer() -> None:
    june = datetime(2026, 6, 9, 7, tzinfo=UTC)
    assert owed_by(PROMISES.of("1460", "phone", june), june, DAYS) == datetime(2026, 6, 9, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("registered", "alarmed"),
    [("2026-11-24T08:30", "2026-11-24T14:30"), ("2026-11-24T15:00", "2026-11-24T16:07:30")],
)
def test_a_quarter_of_the_time_before_it_is_alarmed(registered: str, alarmed: str) -> None:
    owed = owing(contact("phone", at(registered)), PROMISES, DAYS)
    assert owed.due_at == at(alarmed)
    assert alarm(owed, PROMISES, at(alarmed) - timedelta(microseconds=1)) is None
    assert alarm(owed, PROMISES, at(alarmed)) == "promise-at-risk"


def test_a_short_promise_is_alarmed_a_quarter_of_an_hour_before_and_never_before_it_was_made() -> None:
    registered = at("2026-11-24T10:00")
    owed = contact("phone", registered)
    assert watched(owed.owing(at("2026-11-24T10:40"), None), PROMISES).due_at == at("2026-11-24T10:25")
    assert watched(owed.owing(at("2026-11-24T10:10"), None), PROMISES).due_at == registered


def test_what_has_been_told_is_not_told_again() -> None:
    owed = owing(contact("phone", at("2026-11-24T08:30")), PROMISES, DAYS)
    risk = watched(owed.alarmed("promise-at-risk"), PROMISES)
    assert (risk.due_at, alarm(risk, PROMISES, at("2026-11-24T16:29"))) == (at("2026-11-24T16:30"), None)
    assert alarm(risk, PROMISES, at("2026-11-24T16:30")) == "promise-broken"
    broken = watched(risk.alarmed("promise-broken"), PROMISES)
    assert (broken.due_at, alarm(broken, PROMISES, at("2027-01-01T00:00"))) == (None, None)


def test_of_one_who_does_not_wait_or_is_owed_nothing_nobody_is_told() -> None:
    owed = owing(contact("phone", at("2026-11-24T08:30")), PROMISES, DAYS)
    assert alarm(replace(owed, waits=False), PROMISES, at("2027-01-01T00:00")) is None
    assert alarm(replace(owed, answer_by=None), PROMISES, at("2027-01-01T00:00")) is None


def test_a_matter_of_a_contact_that_was_answered_opens_it_no_more() -> None:
    answered = replace(contact("phone", at("2026-11-24T08:30")), state=ContactState.ANSWERED, waits=False)
    holding = Holding("1460-m-1", "ovrigt", "1460-o-1", at("2026-11-24T09:00"))
    assert answered.holding(holding, at("2026-11-24T09:00")) == replace(answered, held=(holding,))


def test_a_municipality_has_its_own(tmp_path: Path) -> None:
    row = {"channel": "phone", "working_days": 2, "latest": "12:00:00", "by": "15:00:00", "warn_percent": 0}
    dated = {"warn_minutes": 60, "valid_from": "2026-01-01", "source": "Kommunens garanti", "sureness": "B"}
    own = tmp_path / "1460" / "answer_promises.json"
    own.parent.mkdir()
    own.write_text(json.dumps([{**row, **dated}]))
    promises, tuesday = read_promises(tmp_path), at("2026-11-24T09:00")
    assert owed_by(promises.of("1460", "phone", tuesday), tuesday, DAYS) == at("2026-11-26T15:00")
    assert owed_by(promises.of("1438", "phone", tuesday), tuesday, DAYS) == at("2026-11-24T16:30")
    own.write_text(json.dumps([{**row, **dated, "warn_percent": 101}]))
    with pytest.raises(WrongSetting, match="alarmed before"):
        read_promises(tmp_path)


def test_without_a_row_it_is_said() -> None:
    row = AnswerPromise(
        channel="phone",
        working_days=0,
        latest=time(15),
        by=time(16),
        warn_percent=25,
        warn_minutes=15,
        source="x",
        valid_from=date(2026, 1, 1),
        sureness="U",
    )
    with pytest.raises(LookupError, match="no answer is promised on web"):
        Promises([row]).of("1460", "web", at("2026-11-24T09:00"))
