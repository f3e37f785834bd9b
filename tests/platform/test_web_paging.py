"""A list comes in pieces that fit together, and a cursor that was changed is refused."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.refusal import Invalid
from shared.platform.web.paging import Key, Page, decoded, encoded
from tests.platform.example_doors import bearer, example, knock

NUMBERS = "/example/v1/1460/numbers"
AT = datetime(2026, 5, 14, 9, 30, tzinfo=timezone(timedelta(hours=2)))

keys = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30),
    st.integers(-(2**63), 2**63 - 1),
    st.datetimes(timezones=st.just(UTC)),
)


@given(st.lists(keys, min_size=1, max_size=3))
def test_a_cursor_gives_back_its_key(values: list[Key]) -> None:
    kinds = [type(value) for value in values]
    assert decoded(encoded(tuple(values), "/list"), kinds, "/list") == tuple(values)


@given(st.one_of(st.text(max_size=80), st.from_regex(r"[A-Za-z0-9_-]{1,80}", fullmatch=True)))
def test_any_other_text_is_no_cursor(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        decoded(text, [str], "/list")
    assert refused.value.pointer == "/query/cursor"


@given(st.integers(0, 200), st.sampled_from("Aa0_-é="))
def test_one_changed_letter_is_noticed(place: int, letter: str) -> None:
    cursor = encoded((AT, "1460-c-1"), "/list")
    place %= len(cursor)
    changed = cursor[:place] + letter + cursor[place + 1 :]
    if changed != cursor:
        with pytest.raises(Invalid):
            decoded(changed, [datetime, str], "/list")


def test_a_cursor_is_written_in_one_way_only() -> None:
    cursor = next(c for c in (encoded(("a" * n,), "/list") for n in range(4)) if len(c) % 4 == 2)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    same_bytes = cursor[:-1] + letters[letters.index(cursor[-1]) ^ 1]
    with pytest.raises(Invalid):
        decoded(same_bytes, [str], "/list")


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        ((1,), [str]),
        (("1",), [int]),
        ((True,), [int]),
        ((2**63,), [int]),
        (("x",), [datetime]),
        ((datetime(2026, 1, 1),), [datetime]),  # noqa: DTZ001
        (("\ud800",), [str]),
        (("a\0",), [str]),
        (("a", "b"), [str]),
    ],
)
def test_a_cursor_of_other_kinds_is_refused(values: tuple[Key, ...], kinds: list[type[Key]]) -> None:
    with pytest.raises(Invalid):
        decoded(encoded(values, "/list"), kinds, "/list")


def test_a_cursor_is_for_the_list_that_gave_it() -> None:
    with pytest.raises(Invalid):
        decoded(encoded(("a",), "/1460/contacts"), [str], "/1440/contacts")


def test_the_last_piece_has_no_cursor() -> None:
    page = Page(2, None, "/list")
    assert page.cut([], lambda row: (row,)) == ([], None)
    assert page.cut(["a", "b"], lambda row: (row,)) == (["a", "b"], None)
    shown, cursor = page.cut(["a", "b", "c"], lambda row: (row,))
    assert shown == ["a", "b"]
    assert cursor is not None
    assert decoded(cursor, [str], "/list") == ("b",)


async def test_pieces_fit_together() -> None:
    seen: list[int] = []
    cursor: str | None = ""
    async with knock(example()) as client:
        while cursor is not None:
            query: dict[str, Any] = {"limit": 7} | ({"cursor": cursor} if cursor else {})
            answer = (await client.get(NUMBERS, params=query, headers=bearer())).json()
            assert len(answer["items"]) <= 7
            seen, cursor = seen + answer["items"], answer["next"]
    assert seen == list(range(50))


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("limit=0", "/query/limit"),
        ("limit=101", "/query/limit"),
        ("limit=x", "/query/limit"),
        ("cursor=x", "/query/cursor"),
        ("cursor=", "/query/cursor"),
        ("cursor=" + "x" * 2001, "/query/cursor"),
        ("cursor=%00%ff", "/query/cursor"),
    ],
)
async def test_a_wrong_page_is_refused_where_it_stands(query: str, where: str) -> None:
    async with knock(example()) as client:
        response = await client.get(f"{NUMBERS}?{query}", headers=bearer())
    assert response.status_code == 422
    assert [wrong["pointer"] for wrong in response.json()["errors"]] == [where]


async def test_twenty_is_usual() -> None:
    async with knock(example()) as client:
        assert len((await client.get(NUMBERS, headers=bearer())).json()["items"]) == 20
