"""One install for all tests of a run: built from what lies here, with a file of secrets of its own."""

from collections.abc import Iterator

import pytest

from stack.demo_client import Publisher
from tests.compose.project import Project
from tests.waiting import until_sync


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """All of it, ready."""
    started = Project(tmp_path_factory.mktemp("compose") / "secrets.env")
    try:
        started.up("--build")
        an_officer(started)
        yield started
    finally:
        started.down()


def an_officer(project: Project) -> None:
    """Somebody who takes what the tests bring: no matter of one test waits until another test has officers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KAFKA_PASSWORD_STAFF", project.secrets["KAFKA_PASSWORD_STAFF"])
        staff = Publisher(project.kafka_url, "staff", "compose")
        officer = {"reference": "nord", "officer_id": "nord", "name": "Nils Nord", "e_mail": "nord@kommun.example"}
        staff.publish("officer-changed", "nord", {**officer, "case_types": ["ovrigt"]}, key="nord")
        staff.flush()
    until_sync("there is an officer", lambda: "1460-o-nord" in project.officers(), 60)
