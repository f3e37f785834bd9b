"""The operators' commands, on real doors over the fake database: what they show and do, and what they say of faults."""

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from unittest import mock

import httpx
import pytest
from typer.testing import CliRunner, Result

from shared.contracts.inbox import ContactReceived
from shared.contracts.intake_contacts import ContactRegistered
from shared.contracts.streams import INBOX, INTAKE_CONTACTS
from shared.platform.batch import Batch
from shared.platform.bus import Bus
from shared.platform.cli import app
from shared.platform.clock import FixedClock
from shared.platform.memory import MemoryDatabase
from shared.platform.parking import Parking
from shared.platform.positions import Positions
from shared.platform.service import Parts, hearing_for
from shared.platform.settings import PlatformSettings, Publisher
from shared.platform.token import make_key
from shared.platform.understand import Record
from shared.platform.web.doors import Release, create_doors
from shared.platform.web.keys import OneKey, verifying_key
from shared.platform.web.parked import parked_router
from shared.platform.web.who import Guard

AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
GOOD = {
    "municipality": "1460",
    "contact_id": "1460-c-1",
    "channel": "web",
    "case_types": ["bygglov"],
    "language": "sv",
    "received_at": "2026-11-24T09:00:00Z",
    "registered_at": "2026-11-24T09:00:01Z",
}


@dataclass
class Example:
    """A service whose handler has a bug until it is corrected, and its doors."""

    key_file: Path
    broken: bool = True
    acted_on: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        bus = Bus("example")

        @bus.hear(INTAKE_CONTACTS)
        async def act(event: ContactRegistered) -> None:
            if self.broken:
                raise KeyError("a bug")
            self.acted_on.append(event.contact_id)

        @bus.hear(INBOX)
        async def take(event: ContactReceived) -> None:
            self.acted_on.append(event.reference)

        publishers = (Publisher(name="e-services", municipality="1460", types=("contact-received",)),)
        settings = PlatformSettings(environment="development", publishers=publishers)
        self.database, clock = MemoryDatabase(), FixedClock(AT)
        self.hearing = hearing_for(Parts(bus=bus, shelf={}), settings, self.database, clock, clock)
        self.doors = create_doors(
            "example",
            [parked_router(Parking(self.hearing), self.hearing)],
            release=Release("1.0.0", date(2026, 3, 1)),
            guard=Guard(OneKey(verifying_key(self.key_file)), "kommunkontakt"),
            metrics=self.hearing.metrics,
            progress=dict,
        )

    async def hear(self, *records: Record) -> None:
        session = await self.database.session()
        positions = Positions(self.database, "example")
        await positions.take({(one.topic, one.partition) for one in records}, session.id)
        await Batch(self.hearing, positions, session).take(records)


class Bridge(httpx.BaseTransport):
    """Carries what the command sends to the doors in this process."""

    def __init__(self, example: Example) -> None:
        self._to = httpx.ASGITransport(example.doors)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return asyncio.run(self._handled(request))

    async def _handled(self, request: httpx.Request) -> httpx.Response:
        sent = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
        answer = await self._to.handle_async_request(sent)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())


def own(contact: int, offset: int, sequence: int = 1) -> Record:
    data = {**GOOD, "contact_id": f"1460-c-{contact}"}
    headers = {
        "specversion": "1.0",
        "id": f"1460-c-{contact}/1/{sequence}",
        "source": "/1460/intake",
        "type": ContactRegistered.type,
        "subject": f"1460-c-{contact}",
        "municipality": "1460",
        "sequence": str(sequence),
        "epoch": "1",
    }
    told = [(f"ce_{name}", value.encode()) for name, value in headers.items()]
    return Record(INTAKE_CONTACTS.topic, 0, offset, b"key", json.dumps(data).encode(), told)


def wrong_inbound(source: str, offset: int = 0) -> Record:
    headers = {"specversion": "1.0", "id": f"e-{offset}", "source": source, "type": ContactReceived.type}
    told = [(f"ce_{name}", value.encode()) for name, value in headers.items()]
    return Record("inbox.e-services.v1", 0, offset, b"key", b'{"reference": "x"}', told)


