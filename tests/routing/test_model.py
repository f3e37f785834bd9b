"""The lawful steps of matters and officers, and the unlawful ones."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.routing.model import Matter, Officer, Reason
from shared.contracts.refusal import Refused
from tests.routing.settled import AT

WHY = Reason("Därför.", "Because.")
MATTER = Matter("1460", "1460-m-1", "1460-c-1", None, "serv_stad", opened_at=AT, since=AT)
LIND = Officer("1460", "1460-o-lind", "Karin Lind", "lind@kommun.example", None, ("serv_stad",), active=True)
LATER = AT + timedelta(minutes=5)


def code_of(refused: pytest.ExceptionInfo[Refused]) -> str:
    assert refused.value.status == 409
    assert refused.value.sv != refused.value.en
    return refused.value.code


def test_an_officer_who_takes_a_matter_has_one_more_in_hand() -> None:
    assert LIND.taking(MATTER).taking(MATTER).open_matters == 2
    assert LIND.open_matters == 0


def test_who_takes_what_is_unsorted_may_take_anything() -> None:
    general = replace(LIND, case_types=("ovrigt",))
    assert not general.takes("serv_stad")
    assert general.taking(MATTER).open_matters == 1


@pytest.mark.parametrize(
    "unable",
    [replace(LIND, active=False), replace(LIND, case_types=()), replace(LIND, municipality="1438")],
    ids=["not active", "another case type", "another municipality"],
)
def test_an_officer_never_takes_what_is_not_theirs_to_take(unable: Officer) -> None:
    with pytest.raises(Refused) as refused:
        unable.taking(MATTER)
    assert code_of(refused) == "cannot-take"


def test_what_the_staff_system_tells_leaves_what_is_in_hand() -> None:
    busy, told = replace(LIND, open_matters=7), replace(LIND, name="Karin Lind Berg", active=False)
    assert told.following(busy) == replace(told, open_matters=7)
    assert told.following(None) == told


def test_a_matter_waits_looks_again_and_is_given_to_somebody() -> None:
    waiting = MATTER.waiting(WHY, AT, LATER)
    assert (waiting.state, waiting.since, waiting.due_at, waiting.officer_id) == ("waiting", AT, LATER, None)
    again = waiting.waiting_on(LATER + timedelta(minutes=5))
    assert (again.since, again.due_at) == (AT, LATER + timedelta(minutes=5))
    given = again.given_to(LIND, WHY, LATER)
    assert (given.state, given.officer_id, given.since, given.due_at) == ("assigned", "1460-o-lind", LATER, None)
    assert given.opened_at == AT


def test_an_assigned_matter_is_neither_assigned_again_nor_waits() -> None:
    given = MATTER.given_to(LIND, WHY, AT)
    with pytest.raises(Refused) as twice:
        given.given_to(LIND, WHY, AT)
    with pytest.raises(Refused) as waits:
        given.waiting(WHY, AT, LATER)
    assert code_of(twice) == code_of(waits) == "already-assigned"


def test_a_matter_begins_to_wait_once() -> None:
    with pytest.raises(Refused) as twice:
        MATTER.waiting(WHY, AT, LATER).waiting(WHY, AT, LATER)
    assert code_of(twice) == "waits-already"


def test_only_what_waits_waits_on() -> None:
    with pytest.raises(Refused) as refused:
        MATTER.waiting_on(LATER)
    assert code_of(refused) == "not-waiting"
