"""One install for all tests of a run: built from what lies here, with a file of secrets of its own."""

from collections.abc import Iterator

import pytest

from tests.compose.project import Project


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """All of it, ready."""
    started = Project(tmp_path_factory.mktemp("compose") / "secrets.env")
    try:
        started.up("--build")
        yield started
    finally:
        started.down()