@pytest.fixture
def example(tmp_path: Path) -> Iterator[Example]:
    file = tmp_path / "jwt.pem"
    make_key(file)
    with development(file):
        yield Example(file)


@contextmanager
def development(key_file: Path | None, **more: str) -> Iterator[None]:
    told = {"KOMMUNKONTAKT_ENVIRONMENT": "development", "EXAMPLE_PORT": "8000", "COLUMNS": "300", **more}
    if key_file is not None:
        told["KOMMUNKONTAKT_JWT_KEY_FILE"] = str(key_file)
    with mock.patch.dict(os.environ, told, clear=True):
        yield


def run(to: "Example | httpx.BaseTransport | None", *command: str, before: tuple[str, ...] = ()) -> Result:
    transport = Bridge(to) if isinstance(to, Example) else to
    usual = ["--service", "example", "--municipality", "1460", *before, "parked", *command]
    return CliRunner().invoke(app, usual, obj=transport)


async def filled(example: Example, *records: Record) -> None:
    await example.hear(*(records or (own(1, 0), own(2, 1), own(1, 2, sequence=2))))


def test_an_empty_yard_is_said_to_be_empty(example: Example) -> None:
    assert run(example, "list").output == "example: nothing is parked.\n"


def test_what_is_parked_is_listed_with_its_reason_in_the_readers_language(example: Example) -> None:
    asyncio.run(filled(example))
    english, swedish = run(example, "list"), run(example, "list", before=("--language", "sv"))
    assert english.exit_code == swedish.exit_code == 0
    assert english.output.count("intake.contacts.v1.0.") == 3
    assert "a fault in the program: KeyError" in english.output
    assert "waits behind another event" in english.output
    assert "ett fel i programmet: KeyError" in swedish.output
    assert run(example, "list", "--kind", "rejected").output == "example: nothing is parked.\n"


def test_programs_get_one_json_object_a_line(example: Example) -> None:
    asyncio.run(filled(example))
    lines = [json.loads(line) for line in run(example, "list", "--json").output.splitlines()]
    assert [one["kind"] for one in lines] == ["parked", "parked", "behind"]


def test_a_long_list_is_read_to_its_end(example: Example) -> None:
    asyncio.run(filled(example, *(wrong_inbound("/e-services", number) for number in range(230))))
    assert len(run(example, "list", "--json").output.splitlines()) == 230


def test_one_is_shown_whole_also_when_decided(example: Example) -> None:
    asyncio.run(filled(example))
    shown = run(example, "show", "intake.contacts.v1.0.1")
    assert (shown.exit_code, "1460-c-2" in shown.output) == (0, True)
    assert "bytes" not in shown.output
    run(example, "discard", "intake.contacts.v1.0.1", "--because", "a test")
    again = run(example, "show", "intake.contacts.v1.0.1")
    assert "discarded" in again.output
    assert "intake.contacts.v1.0.1" in run(example, "list", "--decided").output


def test_a_corrected_fault_is_replayed_with_what_waits_behind_it(example: Example) -> None:
    asyncio.run(filled(example))
    example.broken = False
    replayed = run(example, "replay", "intake.contacts.v1.0.0", "--because", "corrected")
    assert (replayed.exit_code, replayed.output) == (0, "intake.contacts.v1.0.0: replayed\n")
    assert example.acted_on == ["1460-c-1", "1460-c-1"]


def test_everything_is_replayed_at_once(example: Example) -> None:
    asyncio.run(filled(example))
    example.broken = False
    assert run(example, "replay", "--all", "--because", "a corrected release").exit_code == 0
    assert sorted(example.acted_on) == ["1460-c-1", "1460-c-1", "1460-c-2"]
    assert run(example, "list").output == "example: nothing is parked.\n"


