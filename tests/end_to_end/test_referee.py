"""The referee itself: it sees what it is there to see."""

from stack.demo_client import Heard
from tests.end_to_end.expectations import POISON, Expected, plan
from tests.end_to_end.referee import judge

CONTACT = "se.kommunkontakt.intake.contact-registered.v1"
MATTER = "se.kommunkontakt.routing.matter-assigned.v1"


def contact(reference: str, sequence: int = 1) -> Heard:
    return Heard("intake.contacts.v1", CONTACT, f"c-{reference}", sequence, said(reference))


def said(reference: str) -> dict[str, str]:
    return {"reference": reference, "contact_id": f"c-{reference}"}


def matter(reference: str, name: str = "m") -> Heard:
    return Heard("routing.matters.v1", MATTER, f"{name}-{reference}", 1, {"contact_id": f"c-{reference}"})


def mails(*names: str) -> list[dict[str, str]]:
    return [{"MessageID": f"<{name}@kommun.example>"} for name in names]


def whole() -> tuple[list[Heard], list[dict[str, str]], Expected]:
    return [contact("1"), matter("1")], mails("a", "b"), Expected(contacts={"1"})


def test_a_whole_run_is_clean() -> None:
    heard, sent, expected = whole()
    assert judge(heard, sent, set(), expected).clean


def test_a_lost_contact_is_seen() -> None:
    heard, sent, expected = whole()
    assert judge(heard[1:], sent, set(), expected).lost


def test_a_lost_mail_is_seen() -> None:
    heard, _, expected = whole()
    assert judge(heard, mails("a"), set(), expected).lost == ["1 mails"]


def test_a_matter_opened_twice_is_seen() -> None:
    heard, sent, expected = whole()
    assert judge([*heard, matter("1", "again")], sent, set(), expected).twice


def test_a_mail_twice_is_seen_unless_the_ledger_tells_of_it() -> None:
    heard, _, expected = whole()
    doubled = mails("a", "b", "b")
    assert judge(heard, doubled, set(), expected).twice
    assert judge(heard, doubled, {"b@kommun.example"}, expected).clean


def test_a_hole_is_disorder_and_a_repeat_on_the_wire_is_not() -> None:
    heard, sent, expected = whole()
    assert judge([*heard, contact("1", 3)], sent, set(), expected).disordered
    assert judge([heard[0], *heard], sent, set(), expected).clean


def test_poison_that_nobody_told_back_is_seen() -> None:
    heard, sent, expected = whole()
    expected.rejected.add(("/seeded", "x"))
    assert judge(heard, sent, set(), expected).poison


def test_the_plan_holds_its_numbers() -> None:
    sent, expected = plan(7, 1000, 5)
    assert len(sent) == 1000
    assert expected.poison == dict.fromkeys(POISON, 5)
    assert len(expected.rejected) == 15
    assert expected.rejected_without_identity == 10
