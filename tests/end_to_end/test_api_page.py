"""docs/api-intake.md, sent as it stands: every example is answered as it says, and those may come whom it names."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from shared.platform.clock import SystemClock
from shared.platform.token import make_token
from shared.platform.web.who import ROLES
from stack.demo_client import MUNICIPALITY, Publisher
from stack.demo_form import Page
from stack.instances import Install, install
from stack.testing import start_servers
from tests.api_page import PAGE, Door, Example, Request, expanded, fits, member, read, request_of
from tests.waiting import until_sync

pytestmark = pytest.mark.servers

DRAWING = b"%PDF-1.7 a drawing of a sign"
WRONG_ROLE = "/problems/wrong-role"
SERVICES = ("intake", "routing")


@dataclass
class Reader:
    """Somebody who sends the page's examples, one after the other."""

    whole: Install
    client: httpx.Client
    told: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        host, now = f"http://127.0.0.1:{self.whole.port('intake')}", datetime.now(UTC)
        self.told = {
            "HOST": host,
            "INTAKE": f"{host}/intake/v1/{MUNICIPALITY}",
            "JSON": "Content-Type: application/json",
        }
        self.told |= {"YEAR": str(now.year), "SOON": f"{now + timedelta(days=3):%Y-%m-%dT14:00:00Z}"}

    def token(self, role: str) -> str:
        """A token, of the first publisher for a publisher, as `make token` makes it."""
        key_file = Path(self.whole.environment["KOMMUNKONTAKT_JWT_KEY_FILE"])
        who = "e-services" if role == "publisher" else role
        return make_token(key_file, "kommunkontakt", who, [role], [MUNICIPALITY], timedelta(hours=1), SystemClock())

    def request(self, example: Example) -> Request:
        """What an example sends now."""
        header = lambda role: f"Authorization: Bearer {self.token(role)}"  # noqa: E731
        return request_of(expanded(example.command, self.told, header))

    def send(self, request: Request) -> httpx.Response:
        """Send what a curl would."""
        files = [
            (name, ("skylt.pdf", DRAWING, "application/pdf") if value.startswith("@") else (None, value.encode()))
            for name, value in request.fields.items()
        ]
        body: dict[str, Any] = {"files": files} if files else {"content": request.body}
        return self.client.request(request.method, request.url, headers=request.headers, **body)

    def play(self, example: Example) -> httpx.Response:
        """Send it; what is only looked at is looked at until it is as the page shows it."""
        request = self.request(example)
        answer = self.send(request)
        if request.method == "GET":
            until_sync(f"{example.command} is answered as shown", lambda: is_as_shown(example, self.send(request)))
            answer = self.send(request)
        assert is_as_shown(example, answer), f"{example.command}\n{answer.status_code} {answer.text}"
        self.told |= {name: kept(answer, path) for name, path in example.kept.items()}
        return answer


def is_as_shown(example: Example, answer: httpx.Response) -> bool:
    """Whether an answer is what the page says."""
    right = answer.status_code == example.status
    return right and (example.shown is None or fits(json.loads(example.shown), answer.json()))


def kept(answer: httpx.Response, path: str) -> str:
    """A member of an answer, or what stands on a page."""
    if "html" not in answer.headers["content-type"]:
        return str(member(answer.json(), path))
    page = Page.of(answer.text)
    return page.terms[path] if path in page.terms else page.fields[path]


def who_may(reader: Reader, request: Request) -> set[str]:
    """The roles that a door lets in, asked with content that it can do nothing with; none when it lets all in."""
    content = None if request.method == "GET" else "[]"
    asked = {**request.headers, "Content-Type": "application/json"}
    asked.pop("Authorization", None)
    if reader.client.request(request.method, request.url, headers=asked, content=content).status_code != 401:
        return set()
    return {role for role in ROLES if lets_in(reader, request, role, asked, content)}


def lets_in(reader: Reader, request: Request, role: str, asked: dict[str, str], content: str | None) -> bool:
    """Whether the door would do something for that role."""
    headers = {**asked, "Authorization": f"Bearer {reader.token(role)}"}
    answer = reader.client.request(request.method, request.url, headers=headers, content=content)
    return answer.status_code != 403 or answer.json()["type"] != WRONG_ROLE


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    where = tmp_path_factory.mktemp("api-page")
    with start_servers(where / "servers") as servers, install(servers, where, ["a"], services=SERVICES) as whole:
        staff = Publisher(servers.kafka_url, "staff", "page")
        told = {"reference": "berg", "officer_id": "berg", "name": "Olle Berg", "phone": "0531-52 60 01"}
        staff.publish("officer-changed", "berg", {**told, "e_mail": "berg@kommun.example", "case_types": ["serv_stad"]})
        staff.flush()
        with httpx.Client(timeout=30) as client:
            yield Reader(whole, client)


def test_every_example_is_answered_as_the_page_says_and_those_may_come_whom_it_names(reader: Reader) -> None:
    _, examples = read(PAGE.read_text("utf-8"))
    asked: dict[Door, set[str]] = {}
    for example in examples:
        request = reader.request(example)
        reader.play(example)
        if example.door.leads(request.method, urlsplit(request.url).path):
            asked[example.door] = who_may(reader, request)
    assert asked == {example.door: example.door.who for example in examples}
