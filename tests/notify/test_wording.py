"""What people read: in their language, safe in a header, and never more than they should know."""

from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.wording import en, sv
from services.notify.wording.facts import (
    ContactInTrouble,
    Facts,
    MatterGiven,
    NewsInMatter,
    OfficerFound,
    TimeToProcure,
)
from services.notify.wording.one_line import one_line
from services.notify.wording.texts import text_of


def all_facts(name: str | None = "Glass AB", wild: str = "Karin Lind", verified: bool = False) -> Iterator[Facts]:
    yield OfficerFound(name, wild, "serv_stad", "1460-m-1")
    yield MatterGiven(name, "eget:slag", "1460-m-1", f"{wild} sv", f"{wild} en")
    yield NewsInMatter(name, "eget:slag", "1460-m-1", "1460-c-2")
    yield ContactInTrouble(name, "1460", "1460-c-1", None, "bounced", ("eget:slag", "va"), None, 2)
    yield TimeToProcure(name, "1460-a-1", wild, date(2027, 8, 31), date(2026, 8, 31), wild, wild, verified)


@pytest.mark.parametrize(
    ("language", "hello"), [("sv", "Hej"), ("SV-FI", "Hej"), ("en", "Hello"), ("fi", "Hello"), ("svx", "Hello")]
)
def test_each_language_has_every_text(language: str, hello: str) -> None:
    for facts in all_facts():
        text = text_of(facts, language)
        assert text.wording == facts.wording
        assert text.body.startswith(f"{hello} Glass AB!")
        assert text.subject


def test_who_has_no_name_is_greeted_all_the_same() -> None:
    for language, hello in (("sv", "Hej!\n"), ("en", "Hello!\n")):
        for name in (None, " \n"):
            assert all(text_of(facts, language).body.startswith(hello) for facts in all_facts(name))


def test_the_reason_is_told_in_the_language_of_the_reader() -> None:
    given = MatterGiven("A", "ovrigt", "1460-m-1", "Minst belastad.", "Least burdened.")
    assert "Minst belastad." in text_of(given, "sv").body
    assert "Least burdened." in text_of(given, "en").body


def test_a_case_type_is_called_by_its_name_and_an_unknown_one_by_its_code() -> None:
    found, given, news, *_ = all_facts()
    assert "stadigvarande serveringstillstånd" in text_of(found, "sv").body
    assert "permanent licence to serve alcohol" in text_of(found, "en").body
    assert text_of(given, "sv").subject == "Nytt ärende: eget:slag"
    assert text_of(news, "sv").subject == "Nytt i ditt ärende: eget:slag"
    assert sv.CASE_TYPES.keys() == en.CASE_TYPES.keys()


def test_a_rule_that_is_not_verified_says_so() -> None:
    for verified in (True, False):
        procure = list(all_facts(verified=verified))[-1]
        assert ("ej verifierad uppgift" in text_of(procure, "sv").body) is not verified
        assert ("not verified" in text_of(procure, "en").body) is not verified


@given(st.text(min_size=1, max_size=300), st.sampled_from(["sv", "en"]))
def test_what_others_wrote_never_breaks_a_line_or_a_header(wild: str, language: str) -> None:
    lines = [text_of(facts, language).body.count("\n") for facts in all_facts()]
    for facts, usual in zip(all_facts(wild=wild), lines, strict=True):
        text = text_of(facts, language)
        assert text.body.count("\n") == usual
        assert text.subject.splitlines() == [text.subject]
        assert text.subject.isprintable()
        assert len(text.subject) < 160


def test_a_long_text_is_cut_with_a_mark() -> None:
    assert one_line("a" * 300, 10) == "a" * 9 + "…"
    assert one_line("a\r\nBcc: b\u202e\tc") == "a Bcc: b c"
