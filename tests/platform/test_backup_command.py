"""The command for backups: whatever is wrong is one sentence and an exit code, before anything is asked of a server."""

import io
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from shared.platform.backup import app, settings_of
from shared.platform.cli_door import console
from shared.platform.database import Document
from shared.platform.errors import WrongSetting
from shared.platform.lost import Report, as_lines
from shared.platform.lost_words import MOST, show


@pytest.fixture(autouse=True)
def development(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOMMUNKONTAKT_ENVIRONMENT", "development")


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words))
    return result.exit_code, result.output


def test_a_service_that_there_is_not_is_one_sentence() -> None:
    there = "intake, routing, procurement, notify"
    told = f"permits: There is no such service; there are {there}.\n"
    assert run("dump", "--service", "permits", "--to", "file") == (2, told)


def test_a_wrong_setting_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTAKE_DATABASE", "not a name")
    code, told = run("dump", "--service", "intake", "--to", "file")
    assert (code, told.count("\n")) == (2, 1)
    assert "INTAKE_DATABASE" in told


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    missing = tmp_path / "missing.tar.gz"
    told = f"intake: {missing} cannot be read (No such file or directory).\n"
    assert run("restore", "--service", "intake", "--from", str(missing)) == (1, told)


def test_what_is_no_backup_is_one_sentence_from_a_file_as_from_standard_input(tmp_path: Path) -> None:
    told = "intake: The file is not a whole backup: it is cut off or damaged.\n"
    file = tmp_path / "file"
    file.write_bytes(b"something else")
    assert run("restore", "--service", "intake", "--from", str(file)) == (1, told)
    piped = CliRunner().invoke(app, ["restore", "--service", "intake", "--from", "-"], input=b"something else")
    assert (piped.exit_code, piped.output) == (1, told)


def test_a_dump_is_never_written_over_a_file(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("of before")
    code, told = run("dump", "--service", "intake", "--to", str(tmp_path / "there"))
    assert (code, (tmp_path / "there").read_text()) == (1, "of before")
    assert "never written over" in told


def test_the_database_is_the_services_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings_of("routing").database == "routing"
    monkeypatch.setenv("ROUTING_DATABASE", "routing_of_may")
    assert settings_of("routing").database == "routing_of_may"
    assert settings_of("notify").database == "notify"
    with pytest.raises(WrongSetting):
        settings_of("")


def lost(number: int, *, erased: bool = False) -> Document:
    return {
        "topic": "intake.parties.v1",
        "subject": f"1460-p-{number}",
        "sequence": 2,
        "epoch": 1,
        "type": f"se.kommunkontakt.intake.party-{'erased' if erased else 'declared'}.v1",
        "id": f"1460-p-{number}/1/2",
        "time": "2026-11-24T09:00:00Z",
        "erased": erased,
        "recalled": False,
        "headers": {"ce_id": b"1460-p-1/1/2"},
        "value": b"never shown",
    }


def shown(rows: list[Document], how: Report | None = None) -> str:
    console = Console(width=200, file=io.StringIO(), soft_wrap=True)
    with console.capture() as capture:
        show(console, rows, how)
    return capture.get()


def test_what_was_lost_is_shown_by_kind_and_what_was_erased_apart() -> None:
    told = shown([*(lost(number) for number in range(MOST + 5)), lost(9_999, erased=True)])
    assert "intake.parties.v1  intake.party-declared.v1  105     105" in told
    assert "... and 6 more" in told
    assert told.index("erase these again") < told.index("1460-p-9999")
    assert "never shown" not in told
    assert shown([]).startswith("Nothing had been said")


def test_a_pipe_gets_whole_ids_and_a_narrow_terminal_folds_them(capsys: pytest.CaptureFixture[str]) -> None:
    row = {**lost(1), "subject": f"1460-p-{'a' * 60}"}
    show(console(), [row], None)
    assert row["subject"] in capsys.readouterr().out
    narrow = Console(width=60, file=io.StringIO())
    with narrow.capture() as capture:
        show(narrow, [row], None)
    assert "…" not in capture.get()


def test_the_lines_for_programs_hold_no_data() -> None:
    [line] = as_lines([lost(1)])
    assert line == (
        '{"topic": "intake.parties.v1", "subject": "1460-p-1", "sequence": 2, "epoch": 1, '
        '"type": "se.kommunkontakt.intake.party-declared.v1", "id": "1460-p-1/1/2", "time": "2026-11-24T09:00:00Z", '
        '"erased": false}'
    )


def test_where_topics_and_positions_do_not_fit_is_told() -> None:
    how = Report(
        ahead=[("inbox.a.v1", 0, 7, 3)],
        missed=[("inbox.b.v1", 1, 12)],
        gone=["inbox.c.v1"],
        forgotten=[("intake.parties.v1", "1460-p-1")],
    )
    told = shown([], how)
    for sentence in (
        "heard up to 7 and ends at 3",
        "12 records since",
        "inbox.c.v1 was heard and is not",
        "1460-p-1 was erased",
    ):
        assert sentence in told
