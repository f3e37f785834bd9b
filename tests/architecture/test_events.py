"""Every event has its place, its words, its samples and its listener; what is still owed is named."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from shared.contracts.catalogue import SAMPLES, all_events, all_streams, events_on
from shared.contracts.event import Event, Part
from shared.contracts.streams import INTAKE_CONTACTS, Stream
from shared.platform.docs_listeners import listeners, unwritten

ROOT = Path(__file__).parents[2]
GLOSSARY = ROOT / "docs" / "glossary.md"
TERM = re.compile(r"\(([a-zåäö][a-zåäö ]*)\)")
PERSONAL = re.compile(
    r"(^|_)(name|address|street|city|postcode|phone|mobile|e_?mail|mail|fax|wish|text|body|note|comment|message|latitude"
    r"|longitude|property|company|person|attachments?|organi[sz]ation_number|orgnr|personal_number|ssn)$"
)


def term_of(docstring: str | None) -> str | None:
    """The Swedish term that a docstring gives in parentheses."""
    found = TERM.search(docstring or "")
    return found[1] if found else None


def glossary(text: str) -> dict[str, str]:
    """The English word of each Swedish one."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")
    ]
    return {swedish: row[1] for row in rows if row[0] != "Swedish" for swedish in row[0].split(", ")}


def owed(
    event: type[Event],
    words: Mapping[str, str],
    samples: frozenset[str],
    heard: Mapping[str, tuple[str, ...]],
    awaited: tuple[str, ...] = (),
) -> Iterator[str]:
    """What a new event still lacks, each with the file where it belongs; `awaited` are services not yet written."""
    here = f"{event.__module__.replace('.', '/')}.py"
    if not event.stream.owner or event.about not in event.model_fields:
        yield f"{here}: {event.__name__} needs a stream with an owner, and about= the member with its subject"
    term = term_of(event.__doc__ if "__doc__" in vars(event) else None)
    if term is None:
        yield f"{here}: {event.__name__} needs a docstring with the Swedish term in parentheses"
    elif words.get(term) != event.__name__:
        yield f"docs/glossary.md: a row is owed for {term}, {event.__name__}"
    name = f"{event.__name__}.{event.type.rpartition('.')[2]}.json"
    if name not in samples:
        yield f"shared/contracts/samples/{name}: a sample is owed"
    if event.type in heard and event.unheard:
        yield f"{here}: {event.__name__} is heard by {', '.join(heard[event.type])}, so unheard= is no longer true"
    if event.type not in heard and not event.unheard and not awaited:
        yield f'services/<listener>/handlers.py or {here}: {event.__name__} needs a listener, or unheard="why"'


def personal_members(event: type[Event]) -> list[str]:
    """The members of an event, and of its parts, that look like personal data or a person's own words."""
    declared = event.model_json_schema()
    parts = [declared, *declared.get("$defs", {}).values()]
    return sorted(name for part in parts for name in part.get("properties", {}) if PERSONAL.search(name))


