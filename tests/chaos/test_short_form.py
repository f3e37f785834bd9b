"""The ten-minute form of the chaos run: every kind of fault, every named step, on fewer events."""

import sys
from pathlib import Path

import pytest

from tests.chaos.__main__ import form_of
from tests.chaos.run import run

pytestmark = pytest.mark.servers


def test_every_promise_holds_while_everything_is_killed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = run(form_of({"FORM": "short"}), tmp_path)
    with capsys.disabled():
        sys.stdout.write(f"\n{report}\n")
    assert not report.problems, f"{report}\nthe logs lie in {tmp_path}"
