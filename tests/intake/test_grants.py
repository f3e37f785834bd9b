"""An officer reads a contact with a grant for it, and without one nothing; whoever has a role for it needs none."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.grant import Grant
from shared.platform.settings import DEVELOPMENT_SECRET
from shared.platform.signed import Signer
from tests.intake.asking import WORDS, Asked
from tests.intake.settled import AT
from tests.intake.test_who_may import both
from tests.intake.two_towns import TwoTowns, filled
from tests.intake.who_may import DOORS, WITH_GRANT, Door

__all__ = ["both"]

A, B = WORDS
OFFICER = frozenset({"officer"})
SIGNER = Signer([DEVELOPMENT_SECRET], "grant")
LATER = AT + timedelta(minutes=10)


def told(town: str = A, **members: str) -> Grant:
    ids = filled().towns[town].ids
    usual = {"officer": "lind", "municipality": town, "contact_id": ids["contact_id"], "matter_id": f"{town}-m-1"}
    return Grant(**{**usual, **members})


async def knock(door: Door, grant: str | None, who: str = "lind", of: str = A, about: str = A) -> httpx.Response:
    towns = filled()
    towns.afresh()
    headers = {} if grant is None else {"Grant": grant}
    return await towns.knock(Asked(door, towns.towns[of], towns.towns[about]), OFFICER, frozenset({of}), who, headers)


def for_door(door: Door, **members: str) -> Grant:
    """The grant that opens a door in A: attachments are another contact's there."""
    mailed = {"contact_id": filled().towns[A].ids["mailed"]} if "attachment_id" in door[1] else {}
    return told(**{**mailed, **members})


@pytest.mark.parametrize("door", sorted(WITH_GRANT), ids=" ".join)
async def test_with_a_grant_an_officer_comes_in(door: Door) -> None:
    answer = await knock(door, SIGNER.sign(for_door(door), LATER))
    assert answer.status_code in (200, 201)
    assert door[0] == "POST" or filled().towns[A].told_in(answer)


@pytest.mark.parametrize("door", sorted(WITH_GRANT), ids=" ".join)
async def test_without_one_they_are_told_how_to_get_one(door: Door) -> None:
    answer = await knock(door, None)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/grant-missing")
    assert "/routing/v1/{municipality}/matters/{matter_id}/grants" in answer.json()["detail"]
    assert not filled().towns[A].told_in(answer)


WRONG: dict[str, Any] = {
    "another officer's": lambda door: SIGNER.sign(for_door(door, officer="sand"), LATER),
    "another contact's": lambda door: SIGNER.sign(for_door(door, contact_id=f"{A}-c-x"), LATER),
    "another municipality's": lambda door: SIGNER.sign(for_door(door, municipality=B), LATER),
    "ended": lambda door: SIGNER.sign(for_door(door), filled().clock.now()),
    "signed by somebody else": lambda door: Signer(["x" * 32], "grant").sign(for_door(door), LATER),
    "signed for something else": lambda door: Signer([DEVELOPMENT_SECRET], "visit").sign(for_door(door), LATER),
    "nothing": lambda door: "x",
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("door", sorted(WITH_GRANT), ids=" ".join)
async def test_a_grant_that_does_not_hold_opens_nothing(door: Door, wrong: str) -> None:
    answer = await knock(door, WRONG[wrong](door))
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/grant-wrong")
    assert not filled().towns[A].told_in(answer)


texts = st.sampled_from(["lind", "sand"])
codes = st.sampled_from([A, B])


@settings(max_examples=150)
@given(
    door=st.sampled_from(sorted(DOORS)),
    granted=st.tuples(texts, codes, codes),
    until=st.integers(-20, 20),
    secret=st.sampled_from([DEVELOPMENT_SECRET, "x" * 32]),
    who=texts,
    of=codes,
    about=codes,
)
async def test_a_grant_opens_the_one_contact_to_the_one_officer_for_its_time(
    door: Door, granted: tuple[str, str, str], until: int, secret: str, who: str, of: str, about: str
) -> None:
    towns, (officer, code, contact_of) = filled(), granted
    of_attachment = "mailed" if "attachment_id" in door[1] else "contact_id"
    named = towns.towns[contact_of].ids[of_attachment]
    grant = Grant(officer=officer, municipality=code, contact_id=named, matter_id="1460-m-1")
    text = Signer([secret], "grant").sign(grant, towns.clock.now() + timedelta(minutes=until))
    answer = await knock(door, text, who, of, about)
    holds = (officer, code, contact_of) == (who, of, about) and until > 0 and secret == DEVELOPMENT_SECRET
    opens = bool(OFFICER & DOORS[door]) or "" in DOORS[door] or (door in WITH_GRANT and holds)
    assert (answer.status_code == 403) == (not opens)
    assert not towns.towns[B if of == A else A].told_in(answer)


async def test_whoever_has_a_role_for_it_needs_no_grant_and_a_wrong_one_hinders_nobody() -> None:
    towns: TwoTowns = filled()
    here, door = towns.towns[A], ("GET", "/contacts/{contact_id}")
    asked = Asked(door, here, here)
    answer = await towns.knock(asked, frozenset({"officer", "registrar"}), frozenset({A}), "bo", {"Grant": "x"})
    assert answer.status_code == 200
