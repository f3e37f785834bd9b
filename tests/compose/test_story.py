"""`docker compose up --wait` on a clean clone: the story runs against it, and goes on when a service is killed."""

import json
from collections.abc import Iterable, Iterator

import httpx
import pytest

from stack.demo_client import Publisher
from tests.compose.project import PORTS, SERVICES, Project, docker
from tests.waiting import until_sync

READ_ALL = "import pathlib; print(*sorted(str(p) for p in pathlib.Path('/app').rglob('*.py')), sep='\\n')"


def killing_at_the_first_contact(project: Project, told: Iterable[str]) -> Iterator[str]:
    killed = False
    for line in told:
        yield line
        if not killed and "intake.contacts.v1" in line:
            project.kill("routing")
            killed = True


def test_the_story_is_told_although_a_service_is_killed_in_the_middle(project: Project) -> None:
    before = project.state("routing")["RestartCount"]
    with project.demo() as demo:
        assert demo.stdout is not None
        told = "".join(killing_at_the_first_contact(project, demo.stdout))
    assert demo.returncode == 0, told
    assert project.state("routing")["RestartCount"] == before + 1
    until_sync("routing is healthy again", lambda: project.healthy("routing"), 60)
    found = project.mails()
    assert found
    assert len(set(found)) == len(found)


def test_the_story_can_be_told_again(project: Project) -> None:
    with project.demo() as demo:
        told, _ = demo.communicate(timeout=300)
    assert demo.returncode == 0, told
    found = project.mails()
    assert len(set(found)) == len(found)


def test_what_was_rejected_is_seen_and_discarded_with_the_operators_command(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_PASSWORD_E_SERVICES", project.secrets["KAFKA_PASSWORD_E_SERVICES"])
    before = {event["id"] for event in waiting(project)}
    publisher = Publisher(project.kafka_url, "e-services", "compose")
    publisher.publish("contact-received", "bad", b'{"reference": "no channel"}')
    publisher.flush()
    until_sync("it is rejected", lambda: len(waiting(project)) > len(before))
    (event,) = [event for event in waiting(project) if event["id"] not in before]
    assert event["kind"] == "rejected"
    answer = project.cli("intake", "parked", "discard", event["id"], "--because", "a test")
    assert answer == f"{event['id']}: discarded\n"
    for service in SERVICES:
        assert "nothing is parked" in project.cli(service, "parked", "list", "--kind", "parked")


def waiting(project: Project) -> list[dict[str, str]]:
    return [json.loads(line) for line in project.cli("intake", "parked", "list", "--json").splitlines()]


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("service", SERVICES)
def test_an_image_holds_only_its_own_service_and_what_all_share(service: str) -> None:
    listed = docker("run", "--rm", f"kommunkontakt-{service}", "python", "-c", READ_ALL).split()
    tops = {tuple(path.split("/")[2:4]) for path in listed}
    assert {top for top in tops if top[0] != "shared"} == {("services", "__init__.py"), ("services", service)}
    assert f"/app/services/{service}/app.py" in listed
    assert "/app/shared/platform/service.py" in listed


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("image", ["setup", "door", *SERVICES])
def test_an_image_runs_as_nobody_and_can_build_and_install_nothing(image: str) -> None:
    look = "id -u; for tool in pip gcc cc make git; do command -v $tool; done; python -m pip --version; touch /app/x"
    answer = docker("run", "--rm", f"kommunkontakt-{image}", "sh", "-c", f"({look}) 2>/dev/null; true")
    assert answer == "10001\n"


def test_only_this_machine_reaches_the_ports_and_mongodb_is_not_among_them(project: Project) -> None:
    config = json.loads(project.compose("config", "--format", "json"))
    published = [(name, port) for name, one in config["services"].items() for port in one.get("ports", [])]
    assert {port["host_ip"] for _, port in published} == {"127.0.0.1"}
    assert sorted(name for name, _ in published) == sorted(["kafka", "mailpit", *["door"] * 5])
    assert {port["published"] for _, port in published} == {project.ports[name] for name in PORTS}


def test_a_stopped_service_leaves_in_time_and_a_second_start_changes_nothing(project: Project) -> None:
    token = project.token("receptionist", "--municipality", "1438")  # where no officer waits to be mailed
    bearer = {"Authorization": f"Bearer {token}"}
    contacts = f"{project.url('intake')}/intake/v1/1438/contacts"
    httpx.post(contacts, headers=bearer, json={"channel": "phone", "wish": "Får vi ha musik?"}).raise_for_status()
    before = httpx.get(contacts, headers=bearer).json()
    project.compose("stop", *SERVICES)
    assert {project.state(service)["State"]["ExitCode"] for service in SERVICES} == {0}
    project.compose("stop")
    project.up()
    said = project.compose("logs", "--no-log-prefix", "setup")
    assert "setup: 0 topics created" in said
    assert "setup: users have their passwords; 0 rights given, 0 taken away" in said
    after = httpx.get(contacts, headers=bearer).json()
    assert after == before
    assert after["items"]
