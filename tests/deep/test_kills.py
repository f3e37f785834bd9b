"""The kill test in full: 20,000 registrations by HTTP, Kafka and mail; SEED, EVENTS, KILLS and INSTANCES change it."""

import os
import sys
from pathlib import Path

import pytest

from tests.kills.run import form_of, run

pytestmark = pytest.mark.servers


def test_nothing_is_lost_or_doubled_in_twenty_thousand_registrations(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = run(form_of(os.environ), tmp_path)
    with capsys.disabled():
        sys.stdout.write(f"\n{report}\n")
    assert not report.problems, f"{report}\nthe logs lie in {tmp_path}"
