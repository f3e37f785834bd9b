"""What a contract is when it is told again, and when its day has come."""

from dataclasses import replace
from datetime import date, timedelta

from services.procurement.app import rulebook, swedish_holidays
from services.procurement.model import Contract
from services.procurement.rules import PartyIds, registered
from tests.procurement.settled import AT, signed

LATER = AT + timedelta(days=10)


def contract(**members: object) -> Contract:
    return registered(signed(**members), PartyIds(lambda *_: "1460-p-1"), rulebook(), swedish_holidays(), AT)


def test_a_contract_told_again_unchanged_is_the_same() -> None:
    before = contract()
    again = replace(before, registered_at=LATER, registered_by="somebody else")
    assert again.following(before, LATER) == before
    assert before.following(None, AT) is before


def test_a_contract_that_was_reached_is_due_no_more() -> None:
    past = contract(ends_on=date(2026, 12, 1))
    told = past.reached(AT)
    assert (told.due_at, told.reached_at) == (None, AT)
    assert past.following(told, LATER) == told


def test_what_was_told_is_not_told_again_while_it_is_true() -> None:
    told = contract(ends_on=date(2026, 12, 1)).reached(AT)
    renamed = contract(ends_on=date(2026, 12, 15), title="Nytt namn").following(told, LATER)
    assert (renamed.title, renamed.due_at, renamed.reached_at) == ("Nytt namn", None, AT)


def test_a_day_that_is_moved_ahead_is_told_anew() -> None:
    told = contract(ends_on=date(2026, 12, 1)).reached(AT)
    prolonged = contract(ends_on=date(2029, 12, 1)).following(told, LATER)
    assert prolonged.reached_at is None
    assert prolonged.due_at is not None
    assert prolonged.due_at > LATER
