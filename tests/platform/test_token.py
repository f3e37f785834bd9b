"""`make token` gives a token that our own doors accept, in development only."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from unittest import mock

from typer.testing import CliRunner, Result

from shared.platform.token import app
from shared.platform.web.keys import OneKey, verifying_key
from shared.platform.web.who import Guard


def run(key_file: Path | None, *arguments: str, environment: Mapping[str, str] | None = None) -> Result:
    variables = {"KOMMUNKONTAKT_ENVIRONMENT": "development"} | dict(environment or {})
    if key_file:
        variables["KOMMUNKONTAKT_JWT_KEY_FILE"] = str(key_file)
    with mock.patch.dict(os.environ, variables, clear=True):
        return CliRunner().invoke(app, list(arguments))


async def test_a_token_opens_our_doors(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "private.pem"
    made = run(file, "buyer", "--make-key", "--municipality", "1460", "--municipality", "1440", "--id", "o-7")
    assert made.exit_code == 0, made.output
    person = await Guard(OneKey(verifying_key(file)), "kommunkontakt").read(made.stdout.strip())
    assert (person.id, person.roles, person.municipalities) == (
        "o-7",
        frozenset({"buyer"}),
        frozenset({"1460", "1440"}),
    )
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_a_publishers_token_speaks_of_the_first_that_may_post_in_its_municipality(tmp_path: Path) -> None:
    file = tmp_path / "private.pem"
    rates = [{"from_on": "2026-01-01", "per_minute": 60}]
    publishers = [
        {"name": "on-kafka", "municipality": "1460", "types": ["contact-received"]},
        {"name": "other-town", "municipality": "1440", "types": ["contact-received"], "http_rates": rates},
        {"name": "e-services", "municipality": "1460", "types": ["contact-received"], "http_rates": rates},
    ]
    told = {"KOMMUNKONTAKT_PUBLISHERS": json.dumps(publishers)}
    subjects = [
        await subject(file, run(file, *arguments, "--make-key", environment=environment))
        for arguments, environment in (
            (["publisher"], told),
            (["publisher", "--municipality", "1440"], told),
            (["publisher", "--id", "on-kafka"], told),
            (["publisher"], {}),
            (["officer"], told),
        )
    ]
    assert subjects == ["e-services", "other-town", "on-kafka", "publisher", "officer"]


async def subject(file: Path, made: Result) -> str:
    assert made.exit_code == 0, made.output
    return (await Guard(OneKey(verifying_key(file)), "kommunkontakt").read(made.stdout.strip())).id


def test_a_key_is_made_once_and_only_when_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "private.pem"
    assert run(file, "buyer").exit_code == 2
    assert not file.exists()
    assert run(file, "--make-key").output == ""
    written = file.read_bytes()
    assert run(file, "buyer", "--make-key").exit_code == 0
    assert file.read_bytes() == written


def test_what_is_wrong_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "private.pem"
    run(file, "--make-key")
    for key_file, arguments, environment, said in (
        (file, ["king"], {}, "ROLE must be one of"),
        (file, [], {}, "ROLE must be one of"),
        (None, ["buyer"], {}, "KOMMUNKONTAKT_JWT_KEY_FILE must name"),
        (file / "x", ["--make-key"], {}, "no file can be made"),
        (file, ["buyer"], {"KOMMUNKONTAKT_LOG_LEVEL": "loud"}, "KOMMUNKONTAKT_LOG_LEVEL should be"),
        (
            file,
            ["buyer"],
            {
                "KOMMUNKONTAKT_ENVIRONMENT": "production",
                "KOMMUNKONTAKT_SECRET_KEY": "s" * 32,
                "KOMMUNKONTAKT_PARTY_SECRET": "p" * 32,
            },
            "KOMMUNKONTAKT_ENVIRONMENT must be development",
        ),
    ):
        refused = run(key_file, *arguments, environment=environment)
        assert refused.exit_code == 2
        assert said in refused.stderr
        assert refused.stdout == ""
        assert "Traceback" not in refused.output


def test_it_runs_as_a_program() -> None:
    command = [sys.executable, "-m", "shared.platform.token", "buyer"]
    done = subprocess.run(command, env={}, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
