"""What `make demo-intake` insists on: whatever is not as it must be is said in a sentence."""

from collections.abc import Callable
from copy import deepcopy
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from stack.demo_contacts import NotSo, insist, insist_same, is_settled, table
from stack.demo_form import Page

WORDS = [
    {"case_type": "serv_stad", "words": [{"text": "Krog"}, {"text": "krog"}, {"text": "öppnar krog"}, {"text": "vin"}]}
]
BY = ("receptionist", "mail", "form", "e-services")
Contacts = list[dict[str, Any]]


def contacts() -> Contacts:
    """Four contacts as they must be."""
    return [_answered() if by == "receptionist" else _taken(place, by) for place, by in enumerate(BY)]


def _contact(place: int, by: str) -> dict[str, Any]:
    told = {
        "contact_id": f"c{place}",
        "number": f"K 2026/{place:06d}",
        "registered_by": by,
        "wish": "Vi vill. (demo 1)",
    }
    return {**told, "suggestion": {"types": deepcopy(WORDS)}, "answered": None, "held": [], "answer_by": None}


def _answered() -> dict[str, Any]:
    return {**_contact(0, "receptionist"), "state": "answered", "answered": {"card": "serv_tillf v1"}}


def _taken(place: int, by: str) -> dict[str, Any]:
    held = [{"case_type": "ovrigt", "name": "Karin Lind"}]
    by_then = "2026-11-25T15:30:00Z"
    return {**_contact(place, by), "state": "taken", "case_types": ["ovrigt"], "held": held, "answer_by": by_then}


IDS = [one["contact_id"] for one in contacts()]


def test_four_contacts_as_they_must_be_are_shown_with_number_words_and_outcome() -> None:
    insist(contacts(), IDS, IDS)
    console = Console(width=200, record=True, file=StringIO())
    console.print(table(contacts(), "(demo 1)"))
    shown = console.export_text()
    for told in (
        "K 2026/000003",
        "serv_stad «öppnar krog, vin»",
        "serv_tillf v1",
        "Karin Lind (ovrigt)",
        "2026-11-25 15:30 UTC",
    ):
        assert told in shown
    assert "(demo 1)" not in shown


def once_more(found: Contacts) -> None:
    found.append({**_taken(4, "mail")})


def one_less(found: Contacts) -> None:
    found.pop()


def the_same_number(found: Contacts) -> None:
    found[1]["number"] = found[0]["number"]


def no_number(found: Contacts) -> None:
    found[1]["number"] = None


def nothing_suggested(found: Contacts) -> None:
    found[2]["suggestion"]["types"] = []


def suggested_without_words(found: Contacts) -> None:
    found[2]["suggestion"]["types"][0]["words"] = []


def answered_without_a_card(found: Contacts) -> None:
    found[0]["answered"]["card"] = None


def with_nobody(found: Contacts) -> None:
    found[3]["state"] = "handed-over"


def with_somebody_without_a_name(found: Contacts) -> None:
    found[3]["held"][0]["name"] = None


def with_somebody_for_another_case_type(found: Contacts) -> None:
    found[3]["case_types"] = ["ovrigt", "bygglov"]


SPOILT = (
    once_more,
    one_less,
    the_same_number,
    no_number,
    nothing_suggested,
    suggested_without_words,
    answered_without_a_card,
    with_nobody,
    with_somebody_without_a_name,
    with_somebody_for_another_case_type,
)


@pytest.mark.parametrize("spoil", SPOILT, ids=lambda spoil: spoil.__name__)
def test_what_is_not_as_it_must_be_is_said(spoil: Callable[[Contacts], None]) -> None:
    found = contacts()
    spoil(found)
    with pytest.raises(NotSo):
        insist(found, [one["contact_id"] for one in found], [])


def test_a_contact_that_was_registered_twice_or_never_is_not_so() -> None:
    for said in ([*IDS, IDS[1]], IDS[1:]):
        with pytest.raises(NotSo, match="said to be registered"):
            insist(contacts(), said, [])


def test_somebody_who_was_told_of_another_contact_is_not_so() -> None:
    with pytest.raises(NotSo, match="c9"):
        insist(contacts(), IDS, ["c9"])


def test_two_different_answers_to_the_same_are_not_so() -> None:
    insist_same("The mail", "c1", "c1")
    with pytest.raises(NotSo, match="The mail came twice and was answered c1 and then c2"):
        insist_same("The mail", "c1", "c2")


def test_what_nobody_has_yet_is_waited_for() -> None:
    assert all(map(is_settled, contacts()))
    assert not is_settled({"state": "handed-over"})


def test_a_form_is_read_as_a_browser_reads_it() -> None:
    page = Page.of(
        '<form method="post" action="/form?language=sv"><input type="hidden" name="form_id" value="f1">'
        '<textarea name="wish">\nVi vill.</textarea>'
        '<input type="checkbox" name="yes" value="1"><input type="file" name="a">'
        '<select name="code"><option value="">-</option><option value="bygglov" selected>Bygglov</option></select>'
        "</form>"
        '<dl><dd class="number">K 2026/000001</dd><dd class="code"><span>AB</span>-<wbr><span>CD</span></dd></dl>'
    )
    assert page.action == "/form?language=sv"
    assert page.fields == {"form_id": "f1", "wish": "Vi vill.", "code": "bygglov"}
    assert page.choices == {"code": ["", "bygglov"]}
    assert page.terms == {"number": "K 2026/000001", "code": "AB-CD"}
