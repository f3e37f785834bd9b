"""docs/events.md: each stream and each event on it, for people."""

import sys
from collections.abc import Iterator, Mapping

from shared.contracts.catalogue import all_streams, events_on, samples_of
from shared.contracts.event import Event
from shared.contracts.streams import DAY_MS, HOUR_MS, INBOX, PARTITIONS, Stream
from shared.platform.docs_schemas import Field, fields, json_schema

Listeners = Mapping[str, tuple[str, ...]]

_INTRODUCTION = f"""# Events

Made from `shared/contracts` by `make docs`; change the classes, not this page. The same as AsyncAPI 3 is
`asyncapi.yaml`, the JSON Schema of each event's data is in `schemas/`.

Every event is a CloudEvent 1.0 on Kafka. We send binary mode (`ce_*` headers, the data as JSON in the value) and also
accept structured mode (`application/cloudevents+json`) in an inbox. Every topic has {PARTITIONS} partitions. On our own
streams the key is the subject, so that one aggregate's events stay in order, and `ce_sequence` counts them from 1
without a gap; a rejection is keyed by the publisher that it answers. Readers ignore members and types that they do
not know.

On a compacted stream a tombstone erases: a record without a value, whose headers are those of any other event. There a
record with the key `heartbeat` comes in each partition now and then; it says nothing and is passed by.
"""


def events_page(heard: Listeners) -> str:
    """The whole page."""
    lines = [_INTRODUCTION, *_overview(heard)]
    for stream in (INBOX, *all_streams()):
        lines += _stream(stream, heard)
    lines += ["", *_platform(heard)]
    return "\n".join(lines).rstrip("\n") + "\n"


def topic_of(stream: Stream) -> str:
    """The topic as people write it."""
    return stream.topic.replace("*", "<publisher>")


def story_of(stream: Stream) -> str:
    """What a stream is for: the first line of its module."""
    return (sys.modules[events_on(stream)[0].__module__].__doc__ or "").strip()


def first_line(event: type[Event]) -> str:
    """The sentence that says what an event means."""
    return (event.__doc__ or "").strip().splitlines()[0]


def kept(stream: Stream) -> str:
    """How long a stream keeps its events."""
    if stream.is_inbox:
        return "30 days"
    return "the newest of each subject; a tombstone erases" if stream.compacted else "for ever"


def _overview(heard: Listeners) -> Iterator[str]:
    yield "| topic | owner | says | heard by |"
    yield "|---|---|---|---|"
    for stream in (INBOX, *all_streams()):
        says = ", ".join(f"[{event.__name__}](#{event.__name__.lower()})" for event in events_on(stream))
        names = dict.fromkeys(name for event in events_on(stream) for name in heard.get(event.type, ()))
        yield f"| `{topic_of(stream)}` | {_owner(stream)} | {says} | {', '.join(names) or '-'} |"


def _owner(stream: Stream) -> str:
    return "the publishing system" if stream.is_inbox else stream.owner


def _stream(stream: Stream, heard: Listeners) -> Iterator[str]:
    events = [event for event in events_on(stream) if event.stream is stream]
    if not events:
        return
    config = ", ".join(f"`{name}={value}`" for name, value in stream.config().items())
    yield f"\n## `{topic_of(stream)}`\n\n{story_of(stream)}\n"
    yield f"- Owner: {_owner(stream)}\n- Kept: {kept(stream)} ({config})"
    yield f"- Personal data: {'yes' if stream.personal else 'none'}"
    if stream.compacted:
        hours, days = stream.forgetting.erased_within_ms / HOUR_MS, stream.forgetting.tombstone_ms // DAY_MS
        yield f"- Erased: gone from Kafka's files within {hours:g} hours; the tombstone is kept for {days} days"
    for event in events:
        yield from _event(event, heard)


def _platform(heard: Listeners) -> Iterator[str]:
    """What every service's own rejections and parked streams carry, told once."""
    yield "## `<service>.rejections.v1` and `<service>.parked.v1`\n"
    yield "Said by the platform for each service, kept for ever, without personal data."
    events = dict.fromkeys(event for stream in all_streams() for event in events_on(stream))
    for event in (event for event in events if event.stream.owner == "platform"):
        yield from _event(event, heard)


def _event(event: type[Event], heard: Listeners) -> Iterator[str]:
    names = ", ".join(heard.get(event.type, ()))
    schema = json_schema(event)
    yield f"\n### {event.__name__}\n\n{first_line(event)}\n"
    yield f"- Type: `{event.type}`\n- Subject: `{event.about}`"
    yield f"- Heard by: {names or f'nobody here: {event.unheard}' if event.unheard or names else 'nobody yet'}\n"
    if event.tombstone:
        yield f"A tombstone: no data. `ce_subject` is the `{event.about}`, `ce_municipality` says whose it is."
        return
    yield "| member | holds | required | bounds |\n|---|---|---|---|"
    yield from (_row(field) for field in fields(schema, schema.get("$defs", {})))
    yield f"\n```json\n{samples_of(event)[0].read_text('utf-8')}```"


def _row(field: Field) -> str:
    bounds = field.bounds.replace("|", "\\|")
    return f"| `{field.path}` | {field.kind} | {'yes' if field.required else ''} | {bounds} |"
