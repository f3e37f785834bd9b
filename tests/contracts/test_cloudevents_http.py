"""CloudEvents over HTTP, held to the binding's rules and to an implementation that is not ours."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings import http
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.catalogue import all_events, samples_of
from shared.contracts.event import Event
from shared.platform.cloudevents import Envelope, decode, timestamp
from shared.platform.cloudevents_http import ACCEPTED, Posted, read
from shared.platform.cloudevents_reasons import Why, in_swedish
from shared.platform.web.errors import Several, WrongMedia

VECTORS = Path(__file__).with_name("vectors") / "http"
AT = datetime(2026, 5, 12, 7, 14, 6, 300, UTC)
NOT_THEIRS = (
    "double quotes around a value, as older encoders set them",
    "escapes within double quotes",
    "raw UTF-8 in a header",
    "no content type at all",
    "a JSON of another kind",
    "null as data",
    "an optional attribute that is null",
)
"""Valid by the binding, but beyond the other implementation, or told by it in another shape."""
SAMPLES = [pytest.param(event, path, id=path.name) for event in all_events() for path in samples_of(event)]


def vectors(kind: str, mode: str = "*") -> list[Any]:
    return [
        pytest.param(case, id=f"{file.stem}: {case['name']}")
        for file in sorted(VECTORS.glob(f"{mode}.json"))
        for case in json.loads(file.read_text("utf-8"))[kind]
    ]


SINGLE = [*vectors("valid", "binary"), *vectors("valid", "structured")]


def request(case: dict[str, Any]) -> tuple[list[tuple[bytes, bytes]], bytes]:
    return [(name.encode(), value.encode()) for name, value in case["headers"]], case["body"].encode()


def told(posted: Posted) -> dict[str, Any]:
    """What a record that is to be written says to who reads it from Kafka."""
    envelope, data = decode(posted.headers, posted.value)
    assert envelope == posted.envelope
    return {
        "attributes": {name: value for name, value in envelope._asdict().items() if value is not None},
        "data": None if data is None else data.decode(),
    }


@pytest.mark.parametrize("case", vectors("valid"))
def test_a_valid_request_becomes_records_that_say_the_same(case: dict[str, Any]) -> None:
    assert [told(posted) for posted in read(*request(case))] == case["events"]


@pytest.mark.parametrize("case", vectors("invalid"))
def test_an_invalid_request_is_refused_with_every_reason_and_its_place(case: dict[str, Any]) -> None:
    with pytest.raises(Several) as caught:
        read(*request(case))
    wanted = [(Why[one["why"]], one["where"]) for one in case["why"]]
    assert [(one.en, one.sv, one.pointer) for one in caught.value.faults] == [
        (why.en, in_swedish(why.en), where) for why, where in wanted
    ]
    assert (caught.value.status, caught.value.code) == (422, "not-an-event")


@pytest.mark.parametrize("case", vectors("media"))
def test_what_is_no_mode_is_told_what_is_accepted(case: dict[str, Any]) -> None:
    with pytest.raises(WrongMedia) as caught:
        read(*request(case))
    assert caught.value.status == 415
    assert caught.value.headers["Accept"] == ", ".join(ACCEPTED)


@pytest.mark.parametrize("mode", [http.to_binary_event, http.to_structured_event])
@pytest.mark.parametrize(("event", "path"), SAMPLES)
def test_we_read_what_another_implementation_posts(event: type[Event], path: Path, mode: Any) -> None:
    data = json.loads(path.read_text("utf-8"))
    attributes: dict[str, Any] = {"id": 'a "b" 50%', "source": "/v%C3%A4xel", "type": event.type}
    more = {"time": AT, "datacontenttype": "application/json", "partitionkey": "ä ö"}
    theirs = mode(CloudEvent({**attributes, **more}, data))
    [posted] = read([(k.lower().encode(), v.encode()) for k, v in theirs.headers.items()], theirs.body)
    envelope, read_back = decode(posted.headers, posted.value)
    assert json.loads(read_back or b"") == data
    assert envelope == Envelope(**attributes, time=timestamp(AT), partitionkey="ä ö")


@pytest.mark.parametrize("case", [one for one in SINGLE if one.values[0]["name"] not in NOT_THEIRS])
def test_another_implementation_agrees_on_what_is_valid(case: dict[str, Any]) -> None:
    message = http.HTTPMessage(dict(case["headers"]), case["body"].encode())
    structured = any("cloudevents" in value.lower() for name, value in case["headers"] if name == "content-type")
    theirs = (http.from_structured_event if structured else http.from_binary_event)(message)
    [ours] = case["events"]
    known = theirs.get_attributes()
    for name in ours["attributes"].keys() - {"time"}:
        assert known[name] == ours["attributes"][name]


def test_an_attribute_of_each_mode_is_pointed_at_where_it_stands() -> None:
    event = {"specversion": "1.0", "id": "1", "source": "/a", "type": "t"}
    binary = [(f"ce-{name}".encode(), value.encode()) for name, value in event.items()]
    [one] = read([*binary, (b"content-type", b"application/json")], b"{}")
    assert one.pointer("type") == "/header/ce-type"
    [one] = read([(b"content-type", b"application/cloudevents+json")], json.dumps(event).encode())
    assert one.pointer("type") == "/type"
    *_, one = read([(b"content-type", b"application/cloudevents-batch+json")], json.dumps([event] * 4).encode())
    assert one.pointer("source") == "/3/source"


def test_a_batch_may_hold_five_hundred() -> None:
    event = {"specversion": "1.0", "source": "/a", "type": "t"}
    batch = json.dumps([{**event, "id": str(number)} for number in range(500)]).encode()
    posted = read([(b"content-type", b"application/cloudevents-batch+json")], batch)
    assert [one.envelope.id for one in posted] == [str(number) for number in range(500)]


NAMES = st.sampled_from(["specversion", "id", "source", "type", "time", "subject", "sequence", "data", "x"])
HEADERS = st.lists(st.tuples(NAMES.map(lambda name: f"ce-{name}".encode()), st.binary(max_size=20)), max_size=6)
LEAST = [(b"ce-specversion", b"1.0"), (b"ce-id", b"1"), (b"ce-source", b"/a"), (b"ce-type", b"t")]
TYPES = st.sampled_from([*ACCEPTED, "application/cloudevents+xml", "text/plain", "", 'application/json; charset="'])
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
MEMBERS = st.dictionaries(NAMES | st.text(max_size=5), LEAVES, max_size=6)
BODIES = st.binary(max_size=50) | (MEMBERS | st.lists(MEMBERS | LEAVES, max_size=3)).map(
    lambda t: json.dumps(t).encode()
)


@given(headers=HEADERS, whole=st.booleans(), declared=TYPES, body=BODIES)
def test_any_request_is_events_or_is_refused(
    headers: list[tuple[bytes, bytes]], whole: bool, declared: str, body: bytes
) -> None:
    sent = [*(LEAST if whole else []), *headers, (b"content-type", declared.encode())]
    with suppress(Several, WrongMedia):
        for posted in read(sent, body):
            decode(posted.headers, posted.value)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=100))
def test_any_text_that_is_percent_encoded_is_read_back(text: str) -> None:
    event = CloudEvent({"id": "1", "source": "/a", "type": "t", "subject": text, "datacontenttype": "application/json"})
    theirs = http.to_binary_event(event)
    [posted] = read([(k.lower().encode(), v.encode()) for k, v in theirs.headers.items()], b"{}")
    assert posted.envelope.subject == text
