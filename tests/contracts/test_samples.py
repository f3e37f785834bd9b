"""Every sample that ever stood here can be read, and says the same when written again."""

import json
from datetime import timedelta
from pathlib import Path

import jsonschema_rs
import pytest
from pydantic import TypeAdapter

from shared.contracts.catalogue import SAMPLES, all_events, event_for, samples_of
from shared.contracts.event import Event

CASES = [pytest.param(event, path, id=path.name) for event in all_events() for path in samples_of(event)]


@pytest.mark.parametrize(("event", "path"), CASES)
def test_a_sample_says_the_same_when_read_and_written(event: type[Event], path: Path) -> None:
    said = event.model_validate_json(path.read_bytes())
    assert json.loads(said.model_dump_json(exclude_unset=True)) == json.loads(path.read_text("utf-8"))
    assert event.model_validate_json(said.model_dump_json()) == said


@pytest.mark.parametrize(("event", "path"), CASES)
def test_a_sample_keeps_to_the_json_schema(event: type[Event], path: Path) -> None:
    jsonschema_rs.validator_for(event.model_json_schema(), validate_formats=True).validate(json.loads(path.read_text()))


@pytest.mark.parametrize(("event", "path"), CASES)
def test_members_that_we_do_not_know_are_ignored(event: type[Event], path: Path) -> None:
    later = json.loads(path.read_text("utf-8")) | {"said_in_a_later_release": {"x": 1}}
    assert event.model_validate_json(json.dumps(later)) == event.model_validate_json(path.read_bytes())


@pytest.mark.parametrize(("event", "path"), CASES)
def test_the_subject_is_the_member_that_the_event_is_about(event: type[Event], path: Path) -> None:
    sample = json.loads(path.read_text("utf-8"))
    assert event.model_validate(sample).subject == sample[event.about]


def test_no_sample_is_without_its_event() -> None:
    assert {path for event in all_events() for path in samples_of(event)} == set(SAMPLES.iterdir())


def test_the_samples_name_every_member() -> None:
    missing = {
        event.__name__: names
        for event in all_events()
        if (names := set(event.model_json_schema()["properties"]).difference(*map(_members, samples_of(event))))
    }
    assert missing == {}


def _members(sample: Path) -> set[str]:
    return set(json.loads(sample.read_text("utf-8")))


def test_a_type_finds_its_class_and_an_unknown_one_none() -> None:
    assert all(event_for(event.type) is event for event in all_events())
    assert event_for("se.kommunkontakt.intake.contact-forgotten.v1") is None


def test_moments_in_streams_of_our_own_are_utc() -> None:
    for event, path in ((e, p) for e in all_events() if not e.stream.is_inbox for p in samples_of(e)):
        said = event.model_validate_json(path.read_bytes())
        moments = {k: v for k, v in dict(said).items() if k.endswith("_at") or k == "since"}
        assert all(moment.utcoffset() == timedelta(0) for moment in moments.values())
        for name in moments:
            wrong = json.loads(path.read_text()) | {name: "2026-05-12T09:14:05+02:00"}
            with pytest.raises(ValueError, match="offset of 0"):
                event.model_validate(wrong)


def test_an_event_is_read_the_same_from_json_and_from_python() -> None:
    for event in all_events():
        raw = samples_of(event)[0].read_bytes()
        assert TypeAdapter(event).validate_python(json.loads(raw)) == event.model_validate_json(raw)
