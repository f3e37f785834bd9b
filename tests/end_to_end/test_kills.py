"""intake is killed while clients register by HTTP, Kafka and mail: nothing is lost or doubled, no number left out."""

import sys
from pathlib import Path

import pytest

from tests.kills.plan import Form
from tests.kills.run import run

pytestmark = pytest.mark.servers

KEPT_AND_UNTOLD = ("service: after commit", "batch: before commit")
SHORT = Form(seed=1460, events=1_000, kills=4, instances=2, steps=KEPT_AND_UNTOLD)


def test_no_registration_is_lost_or_doubled_while_intake_is_killed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = run(SHORT, tmp_path)
    with capsys.disabled():
        sys.stdout.write(f"\n{report}\n")
    assert not report.problems, f"{report}\nthe logs lie in {tmp_path}"
