"""What points out a private person is masked in free text, and what does not stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.model.secrecy import Field
from services.intake.rules.masking import MASK, is_personal_number, masked

JUNK = st.text(st.characters(exclude_categories=["Nd", "Cs"]), max_size=12)
BETWEEN = st.sampled_from(["", "-", "+", " ", " - ", ".", "–", "\u00a0", "\u200b", "/", "_", ", "])


def check_digit(nine: str) -> str:
    """The last digit of a personal number, counted as Skatteverket's brochure 704 does: by 2, 1, 2, ..."""
    products = [int(digit) * (2 - place % 2) for place, digit in enumerate(nine)]
    return str(-sum(product // 10 + product % 10 for product in products) % 10)


@st.composite
def personal_numbers(draw: st.DrawFn) -> str:
    """Ten digits: of somebody who is registered in Sweden, or a coordination number."""
    year, month, day, serial = (draw(st.integers(low, high)) for low, high in ((0, 99), (1, 12), (1, 28), (0, 999)))
    nine = f"{year:02d}{month:02d}{day + draw(st.sampled_from([0, 60])):02d}{serial:03d}"
    return nine + check_digit(nine)


@st.composite
def written(draw: st.DrawFn, digits: str) -> str:
    """The number as people may write it: with or without century, with anything between day and serial, or spaced."""
    century = draw(st.sampled_from(["", "19", "20", "18"]))
    whole = century + digits
    if draw(st.booleans()):
        return draw(BETWEEN).join(whole)
    return f"{whole[:-4]}{draw(BETWEEN)}{whole[-4:]}"


def digits_of(text: str) -> str:
    return "".join(letter for letter in text if letter.isdecimal())


@given(st.data(), personal_numbers(), JUNK, JUNK)
def test_no_personal_number_stays_however_it_is_written(
    data: st.DataObject, digits: str, before: str, after: str
) -> None:
    assert is_personal_number(digits)
    text = f"{before}{data.draw(written(digits))}{after}"
    left = masked(text).text
    assert digits not in digits_of(left)
    assert digits[-4:] not in digits_of(left)


@given(st.lists(st.integers(2000, 2050).map(lambda year: f"den {year}-06-01 kl. 14.30"), min_size=1, max_size=3))
def test_days_and_times_stay(days: list[str]) -> None:
    assert masked(" och ".join(days)).text == " och ".join(days)


@pytest.mark.parametrize(
    "text",
    [
        "Vi vill ha uteservering med 45 platser på plan 3.",
        "Glass AB, 556016-0680",
        "Se K 2026/000123.",
        "Hyran är 1 250 000 kr, ytan 120 kvm.",
        "Bengtsfors 1:7, Storgatan 12",
        "2026-06-01–2026-08-31",
    ],
)
def test_what_points_out_nobody_stays(text: str) -> None:
    assert masked(text).text == text


@pytest.mark.parametrize(
    ("text", "left", "found"),
    [
        ("Ring 070-123 45 67!", f"Ring {MASK}!", [Field.PHONE]),
        ("Ring +46 (0)70 1234567", f"Ring {MASK}", [Field.PHONE]),
        ("tel 0531-52 60 00 dagtid", f"tel {MASK} dagtid", [Field.PHONE]),
        ("Skriv till Anna.Glas@x.example.", f"Skriv till {MASK}", [Field.E_MAIL]),
        ("anna (at) x.example", MASK, [Field.E_MAIL]),
        ("Född 900101-0018", f"Född {MASK}", [Field.PERSONAL_NUMBER]),  # mistyped, and written as one
        ("ANNA GLAS ringde, och Annas bror", f"{MASK} {MASK} ringde, och Annas bror", [Field.PERSON]),
        ("Nummer 0 5 3 1 1", f"Nummer {MASK}", [Field.PHONE]),
        ("A\u00adnna ringde", f"{MASK} ringde", [Field.PERSON]),
    ],
)
def test_what_points_out_somebody_is_masked_and_it_is_told_what_it_was(
    text: str, left: str, found: list[Field]
) -> None:
    told = masked(text, ["Anna Glas", "0531-1"])
    assert (told.text, list(told.found)) == (left, found)


def test_only_the_wanted_kinds_are_masked() -> None:
    text = "Anna, anna@x.example"
    assert masked(text, ["Anna Glas"], {Field.E_MAIL}).text == f"Anna, {MASK}"


def test_an_organisation_number_of_a_legal_person_is_no_personal_number() -> None:
    assert not is_personal_number("5560160680")
    assert is_personal_number("9001010017")
    assert not is_personal_number("9001010018")
