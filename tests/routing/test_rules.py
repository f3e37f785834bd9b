"""routing's pure decisions."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.model import Matter, Officer
from services.routing.rules import (
    INTERVALS,
    Interval,
    Patience,
    chosen,
    least_burdened,
    matter_id_of,
    nobody,
    officer_id_of,
    opened,
)
from shared.contracts.refusal import Invalid
from tests.routing.settled import AT

LOADS = st.lists(st.integers(0, 50), min_size=1, max_size=12)


def officer(name: str, open_matters: int = 0, *case_types: str, active: bool = True) -> Officer:
    types = case_types or ("serv_stad",)
    return Officer("1460", f"1460-o-{name}", name, f"{name}@x.example", None, types, active, open_matters)


def matter(case_type: str = "serv_stad") -> Matter:
    return opened("1460", "1460-c-1", None, case_type, AT)


def test_the_least_burdened_gets_it_and_the_reason_says_so() -> None:
    choice = least_burdened([officer("berg", 3), officer("sand", 2), officer("lind", 4)], "serv_stad")
    assert choice is not None
    assert choice.officer.name == "sand"
    assert choice.reason.sv == "Har minst antal öppna ärenden (2) av 3 som kan ta serv_stad."
    assert choice.reason.en == "Has the fewest open matters (2) of 3 who can take serv_stad."


def test_of_equals_the_first_by_id_gets_it_whatever_the_order() -> None:
    equals = [officer("sand", 2), officer("berg", 2), officer("lind", 4)]
    choices = [least_burdened(one, "serv_stad") for one in (equals, equals[::-1])]
    assert choices[0] == choices[1]
    assert choices[0] is not None
    assert choices[0].officer.name == "berg"
    assert choices[0].reason.sv.endswith("; 2 har lika få, den första av dem valdes.")
    assert choices[0].reason.en.endswith("; 2 have as few, the first of them was chosen.")


def test_the_only_one_gets_it_however_burdened() -> None:
    choice = least_burdened([officer("lind", 99)], "bygglov")
    assert choice is not None
    assert choice.reason.sv == "Är den enda som kan ta bygglov."
    assert choice.reason.en == "Is the only one who can take bygglov."


def test_nobody_is_chosen_of_nobody() -> None:
    assert least_burdened([], "serv_stad") is None
    assert chosen([], "serv_stad") is None
    assert "serv_stad" in nobody("serv_stad").sv
    assert "serv_stad" in nobody("serv_stad").en


def test_who_knows_the_case_type_comes_before_who_takes_what_is_left_over() -> None:
    choice = chosen([officer("general", 0, "ovrigt"), officer("sand", 9)], "serv_stad")
    assert choice is not None
    assert choice.officer.name == "sand"


def test_what_nobody_knows_goes_to_those_who_take_what_is_left_over() -> None:
    choice = chosen([officer("sand"), officer("general", 5, "ovrigt"), officer("other", 4, "ovrigt")], "folkol")
    assert choice is not None
    assert choice.officer.name == "other"
    why = "Ingen handläggare kan ta folkol just nu. Har minst antal öppna ärenden (4) av 2 som kan ta ovrigt."
    assert choice.reason.sv == why
    assert choice.reason.en.startswith("No officer can take folkol now. Has the fewest")


def test_a_case_nobody_can_take_waits() -> None:
    assert chosen([officer("sand")], "folkol") is None
    assert chosen([officer("sand")], "ovrigt") is None


def test_who_is_not_active_gets_nothing_and_counts_as_nobody() -> None:
    away, general = officer("sand", active=False), officer("general", 0, "ovrigt")
    assert chosen([away], "serv_stad") is None
    choice = chosen([away, general], "serv_stad")
    assert choice is not None
    assert choice.officer == general


@given(LOADS, st.integers(0, 200))
def test_with_equal_ability_loads_even_out_and_then_differ_by_one_at_most(loads: list[int], count: int) -> None:
    officers = {f"1460-o-{number}": officer(str(number), load) for number, load in enumerate(loads)}
    before = max(loads) - min(loads)
    for _ in range(count):
        choice = chosen(officers.values(), "serv_stad")
        assert choice is not None
        officers[choice.officer.officer_id] = choice.officer.taking(matter())
    after = [one.open_matters for one in officers.values()]
    assert sum(after) == sum(loads) + count
    assert max(after) - min(after) <= max(before, 1)
    if count >= sum(max(loads) - load for load in loads):
        assert max(after) - min(after) <= 1


@given(st.lists(st.builds(officer, st.text("abc", min_size=1), st.integers(0, 3), st.sampled_from(["x", "ovrigt"]))))
def test_the_choice_is_always_able_and_nobody_able_has_less(officers: list[Officer]) -> None:
    choice = chosen(officers, "x")
    able = [one for one in officers if one.takes("x")] or [one for one in officers if one.takes("ovrigt")]
    assert (choice is None) == (not able)
    if choice is not None:
        assert choice.officer in able
        assert choice.officer.open_matters == min(one.open_matters for one in able)
        assert choice.officer.taking(matter("x")).open_matters == choice.officer.open_matters + 1


def test_the_interval_in_force_is_the_newest_that_has_begun() -> None:
    old = Interval(5, date(2026, 1, 1), "house", verified=True)
    new = replace(old, minutes=1, valid_from=date(2026, 6, 1))
    patience = Patience((new, old))
    assert patience.in_force(date(2026, 5, 31)) == old
    assert patience.in_force(date(2026, 6, 1)) == new
    assert patience.in_force(date(2025, 1, 1)) == old
    assert patience.next_look(AT) == AT + timedelta(minutes=1)


def test_every_interval_has_a_source_and_leads_forward() -> None:
    assert INTERVALS
    assert all(one.source and one.minutes > 0 for one in INTERVALS)


def test_ids_are_the_same_each_time_and_tell_the_municipality() -> None:
    assert matter_id_of("1460", "1460-c-1", "bygglov") == matter_id_of("1460", "1460-c-1", "bygglov")
    assert matter_id_of("1460", "1460-c-1", "bygglov") != matter_id_of("1460", "1460-c-1", "folkol")
    assert matter_id_of("1460", "1460-c-1", "bygglov").startswith("1460-m-")
    assert officer_id_of("1460", "lind") == "1460-o-lind"


def test_an_officer_id_that_leaves_no_room_for_the_municipality_says_where() -> None:
    assert len(officer_id_of("1460", "x" * 193)) == 200
    with pytest.raises(Invalid) as refused:
        officer_id_of("1460", "x" * 194)
    assert refused.value.pointer == "/officer_id"