def test_what_still_fails_is_said_and_does_not_stop_the_others(example: Example) -> None:
    asyncio.run(filled(example, own(1, 0), wrong_inbound("/e-services")))
    example.broken = False
    result = run(example, "replay", "--all", "--because", "try")
    assert result.exit_code == 1
    assert "inbox.e-services.v1.0.0: example: Still not:" in result.output
    assert "intake.contacts.v1.0.0: replayed" in result.output
    assert result.output.endswith("1 of 2 were refused.\n")


def test_one_behind_another_is_refused_with_the_reason(example: Example) -> None:
    asyncio.run(filled(example))
    result = run(example, "discard", "intake.contacts.v1.0.2", "--because", "no")
    assert result.exit_code == 1
    assert "The event waits behind another one. (not-first)" in result.output


def test_what_others_wrote_cannot_play_with_the_terminal(example: Example) -> None:
    event = dict.fromkeys(("id", "kind", "type", "reason_en", "pointer", "at"), "\x1b[31m[bold]red[/bold]")
    for body, command in ((event, ["show", "x"]), ({"items": [event], "next": None}, ["list"])):
        answers = httpx.MockTransport(lambda request, body=body: httpx.Response(200, json=body))
        shown = run(answers, *command)
        assert "?[31m[bold]red[/bold]" in shown.output
        assert "\x1b" not in shown.output


@pytest.mark.parametrize("strange", ["no-such", "../../metrics", "å/%00?#", "a b"])
def test_an_unknown_id_is_one_sentence(example: Example, strange: str) -> None:
    result = run(example, "show", strange)
    assert (result.exit_code, result.output.count("\n")) == (1, 1), result.output


def test_the_token_that_is_given_is_used_and_its_refusal_told(example: Example) -> None:
    result = run(example, "list", before=("--token", "nothing"))
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert "(token-wrong)" in result.output
    assert run(example, "list", before=("--token", "inte en nyckel å")).exit_code == 2


def test_a_municipality_that_is_none_is_refused_by_the_service(example: Example) -> None:
    assert run(example, "list", before=("--municipality", "../1460")).exit_code == 1


def test_nobody_at_the_door_is_one_sentence_and_exit_three(example: Example) -> None:
    result = run(None, "list", before=("--url", "http://127.0.0.1:9"))
    assert (result.exit_code, result.output) == (3, "example does not answer (ConnectError): is it started?\n")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=b"<html>"),
        httpx.Response(502, content=b"bad gateway"),
        httpx.Response(404, json=["not", "a", "problem"]),
        httpx.Response(503, json={"type": "/problems/try-again", "detail": "Try again soon.", "errors": []}),
    ],
)
def test_another_program_at_the_door_is_one_sentence(example: Example, answer: httpx.Response) -> None:
    result = run(httpx.MockTransport(lambda request: answer), "list")
    assert (result.exit_code, result.output.count("\n")) == (3, 1)


@pytest.mark.parametrize("url", ["http://[", "ftp://example.org", "nowhere", "http://h:99999999"])
def test_a_wrong_address_is_one_sentence(example: Example, url: str) -> None:
    result = run(None, "list", before=("--url", url))
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output


def test_without_an_address_or_a_token_it_says_what_to_give(example: Example) -> None:
    with development(None):
        assert "KOMMUNKONTAKT_TOKEN" in run(example, "list").output
        assert run(example, "list").exit_code == 2
    with development(Path("/nowhere/at/all")):
        assert "cannot be read" in run(example, "list").output
    with mock.patch.dict(os.environ):
        del os.environ["EXAMPLE_PORT"]
        result = run(example, "list")
    assert (result.exit_code, result.output) == (2, "Say where example answers: --url http://host:port.\n")


def test_replay_wants_to_know_which(example: Example) -> None:
    for which in ((), ("an-id", "--all")):
        result = run(example, "replay", *which, "--because", "x")
        assert (result.exit_code, result.output) == (2, "Say which: either ids, or --all.\n")
    assert run(example, "replay", "an-id").exit_code == 2
