"""Our CloudEvents codec, held to the rules of the specification and to an implementation that is not ours."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal

import pytest
from cloudevents.core.bindings import kafka
from cloudevents.core.v1.event import CloudEvent
from hypothesis import example, given
from hypothesis import strategies as st

from shared.contracts.catalogue import all_events, samples_of
from shared.contracts.event import Event
from shared.contracts.intake_contacts import ContactRegistered
from shared.platform.cloudevents import Envelope, decode, encode, glimpse, moment, schema_of, timestamp
from shared.platform.cloudevents_reasons import Why, in_swedish
from shared.platform.errors import NotAnEvent
from shared.platform.understand import read_event

VECTORS = Path(__file__).with_name("vectors")
AT = datetime(2026, 5, 12, 7, 14, 6, 300, UTC)
JSON = ("content-type", b"application/json")
LEAST = [("ce_specversion", b"1.0"), ("ce_id", b"1"), ("ce_source", b"/a"), ("ce_type", b"t"), JSON]
MISREAD = ("a leap second", "a time in small letters", "a null time is unset", "null is unset")
"""Valid by RFC 3339 and the JSON format, but beyond the other implementation."""
SAMPLES = [pytest.param(event, path, id=path.name) for event in all_events() for path in samples_of(event)]


def vectors(kind: Literal["valid", "invalid"]) -> list[Any]:
    files = sorted(VECTORS.glob("*.json"))
    return [
        pytest.param(case, id=f"{f.stem}: {case['name']}") for f in files for case in json.loads(f.read_text())[kind]
    ]


def as_bytes(written: Any) -> bytes | None:
    if isinstance(written, Mapping):
        return base64.b64decode(written["base64"])
    return None if written is None else str(written).encode()


def record(case: Mapping[str, Any]) -> tuple[list[tuple[str, bytes | None]], bytes | None]:
    return [(name, as_bytes(raw)) for name, raw in case["headers"]], as_bytes(case["value"])


@pytest.mark.parametrize("case", vectors("valid"))
def test_a_valid_record_is_read(case: dict[str, Any]) -> None:
    assert decode(*record(case)) == (Envelope(**case["attributes"]), as_bytes(case["data"]))


@pytest.mark.parametrize("case", vectors("invalid"))
def test_an_invalid_record_is_refused_with_its_reason_and_place(case: dict[str, Any]) -> None:
    with pytest.raises(NotAnEvent) as caught:
        decode(*record(case))
    assert (caught.value.reason, caught.value.where) == (Why[case["why"]].en, case["where"])


def test_every_reason_stands_in_both_languages_and_in_a_vector() -> None:
    over_http = [json.loads(file.read_text())["invalid"] for file in VECTORS.glob("http/*.json")]
    used = {case.values[0]["why"] for case in vectors("invalid")}
    used |= {why["why"] for cases in over_http for case in cases for why in case["why"]}
    assert used == {why.name for why in Why}
    assert all(in_swedish(why.en) == why.sv for why in Why)
    assert len({why.sv for why in Why}) == len({why.en for why in Why}) == len(Why)
    assert in_swedish("something else") == "Posten kan inte läsas som en händelse."


@pytest.mark.parametrize("value", [b"[" * 100_000, b'{"data":' + b"9" * 5_000 + b"}", b'{"data":' + b"[" * 100_000])
def test_json_that_would_break_a_parser_is_only_refused(value: bytes) -> None:
    with pytest.raises(NotAnEvent) as caught:
        decode([("content-type", b"application/cloudevents+json")], value)
    assert caught.value.reason == Why.NOT_JSON.en


def said(event: Event, **changes: Any) -> tuple[bytes | None, list[tuple[str, bytes]]]:
    plain: dict[str, Any] = {
        "sequence": 7,
        "epoch": 1,
        "at": AT,
        "source": "/1460/intake",
        "municipality": "1460",
        "key": event.subject,
        "causation": "1460-x/1/3",
        "correlation": "1460-y/1/1",
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    }
    return encode(event, **plain | changes)


def sample(event: type[Event] = ContactRegistered) -> Event:
    return event.model_validate_json(samples_of(event)[0].read_bytes())


@pytest.mark.parametrize(("event", "path"), SAMPLES)
def test_what_we_say_we_read_back(event: type[Event], path: Path) -> None:
    wanted = event.model_validate_json(path.read_bytes())
    value, headers = said(wanted)
    envelope, data = decode(headers, value)
    assert read_event(event, envelope, data) == wanted
    assert envelope == Envelope(
        id=f"{wanted.subject}/1/7",
        source="/1460/intake",
        type=event.type,
        subject=wanted.subject,
        time="2026-05-12T07:14:06.000300Z",
        municipality="1460",
        sequence=7,
        epoch=1,
        partitionkey=wanted.subject,
        causationid="1460-x/1/3",
        correlationid="1460-y/1/1",
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    )


@pytest.mark.parametrize(("event", "path"), SAMPLES)
def test_another_implementation_reads_what_we_say(event: type[Event], path: Path) -> None:
    wanted = event.model_validate_json(path.read_bytes())
    value, headers = said(wanted)
    theirs = kafka.from_binary_event(kafka.KafkaMessage(dict(headers), None, value or b""))
    assert (theirs.get_data() or None) == (None if value is None else json.loads(value))
    of_data = {"datacontenttype": "application/json", "dataschema": schema_of(event)}
    assert theirs.get_attributes() == {
        "specversion": "1.0",
        "id": f"{wanted.subject}/1/7",
        "source": "/1460/intake",
        "type": event.type,
        **({} if event.tombstone else of_data),
        "subject": wanted.subject,
        "time": AT,
        "municipality": "1460",
        "sequence": "7",
        "epoch": "1",
        "partitionkey": wanted.subject,
        "causationid": "1460-x/1/3",
        "correlationid": "1460-y/1/1",
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    }


@pytest.mark.parametrize("mode", [kafka.to_binary_event, kafka.to_structured_event])
@pytest.mark.parametrize(("event", "path"), SAMPLES)
def test_we_read_what_another_implementation_says(event: type[Event], path: Path, mode: Any) -> None:
    data = json.loads(path.read_text("utf-8"))
    attributes: dict[str, Any] = {
        "id": "call-1",
        "source": "/switchboard",
        "type": event.type,
        "time": AT,
        "sequence": "3",
    }
    theirs = mode(CloudEvent({**attributes, "datacontenttype": "application/json", "partitionkey": "ä"}, data))
    envelope, read = decode(list(theirs.headers.items()), theirs.value)
    assert read is not None
    assert json.loads(read) == data
    assert envelope == Envelope("call-1", "/switchboard", event.type, time=timestamp(AT), sequence=3, partitionkey="ä")


@pytest.mark.parametrize("case", [case for case in vectors("valid") if case.values[0]["name"] not in MISREAD])
def test_another_implementation_agrees_on_what_is_valid(case: dict[str, Any]) -> None:
    headers, value = record(case)
    ours, data = decode(headers, value)
    theirs = kafka.KafkaMessage({k: v for k, v in headers if v is not None and k != "x-trace"}, None, value or b"")
    structured = any(b"cloudevents" in (raw or b"").lower() for name, raw in headers if name.lower() == "content-type")
    read = (kafka.from_structured_event if structured else kafka.from_binary_event)(theirs)
    assert (read.get_id(), read.get_source(), read.get_type()) == (ours.id, ours.source, ours.type)
    assert read.get_subject() == ours.subject
    assert ours.time is None or read.get_time() == moment(ours.time)
    if structured and data is not None:
        assert read.get_data() == json.loads(data)


def test_a_story_begins_with_its_own_id_and_leaves_out_what_is_not_known() -> None:
    _, headers = said(sample(), correlation=None, causation=None, traceparent=None)
    named = dict(headers)
    assert named["ce_correlationid"] == named["ce_id"]
    assert named.keys().isdisjoint({"ce_causationid", "ce_traceparent"})


def test_saying_the_same_twice_is_the_same_record() -> None:
    assert said(sample()) == said(sample())


@pytest.mark.parametrize(
    "wrong", [{"sequence": 0}, {"epoch": 0}, {"sequence": 2**53 + 1}, {"at": AT.replace(tzinfo=None)}]
)
def test_what_nobody_could_read_is_not_said(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"counted from 1|must have an offset"):
        said(sample(), **wrong)


def test_times_are_written_in_utc_and_read_back() -> None:
    local = datetime(2026, 5, 12, 9, 14, tzinfo=timezone(timedelta(hours=2)))
    assert timestamp(local) == "2026-05-12T07:14:00Z"
    assert moment(timestamp(local)) == local
    assert moment("2026-05-12t09:14:00.5+02:00").tzinfo is UTC
    assert moment("2016-12-31T23:59:60Z") == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_a_glimpse_names_what_can_be_read_of_a_refused_record() -> None:
    assert glimpse([("ce_id", b"1"), ("ce_source", b"\xff"), ("ce_type", None)], b"") == (None, "1", None)
    assert glimpse([("ce_id", b"1"), ("ce_id", b"2")], None) == (None, "1", None)
    assert glimpse([], b'{"id": "1", "source": 2, "type": "t"}') == (None, "1", "t")
    assert glimpse([], b"[") == (None, None, None)


NAMES = st.one_of(
    st.sampled_from(
        [name for name, _ in LEAST] + ["ce_sequence", "ce_epoch", "ce_time", "ce_municipality", "ce_subject"]
    ),
    st.text().map("ce_{}".format),
    st.text(),
)
CONTENT_TYPES = st.sampled_from(
    [b"application/json", b"application/cloudevents+json", b"application/cloudevents", b"x"]
)
RAW = st.one_of(st.none(), st.binary(), st.text().map(lambda text: text.encode(errors="surrogatepass")), CONTENT_TYPES)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
TREES = st.recursive(LEAVES, lambda t: st.lists(t, max_size=3) | st.dictionaries(st.text(max_size=3), t, max_size=3))
NAMED = st.sampled_from(["specversion", "id", "source", "type", "data", "time", "sequence"]) | st.text(max_size=5)
MEMBERS = st.dictionaries(NAMED, TREES, max_size=5)
VALUES = st.one_of(
    st.none(), st.binary(), TREES.map(lambda t: json.dumps(t).encode()), MEMBERS.map(lambda t: json.dumps(t).encode())
)


def outcome(headers: list[tuple[str, bytes | None]], value: bytes | None) -> tuple[str, str] | tuple[Envelope, Any]:
    """What `decode` returns, or its reason and place; any other exception is a fault."""
    try:
        return decode(headers, value)
    except NotAnEvent as refused:
        return refused.reason, refused.where


def is_answer(outcome: tuple[Any, Any]) -> bool:
    first, second = outcome
    if isinstance(first, Envelope):
        return bool(first.id and first.source and first.type) and isinstance(second, bytes | None)
    return first in {why.en for why in Why} and (second == "" or second.startswith("/"))


@given(headers=st.lists(st.tuples(NAMES, RAW)), value=VALUES, whole=st.booleans())
@example(headers=[("content-type", b"application/cloudevents+json")], value=b'{"specversion":"1.0"}', whole=False)
def test_any_record_is_an_event_or_is_refused(
    headers: list[tuple[str, bytes | None]], value: bytes | None, whole: bool
) -> None:
    everything = [*LEAST, *headers] if whole else headers
    glimpse(everything, value)
    assert is_answer(outcome(everything, value))


@given(members=MEMBERS)
def test_any_structured_record_is_an_event_or_is_refused(members: dict[str, Any]) -> None:
    value = json.dumps({"specversion": "1.0", "id": "1", "source": "/a", "type": "t"} | members).encode()
    assert is_answer(outcome([("content-type", b"application/cloudevents+json")], value))


@given(st.lists(st.tuples(NAMES.filter(lambda name: name.startswith("ce_")), RAW)))
def test_a_header_of_no_concern_changes_nothing(headers: list[tuple[str, bytes | None]]) -> None:
    foreign = ("of-no-concern", b"\xff")
    assert outcome([*LEAST, *headers], b"{}") == outcome([*LEAST, *headers, foreign], b"{}")


@given(
    subject=st.from_regex(r"[!-~\xc0-\xff]{1,150}", fullmatch=True), sequence=st.integers(1, 2**53), at=st.datetimes()
)
def test_any_event_of_ours_is_read_back(subject: str, sequence: int, at: datetime) -> None:
    event = sample().model_copy(update={"contact_id": subject})
    value, headers = said(event, sequence=sequence, at=at.replace(tzinfo=UTC))
    envelope, data = decode(headers, value)
    assert ContactRegistered.model_validate_json(data or b"") == event
    assert (envelope.subject, envelope.sequence) == (subject, sequence)
    assert moment(envelope.time or "") == at.replace(tzinfo=UTC)