def nouns() -> Iterator[tuple[str, str]]:
    """The classes of the services' models that give a Swedish term, and the term."""
    for path in [*ROOT.glob("services/*/model.py"), *ROOT.glob("services/*/model/*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and (term := term_of(ast.get_docstring(node))):
                yield node.name, term


def test_nothing_is_owed_for_any_event() -> None:
    words, heard = glossary(GLOSSARY.read_text("utf-8")), listeners()
    samples = frozenset(path.name for path in SAMPLES.iterdir())
    assert [debt for event in all_events() for debt in owed(event, words, samples, heard, unwritten())] == []


def test_each_file_that_a_new_event_lacks_is_named() -> None:
    class ContactForgotten(Event, stream=INTAKE_CONTACTS, about="contact_id"):
        """A contact has been forgotten (kontakt glömd)."""

        contact_id: str

    here = f"{__name__.replace('.', '/')}.py"
    words, samples = {"kontakt glömd": "ContactForgotten"}, frozenset({"ContactForgotten.v1.json"})
    heard = {ContactForgotten.type: ("notify",)}
    assert list(owed(ContactForgotten, words, samples, heard)) == []
    assert list(owed(ContactForgotten, {}, frozenset(), {})) == [
        "docs/glossary.md: a row is owed for kontakt glömd, ContactForgotten",
        "shared/contracts/samples/ContactForgotten.v1.json: a sample is owed",
        f'services/<listener>/handlers.py or {here}: ContactForgotten needs a listener, or unheard="why"',
    ]
    assert list(owed(ContactForgotten, words, samples, {}, awaited=("notify",))) == []


def test_a_careless_event_is_told_all_its_faults() -> None:
    class ContactLost(Event, stream=Stream("lost.v1", ""), about="nothing", unheard="so far"):
        contact_id: str

    faults = list(owed(ContactLost, {}, frozenset({"ContactLost.v1.json"}), {ContactLost.type: ("routing",)}))
    assert [fault.partition(": ")[2] for fault in faults] == [
        "ContactLost needs a stream with an owner, and about= the member with its subject",
        "ContactLost needs a docstring with the Swedish term in parentheses",
        "ContactLost is heard by routing, so unheard= is no longer true",
    ]


@pytest.mark.parametrize("event", all_events())
def test_a_type_says_its_owner_and_its_name(event: type[Event]) -> None:
    kebab = re.sub(r"(?<!^)(?=[A-Z])", "-", event.__name__).lower()
    assert event.type == f"se.kommunkontakt.{event.stream.owner}.{kebab}.v1"


@pytest.mark.parametrize("event", [event for event in all_events() if event.tombstone])
def test_what_erases_holds_only_what_the_envelope_tells_and_stands_where_kafka_forgets(event: type[Event]) -> None:
    assert set(event.model_fields) == {"municipality", event.about}
    assert event.stream.compacted


def test_each_stream_with_personal_data_of_ours_can_be_erased() -> None:
    personal = [stream for stream in all_streams() if stream.personal]
    assert [stream.topic for stream in personal if not any(event.tombstone for event in events_on(stream))] == []


@pytest.mark.parametrize("event", all_events())
def test_nothing_personal_stands_on_a_stream_that_is_not_for_it(event: type[Event]) -> None:
    assert event.stream.personal or personal_members(event) == []


def test_personal_members_are_recognised_in_parts_too() -> None:
    class Caller(Part):
        mobile: str

    class ContactOverheard(Event, stream=INTAKE_CONTACTS, about="contact_id"):
        """A contact was overheard (kontakt avlyssnad)."""

        contact_id: str
        supplier_name: str
        reply_e_mail: str
        callers: list[Caller]

    assert personal_members(ContactOverheard) == ["mobile", "reply_e_mail", "supplier_name"]


@pytest.mark.parametrize("event", [event for event in all_events() if not event.stream.is_inbox])
def test_an_event_of_ours_says_whose_it_is(event: type[Event]) -> None:
    assert "municipality" in event.model_fields


def test_every_stream_is_named_after_its_owner_and_carries_something() -> None:
    for stream in all_streams():
        assert re.fullmatch(rf"{stream.owner}\.[a-z]+\.v1", stream.topic)
        assert events_on(stream)


def test_the_parts_of_events_and_the_nouns_of_services_stand_in_the_glossary() -> None:
    words = glossary(GLOSSARY.read_text("utf-8"))
    parts = [
        (part.__name__, term_of(part.__doc__))
        for part in Part.__subclasses__()
        if part.__module__.startswith("shared.")
    ]
    wanted = [*((name, term) for name, term in parts if not name.startswith("_")), *nouns()]
    assert [f"{term}, {name}" for name, term in wanted if term is None or words.get(term) != name] == []


def test_the_glossary_gives_each_word_once() -> None:
    rows = [line.split("|")[1].strip() for line in GLOSSARY.read_text("utf-8").splitlines() if line.startswith("| ")]
    words = [word for row in rows if row != "Swedish" for word in row.split(", ")]
    assert len(words) == len(set(words))


def test_the_glossary_names_no_event_that_is_not_there() -> None:
    events = GLOSSARY.read_text("utf-8").partition("## Events")[2]
    assert set(glossary(events).values()) == {event.__name__ for event in all_events()}
