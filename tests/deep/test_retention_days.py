"""Many towns by chance: a run takes what the preview of that day showed, and what should go."""

from pathlib import Path

import pytest

from tests.intake import test_retention_runs as runs


@pytest.mark.parametrize("seed", range(100, 160))
async def test_in_many_towns_the_run_takes_what_was_shown(tmp_path: Path, seed: int) -> None:
    await runs.test_the_run_takes_what_the_preview_of_that_day_showed_and_what_should_go(tmp_path, seed)
