"""Who may what: every door of intake, every role, two municipalities, and nothing of one that is told in the other."""

from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.pages import site
from shared.platform.web.who import ROLES
from tests.intake.asking import LISTS, NAMED, WORDS, Asked, Town, doors_of
from tests.intake.two_towns import TwoTowns, filled, token_of
from tests.intake.who_may import ANYBODY, DOORS, NOBODY, OF_NO_MUNICIPALITY, Door

A, B = WORDS
BELOW = "/intake/v1/{municipality}"
EACH = [*ROLES, NOBODY]
AS_CSV = {"Accept": "text/csv"}
TELLS = [
    *(("GET", path) for path in LISTS if path != "/disclosures"),
    ("GET", "/disclosures"),
    ("GET", "/contacts/{contact_id}"),
    ("GET", "/contacts/{contact_id}/secrecy"),
    ("GET", "/parties/{party_id}/export"),
    ("GET", "/parked/{parking_id}"),
    ("POST", "/companies/search"),
    ("POST", "/contacts/{contact_id}/hand-over"),
    ("POST", "/contacts/{contact_id}/case-types"),
    ("POST", "/{kind}/{subject_id}/holds/lifting"),
]
"""Doors that tell whoever may come in something of the town: were nothing there, nothing could leak."""


@pytest.fixture(scope="module", autouse=True)
def both() -> Iterator[None]:
    """Filled before a loop runs; the door of codes does not take its time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site, "STEADY_SECONDS", 0)
        filled()
        yield


@pytest.fixture
def towns() -> TwoTowns:
    towns = filled()
    towns.afresh()
    return towns


def test_every_door_is_in_the_table_and_no_other() -> None:
    found = set(doors_of(filled().app))
    for method, path in sorted(found):
        door = method, path.removeprefix(BELOW)
        known = door in DOORS if path.startswith(BELOW) else path in OF_NO_MUNICIPALITY
        assert known, f"{method} {path} is new: say in tests/intake/who_may.py who may come in, and why"
    gone = [door for door in DOORS if (door[0], BELOW + door[1]) not in found]
    assert not gone, "these are in tests/intake/who_may.py and not in the app"
    documented = filled().app.openapi()["paths"]
    told = {(method.upper(), path) for path, methods in documented.items() for method in methods}
    assert told <= found, "the walk is blind there"


def test_every_role_is_in_the_table() -> None:
    assert {*ROLES, NOBODY} == ANYBODY


@pytest.mark.parametrize("door", DOORS, ids=" ".join)
async def test_a_door_lets_in_whom_it_should_and_nobody_else(towns: TwoTowns, door: Door) -> None:
    here = towns.towns[A]
    for role in EACH:
        answer = await towns.knock(Asked(door, here, here), _roles(role), frozenset({A}))
        assert _refusal(answer.status_code) == _expected(door, _roles(role), here, frozenset({A})), role
        towns.afresh()


@pytest.mark.parametrize("door", DOORS, ids=" ".join)
async def test_nobody_comes_in_with_a_token_of_another_municipality(towns: TwoTowns, door: Door) -> None:
    here, there = towns.towns[A], towns.towns[B]
    for role in (one for one in ROLES if NOBODY not in DOORS[door]):
        answer = await towns.knock(Asked(door, here, here), _roles(role), frozenset({B}))
        assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
        assert not any(town.told_in(answer) for town in (here, there))


@pytest.mark.parametrize("door", TELLS, ids=" ".join)
async def test_whoever_may_come_in_is_told_something_of_their_own(towns: TwoTowns, door: Door) -> None:
    here = towns.towns[A]
    answer = await towns.knock(Asked(door, here, here), _roles(sorted(DOORS[door])[-1]), frozenset({A}))
    assert answer.status_code < 300, answer.text
    assert here.told_in(answer)


@pytest.mark.parametrize("door", DOORS, ids=" ".join)
async def test_whoever_may_come_in_is_told_nothing_of_the_other_town(towns: TwoTowns, door: Door) -> None:
    for role, code in product(sorted(DOORS[door]), WORDS):
        here, there = towns.towns[code], towns.towns[B if code == A else A]
        for cursor in (None, there.cursors.get(door[1])):
            await nothing_leaks(Asked(door, here, there, cursor=cursor), _roles(role), frozenset({A, B}))
            await nothing_leaks(Asked(door, here, there, cursor=cursor), _roles(role), frozenset({code}))
        answer = await towns.knock(Asked(door, here, there), _roles(role), frozenset({code}), shown=AS_CSV)
        assert not there.told_in(answer)


async def test_who_registers_and_may_not_answer_does_not_answer_by_registering(towns: TwoTowns) -> None:
    answered = {"channel": "letter", "wish": "Hej.", "answered": {"case_type": "serv_tillf"}}
    for role, status in (("receptionist", 201), ("registrar", 403)):
        assert (await towns.ask(towns.towns[A], role, "POST", "/contacts", answered)).status_code == status


async def test_a_token_without_roles_opens_nothing(towns: TwoTowns) -> None:
    for door in DOORS:
        here = towns.towns[A]
        headers = {"Authorization": f"Bearer {token_of('anna', frozenset(), frozenset({A}))}"}
        answer = await towns.client.send(Asked(door, here, here).request(towns.client, headers))
        assert (answer.status_code == 403) == (NOBODY not in DOORS[door])


@pytest.mark.parametrize("path", OF_NO_MUNICIPALITY)
async def test_what_is_open_to_all_tells_nothing_of_any_town(towns: TwoTowns, path: str) -> None:
    answer = await towns.client.get(path)
    assert answer.status_code in (200, 503)
    assert not any(WORDS[code].encode() in answer.content for code in WORDS)


askings = st.builds(
    Asked,
    door=st.sampled_from(sorted(DOORS)),
    at=st.sampled_from([A, B]).map(lambda code: filled().towns[code]),
    about=st.sampled_from([A, B]).map(lambda code: filled().towns[code]),
    taken=st.just(NAMED) | st.frozensets(st.sampled_from(sorted(NAMED))),
)
role_sets, of_towns = st.frozensets(st.sampled_from(ROLES), max_size=3), st.frozensets(st.sampled_from([A, B]))


@settings(max_examples=150)
@given(asked=askings, cursor_of=st.sampled_from(["", A, B]), roles=role_sets, of=of_towns)
async def test_nothing_of_a_town_is_told_at_another_towns_address(
    asked: Asked, cursor_of: str, roles: frozenset[str], of: frozenset[str]
) -> None:
    asked.cursor = filled().towns[cursor_of].cursors.get(asked.door[1]) if cursor_of else None
    await nothing_leaks(asked, roles, of)


async def nothing_leaks(asked: Asked, roles: frozenset[str], of: frozenset[str]) -> None:
    """Whatever is asked by whom, with whose ids and cursors: the wrong ones are refused, and told nothing."""
    towns = filled()
    towns.afresh()
    answer = await towns.knock(asked, roles, of)
    assert _refusal(answer.status_code) == _expected(asked.door, roles, asked.at, of)
    for town in towns.towns.values():
        foreign = town is not asked.at
        assert not (foreign or _refusal(answer.status_code)) or not town.told_in(answer)


@pytest.mark.parametrize("code", WORDS)
@pytest.mark.parametrize("path", LISTS)
async def test_a_cursor_of_another_towns_list_is_no_cursor(towns: TwoTowns, path: str, code: str) -> None:
    here = towns.towns[code]
    there = towns.towns[B if code == A else A]
    for cursor, status in ((here.cursors[path], 200), (there.cursors[path], 422)):
        asked = Asked(("GET", path), here, here, cursor=cursor)
        answer = await towns.knock(asked, _roles(sorted(DOORS["GET", path])[-1]), frozenset({code}))
        assert answer.status_code == status
        assert not there.told_in(answer)


def _roles(role: str) -> frozenset[str]:
    return frozenset({role} - {NOBODY})


def _refusal(status: int) -> int | None:
    return status if status in (401, 403) else None


def _expected(door: Door, roles: frozenset[str], at: Town, of: frozenset[str]) -> int | None:
    """401 for nobody, 403 for the wrong role, the wrong municipality, or a publisher that is not registered there."""
    if NOBODY in DOORS[door]:
        return None
    if not roles:
        return 401
    return None if DOORS[door] & roles and at.code in of and _is_registered(door, at, of) else 403


def _is_registered(door: Door, at: Town, of: frozenset[str]) -> bool:
    """Who publishes goes by a name, and `knock` names the first municipality's."""
    return door != ("POST", "/events") or at.code == min(of)
