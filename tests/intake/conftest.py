"""What intake's tests share."""

import pytest

from tests.intake.settled import Intake


@pytest.fixture
def intake() -> Intake:
    """intake on the fake database."""
    return Intake()
