"""Companies from a file: taken in once, updated by a later file, and what is wrong is told without repeating it."""

from pathlib import Path

import pytest
from rich.console import Console

from services.intake.commands.import_companies import Outcome, import_text, write_errors
from services.intake.commands.reindex import reindex
from services.intake.rules.importing import LONGEST, WrongFile, decoded, lines_of
from shared.platform.desk import Desk
from tests.intake.at_doors import AtDoors
from tests.intake.settled import Intake

HEAD = "organisation_number;name;phone;e_mail;contact_name;contact_role\n"
ASA = "556016-0680;Åsas Café AB;0531-123 45;kontakt@asa.example;Åsa Öberg;VD\n"


async def taken(intake: Intake, text: str) -> Outcome:
    return await import_text(Desk(intake.hearing), text, "1460", Console(quiet=True))


async def test_a_company_and_who_speaks_for_it_are_taken_in_and_found() -> None:
    intake = Intake()
    outcome = await taken(intake, HEAD + ASA)
    assert (outcome.rows, outcome.changed, outcome.refused) == (1, 2, [])
    async with AtDoors() as doors:
        doors.database.rows = intake.database.rows
        for q in ("asas", "åsa ö", "5560160680", "0531 12345"):
            [hit] = (await doors.post("/companies/search", {"q": q})).json()["items"]
            assert (hit["name"], hit["persons"][0]["name"]) == ("Åsas Café AB", "Åsa Öberg")


async def test_the_same_file_again_changes_nothing_and_a_later_one_updates() -> None:
    intake = Intake()
    await taken(intake, HEAD + ASA)
    before = await intake.database.find("parties", {})
    assert (await taken(intake, HEAD + ASA)).changed == 0
    assert await intake.database.find("parties", {}) == before
    assert (await taken(intake, HEAD + ASA.replace("0531-123 45", "0531-999 99").replace("VD", ""))).changed == 1
    phones = {party["phone"] for party in await intake.kept("parties")}
    assert phones == {"0531-999 99", None}
    assert [one["phone"] for one in await intake.said("party-declared")] == ["0531-123 45", "0531-999 99"]


async def test_a_wrong_row_is_told_with_its_line_column_and_reason_and_stops_no_other(tmp_path: Path) -> None:
    intake = Intake()
    text = HEAD + "556016-0681;Fel AB;;;;\n" + ASA + ";Utan AB;;;;\n556677-8899;X AB;;not-mail;;\n"
    unfit = f";;;;;\n556677-8899;{'lång ' * 200};;;;\n556677-8899;A\tB;;;;\n"
    outcome = await taken(intake, text + unfit)
    assert (outcome.rows, outcome.changed) == (6, 2)
    write_errors(outcome.refused, tmp_path / "errors.csv")
    assert (tmp_path / "errors.csv").read_text() == (
        "row,column,reason\n"
        "2,organisation_number,not a valid organisation number\n"
        "4,organisation_number,missing\n"
        "5,e_mail,not an e-mail address\n"
        f"7,name,longer than {LONGEST['name']} characters\n"
        "8,name,has characters that cannot be printed\n"
    )


async def test_who_was_erased_is_not_taken_in_again() -> None:
    intake = Intake()
    await taken(intake, HEAD + ASA)
    async with AtDoors() as doors:
        doors.database.rows = intake.database.rows
        [hit] = (await doors.post("/companies/search", {"q": "asas"})).json()["items"]
        decision = {"decided_by": "KS", "decided_on": "2026-11-20", "reference": "KS 2026/12", "paragraph": "AL 10 §"}
        asked = {"ground": "objection", "decision": decision}
        answer = await doors.post(f"/parties/{hit['party_id']}/erasure", asked, role="manager")
        assert answer.status_code == 200, answer.text
    outcome = await taken(intake, HEAD + ASA)
    assert (outcome.changed, [one.line for one in outcome.refused]) == (0, [2])


@pytest.mark.parametrize("text", ["", "name\nA\n", "organisation_number,nmae\n", "name,name,organisation_number\n"])
def test_a_file_without_the_right_columns_is_refused(text: str) -> None:
    with pytest.raises(WrongFile):
        list(lines_of(text))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_file_is_read_as_it_was_written(encoding: str) -> None:
    [(line, cells)] = lines_of(decoded((HEAD + ASA).encode(encoding)))
    assert (line, cells["name"]) == (2, "Åsas Café AB")


async def test_a_party_of_an_older_release_is_found_once_all_are_gone_through() -> None:
    intake = Intake()
    await taken(intake, HEAD + ASA)
    session = await intake.database.session()
    async with session.transaction() as transaction:
        old = {"q": {}, "u": {"$unset": {"prints": "", "last_contact_on": ""}}, "upsert": False, "multi": True}
        await transaction.update("parties", [old])
    async with AtDoors() as doors:
        doors.database.rows = intake.database.rows
        assert (await doors.post("/companies/search", {"q": "asas"})).json()["items"] == []
        assert await reindex(Desk(intake.hearing), at_once=1) == 2
        assert await reindex(Desk(intake.hearing)) == 0
        assert len((await doors.post("/companies/search", {"q": "asas"})).json()["items"]) == 1
