"""The referee of the kill test sees what is wrong: each kind of it, made on purpose."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.referee import Heard
from tests.kills.plan import FILE, TOWNS, Expected, Form, plan
from tests.kills.referee import Evidence, Row, Verdict, judge
from tests.kills.run import FULL, form_of, steps

WANTED, EXPECTED = plan(Form(7, 90, 0, 2))
FILED = next(one for one in WANTED if one.has_file)


def contact(number: int, name: str, **changes: Any) -> dict[str, Any]:
    files = [{"sha256": EXPECTED.sha256}] if name in EXPECTED.filed else []
    plain = {"contact_id": f"id-{name}", "wish": f"Hej. [{name}]", "number": f"K 2026/{number:06d}"}
    return {**plain, "registered_at": "2026-11-24T10:00:00Z", "attachments": files, **changes}


def said(contact_id: str, sequence: int = 1, type_: str = "contact-registered") -> Heard:
    return Heard("intake.contacts.v1", f"se.kommunkontakt.intake.{type_}.v1", contact_id, 1, sequence, {})


def evidence() -> Evidence:
    contacts = {town: [contact(nth, name) for nth, name in enumerate(EXPECTED.names[town], 1)] for town in TOWNS}
    told = {one.name: [f"id-{one.name}"] for one in WANTED if one.way != "kafka"}
    return Evidence(contacts, [said(f"id-{one.name}") for one in WANTED], told)


def with_rows(found: Evidence, rows: Sequence[Row]) -> Evidence:
    return replace(found, contacts={**found.contacts, "1460": rows})


def kinds(verdict: Verdict) -> tuple[int, int, int, int]:
    return len(verdict.lost), len(verdict.doubled), len(verdict.gaps), len(verdict.wrong)


def test_a_run_in_which_all_is_well_is_found_so() -> None:
    verdict = judge(evidence(), EXPECTED)
    assert verdict.problems == []
    assert sum(verdict.kept[town] for town in TOWNS) == 90


def test_a_relay_that_says_the_same_event_again_has_done_nothing_wrong() -> None:
    found = evidence()
    assert judge(replace(found, heard=[*found.heard, *found.heard]), EXPECTED).problems == []


def test_a_lost_contact_is_seen_by_its_name_and_by_what_clients_were_told() -> None:
    found, rows = evidence(), list(evidence().contacts["1460"])
    last = rows.pop()
    verdict = judge(with_rows(found, rows), EXPECTED)
    assert [one.split()[1] in last["wish"] for one in verdict.lost] == [True]
    assert kinds(verdict) == (1, 0, 0, 2 if not last["wish"].startswith("Hej. [kafka") else 1)


def test_a_doubled_contact_is_seen() -> None:
    found, rows = evidence(), list(evidence().contacts["1460"])
    name = next(one for one in EXPECTED.names["1460"] if one.startswith("kafka"))
    twin = contact(len(rows) + 1, name, contact_id="twin")
    verdict = judge(replace(with_rows(found, [*rows, twin]), heard=[*found.heard, said("twin")]), EXPECTED)
    assert kinds(verdict) == (0, 1, 0, 0)


def test_a_contact_of_nobody_or_of_another_municipality_is_seen() -> None:
    found, rows = evidence(), list(evidence().contacts["1460"])
    stray = contact(len(rows) + 1, EXPECTED.names["1438"][0])
    assert "belongs elsewhere" in " ".join(judge(with_rows(found, [*rows, stray]), EXPECTED).wrong)
    nobody = {**stray, "wish": "Hej."}
    assert "wanted by nobody" in " ".join(judge(with_rows(found, [*rows, nobody]), EXPECTED).wrong)


@pytest.mark.parametrize(
    ("number", "expected"),
    [("K 2026/000001", (0, 1, 0, 0)), ("K 2026/000999", None), ("K 2025/000003", None), (None, None)],
)
def test_a_number_that_is_doubled_skipped_of_another_year_or_missing_is_seen(
    number: str | None, expected: tuple[int, int, int, int] | None
) -> None:
    rows = list(evidence().contacts["1460"])
    rows[-1] = {**rows[-1], "number": number}
    verdict = judge(with_rows(evidence(), rows), EXPECTED)
    assert verdict.problems
    assert expected in (None, kinds(verdict))


def test_a_gap_is_seen_even_where_the_last_number_is_right() -> None:
    rows = list(evidence().contacts["1460"])
    rows[2] = {**rows[2], "number": rows[3]["number"]}
    assert kinds(judge(with_rows(evidence(), rows), EXPECTED)) == (0, 1, 1, 0)


def test_what_a_client_was_told_must_be_what_is_there_each_time() -> None:
    found = evidence()
    told = {**found.told, FILED.name: [f"id-{FILED.name}", "another"]}
    assert kinds(judge(replace(found, told=told), EXPECTED)) == (0, 0, 0, 1)


def test_a_file_that_is_missing_or_there_twice_is_seen() -> None:
    found = evidence()
    rows = {town: [dict(row) for row in found.contacts[town]] for town in TOWNS}
    [row] = [row for row in rows[FILED.town] if FILED.name in row["wish"]]
    for had in ([], row["attachments"] * 2, [{"sha256": "other"}]):
        row["attachments"] = had
        assert kinds(judge(replace(found, contacts=rows), EXPECTED)) == (0, 0, 0, 1)


def test_what_was_said_twice_never_or_of_nobody_is_seen() -> None:
    found = evidence()
    first, *others = found.heard
    assert kinds(judge(replace(found, heard=others), EXPECTED)) == (1, 0, 0, 0)
    assert kinds(judge(replace(found, heard=[*found.heard, said(first.subject, 2)]), EXPECTED)) == (0, 1, 0, 0)
    assert kinds(judge(replace(found, heard=[*found.heard, said("nobody")]), EXPECTED)) == (0, 0, 0, 1)
    parked = said("1460-c", type_="event-parked")
    assert kinds(judge(replace(found, heard=[*found.heard, parked]), EXPECTED)) == (0, 0, 0, 1)


def test_a_plan_is_the_same_for_the_same_seed_and_form_and_another_for_another() -> None:
    assert plan(Form(7, 90, 0, 2)) == (WANTED, EXPECTED)
    assert plan(Form(8, 90, 0, 2)) != (WANTED, EXPECTED)
    assert sorted(name for names in EXPECTED.names.values() for name in names) == sorted(one.name for one in WANTED)
    assert len(FILE) > 10_000


def test_a_form_is_told_by_the_environment_and_reaches_every_step() -> None:
    assert form_of({"SEED": "3", "EVENTS": "50"}) == Form(3, 50, FULL["KILLS"], FULL["INSTANCES"])
    assert FULL["KILLS"] // 2 >= len(steps()) > 20


def test_expectations_are_read_back_as_they_were_written(tmp_path: Any) -> None:
    EXPECTED.write(tmp_path / "expected.json")
    assert Expected.read(tmp_path / "expected.json") == EXPECTED
