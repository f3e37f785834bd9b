"""What is signed is believed for what it was signed for, until it ends, with either secret, and nothing else is."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.grant import Grant
from shared.platform.secrets import derived_key
from shared.platform.signed import NotSigned, Signer

AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
LATER = AT + timedelta(minutes=10)
TOLD = Grant(officer="lind", municipality="1460", contact_id="1460-c-1", matter_id="1460-m-1")
OLD, NEW = "o" * 32, "n" * 32
BEFORE, DURING, AFTER = Signer([OLD], "grant"), Signer([NEW, OLD], "grant"), Signer([NEW], "grant")


def refused(signer: Signer, text: str, at: datetime = AT) -> bool:
    try:
        signer.read(text, Grant, at)
    except NotSigned:
        return True
    return False


def test_it_is_believed_until_it_ends() -> None:
    text = BEFORE.sign(TOLD, LATER)
    assert BEFORE.read(text, Grant, LATER - timedelta(seconds=1)) == TOLD
    assert refused(BEFORE, text, LATER)


def test_a_new_secret_is_taken_into_use_without_anybody_being_turned_away() -> None:
    assert DURING.read(BEFORE.sign(TOLD, LATER), Grant, AT) == TOLD
    assert AFTER.read(DURING.sign(TOLD, LATER), Grant, AT) == TOLD
    assert refused(AFTER, BEFORE.sign(TOLD, LATER))


def test_what_was_signed_for_something_else_is_not_believed() -> None:
    assert refused(BEFORE, Signer([OLD], "visit").sign(TOLD, LATER))


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": [1]},
        {"aud": None},
        {"aud": "visit"},
        {"contact_id": None},
        {"municipality": "14600"},
        {"officer": 7},
    ],
)
def test_what_lacks_something_is_not_believed(changed: dict[str, object]) -> None:
    claims = {**TOLD.model_dump(), "aud": "grant", "exp": int(LATER.timestamp()), **changed}
    told = {name: value for name, value in claims.items() if value is not None}
    key = derived_key(OLD, "sign grant")
    try:
        text = jwt.encode(told, key, algorithm="HS256")
    except TypeError:
        text = "x"  # the library does not write what nobody may read
    assert refused(BEFORE, text)


def test_without_a_signature_nothing_is_believed() -> None:
    claims = {**TOLD.model_dump(), "aud": "grant", "exp": int(LATER.timestamp())}
    assert refused(BEFORE, jwt.encode(claims, "", algorithm="none"))


@given(text=st.text() | st.binary().map(bytes.hex))
def test_any_text_is_refused(text: str) -> None:
    assert refused(BEFORE, text)


@given(place=st.integers(0, 400), letter=st.sampled_from("aZ9_-."))
def test_a_changed_letter_breaks_it(place: int, letter: str) -> None:
    text = BEFORE.sign(TOLD, LATER)
    place %= text.rindex(".")
    changed = text[:place] + letter + text[place + 1 :]
    assert changed == text or refused(BEFORE, changed)
