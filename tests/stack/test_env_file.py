"""`make secrets`: everything that is needed, once, and never over what is there."""

import json
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from stack import env_file

ROOT = Path(__file__).parents[2]


def made(tmp_path: Path) -> Path:
    file = tmp_path / ".env"
    assert env_file.write(file)
    return file


def made_by_command(file: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-S", "-m", "stack.env_file", str(file)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_all_secrets_are_made_for_their_owner_alone_and_no_two_are_alike(tmp_path: Path) -> None:
    file, kinds = made(tmp_path), {"MONGO", "KAFKA", "SECRET", "PARTY", "MASTER"}
    secrets = {name: value for name, value in env_file.read(file).items() if re.match("|".join(kinds), name)}
    assert {name.partition("_")[0] for name in secrets} == kinds
    assert len(secrets) == len(set(secrets.values())) == 23
    assert min(map(len, secrets.values())) >= 64
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_second_time_nothing_changes_but_a_careless_mode(tmp_path: Path) -> None:
    file = made(tmp_path)
    before = file.read_bytes()
    file.chmod(0o644)
    assert env_file.write(file) is False
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (before, 0o600)


def test_a_new_publisher_gets_a_password_and_nobody_else_another(tmp_path: Path) -> None:
    file = made(tmp_path)
    before, names = file.read_text(), set(env_file.read(file))
    more = [*env_file.PUBLISHERS, {"name": "case-files", "municipality": "1460", "types": ["contact-received"]}]
    changed = before.replace(json.dumps(env_file.PUBLISHERS), json.dumps(more))
    file.write_text(changed)
    assert env_file.write(file)
    assert file.read_text().startswith(changed)
    assert set(env_file.read(file)) - names == {"KAFKA_PASSWORD_CASE_FILES"}


def test_what_a_release_needs_besides_is_added_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# ours\nPARTY_SECRET=kept as it is")
    assert env_file.write(file)
    assert file.read_text().startswith("# ours\nPARTY_SECRET=kept as it is\n")
    assert env_file.read(file)["PARTY_SECRET"] == "kept as it is"
    assert "KAFKA_PASSWORD_ROUTING" in env_file.read(file)


@pytest.mark.parametrize("publishers", ["nonsense", "[1]", '[{"nom": "x"}]', "7"])
def test_publishers_that_nobody_can_read_are_one_sentence(tmp_path: Path, publishers: str) -> None:
    file = tmp_path / ".env"
    file.write_text(f"KOMMUNKONTAKT_PUBLISHERS='{publishers}'\n")
    done = made_by_command(file)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "must be JSON" in done.stderr
    assert file.read_text() == f"KOMMUNKONTAKT_PUBLISHERS='{publishers}'\n"


def test_it_needs_nothing_that_is_installed(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    done = made_by_command(file)
    assert (done.returncode, done.stdout) == (0, f"{file} has what is needed now.\n"), done.stderr
