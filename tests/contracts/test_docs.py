"""The documents that are made from the catalogue, and that those in docs/ are in step with it."""

import json
from pathlib import Path

import jsonschema_rs
import pytest

from shared.contracts.catalogue import all_events, all_streams, samples_of
from shared.contracts.inbox import ContactReceived
from shared.contracts.intake_contacts import ContactRegistered
from shared.platform.docs import ROOT, compare, documents, main, write
from shared.platform.docs_asyncapi import asyncapi
from shared.platform.docs_events import events_page
from shared.platform.docs_schemas import fields, json_schema

HEARD = {ContactReceived.type: ("intake",), ContactRegistered.type: ("routing", "notify")}


def test_docs_are_in_step_with_the_catalogue() -> None:
    assert "".join(compare(documents(), ROOT)) == ""


def test_documents_are_the_same_each_time() -> None:
    assert documents() == documents()


def test_a_difference_is_printed_and_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], tmp_path) == main(["--check"], tmp_path) == 0
    (tmp_path / "events.md").write_text("something else\n")
    (tmp_path / "schemas" / "of-old.json").write_text("{}\n")
    assert main(["--check"], tmp_path) == 1
    printed = capsys.readouterr().out
    assert "-something else" in printed
    assert "-{}" in printed
    assert "make docs" in printed
    assert main([], tmp_path) == main(["--check"], tmp_path) == 0


def test_writing_leaves_what_people_wrote(tmp_path: Path) -> None:
    (tmp_path / "glossary.md").write_text("words\n")
    write(documents(), tmp_path)
    assert (tmp_path / "glossary.md").read_text() == "words\n"


def test_the_page_names_each_event_its_type_and_who_hears_it() -> None:
    page = events_page(HEARD)
    assert all(f"### {event.__name__}\n" in page and f"`{event.type}`" in page for event in all_events())
    assert all(f"| `{stream.topic}` |" in page for stream in all_streams())
    assert "Heard by: routing, notify" in page
    assert "Heard by: nobody here: " in page


def test_each_schema_takes_its_samples_and_refuses_nothing() -> None:
    for event in all_events():
        schema = json_schema(event)
        validator = jsonschema_rs.validator_for(schema, validate_formats=True)
        assert all(validator.is_valid(json.loads(path.read_text("utf-8"))) for path in samples_of(event))
        assert not validator.is_valid({})


def test_members_of_parts_stand_under_their_paths() -> None:
    schema = json_schema(ContactReceived)
    rows = {field.path: field for field in fields(schema, schema["$defs"])}
    assert rows["attachments[].sha256"].required
    assert not rows["company.name"].required
    assert rows["wish"].bounds == "the company's own words; 1 to 20000 characters"
    assert (rows["attachments"].kind, rows["received_at"].kind) == ("list of object", "moment")


def test_the_operations_follow_the_listeners() -> None:
    document = asyncapi(HEARD)
    assert "  routing.hears.intake.contacts.v1:\n" in document
    assert "  notify.hears.intake.contacts.v1:\n" in document
    assert "  procurement.hears.intake.contacts.v1:\n" not in document
