"""Sealed bytes open only where and with what they were sealed; party ids are alike for all and tell nothing."""

import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.platform.secrets import BrokenSeal, Seal, derived_key, party_id

SECRET = "a secret of the tests, long enough"


def seal(secret: str = SECRET, purpose: str = "parked bytes") -> Seal:
    return Seal(secret, purpose, os.urandom)


@given(st.binary(max_size=2000), st.text(st.characters(codec="utf-8"), max_size=20))
def test_what_is_sealed_opens_again(plain: bytes, about: str) -> None:
    sealed = seal().seal(plain, about)
    assert seal().unseal(sealed, about) == plain
    assert len(sealed) == len(plain) + 29


def test_the_nonce_comes_from_outside() -> None:
    fixed = Seal(SECRET, "parked bytes", lambda count: b"n" * count)
    assert fixed.seal(b"same") == fixed.seal(b"same")
    assert fixed.seal(b"same")[1:13] == b"n" * 12
    assert seal().seal(b"same") != seal().seal(b"same")


@given(st.integers(0, 200), st.integers(1, 255))
def test_one_changed_byte_breaks_the_seal(place: int, flip: int) -> None:
    sealed = bytearray(seal().seal(b"what somebody wrote"))
    sealed[place % len(sealed)] ^= flip
    with pytest.raises(BrokenSeal):
        seal().unseal(bytes(sealed))


@given(st.binary(max_size=60))
def test_any_other_bytes_are_refused(junk: bytes) -> None:
    with pytest.raises(BrokenSeal):
        seal().unseal(junk)


def test_another_key_purpose_or_place_does_not_open_it() -> None:
    sealed = seal().seal(b"plain", "1460-x-1")
    for other, about in ((seal("another secret of the same tests!"), "1460-x-1"), (seal(purpose="mail"), "1460-x-1")):
        with pytest.raises(BrokenSeal):
            other.unseal(sealed, about)
    with pytest.raises(BrokenSeal):
        seal().unseal(sealed, "1460-x-2")


def test_a_party_id_is_the_same_however_the_number_is_written() -> None:
    ids = {party_id(SECRET, "1460", number) for number in ("556036-0793", "5560360793", "165560360793", " 556036 0793")}
    assert len(ids) == 1
    assert re.fullmatch(r"1460-p-[a-z2-7]{26}", ids.pop())


def test_a_party_id_differs_by_municipality_number_and_secret() -> None:
    number = "5560360793"
    ids = {
        party_id(SECRET, "1460", number),
        party_id(SECRET, "1440", number),
        party_id(SECRET, "1460", "5560360801"),
        party_id("x" * 32, "1460", number),
    }
    assert len(ids) == 4


@given(st.text(max_size=20))
def test_a_wrong_number_is_refused_without_repeating_it(number: str) -> None:
    if re.fullmatch(r"[0-9]{10}([0-9]{2})?", re.sub(r"[\s-]", "", number)):
        return
    with pytest.raises(ValueError) as refused:
        party_id(SECRET, "1460", number)
    assert str(refused.value) == "an organisation number has ten digits"


def test_keys_of_different_purposes_are_unrelated() -> None:
    assert len(derived_key(SECRET, "one")) == 32
    assert derived_key(SECRET, "one") != derived_key(SECRET, "two")
