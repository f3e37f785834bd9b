"""docs/asyncapi.yaml: the streams as an AsyncAPI 3 document, for other systems and their tools."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import yaml
from pydantic.json_schema import models_json_schema

from shared.contracts.catalogue import all_events, all_streams, events_on, samples_of
from shared.contracts.event import Event
from shared.contracts.streams import INBOX, PARTITIONS, Stream
from shared.platform.cloudevents import encode, schema_of
from shared.platform.docs_events import Listeners, first_line, kept, story_of
from shared.platform.docs_listeners import services
from shared.platform.docs_schemas import untitled

Node = dict[str, Any]

_BINDING = "0.5.0"
_AT = datetime(2026, 5, 12, 7, 14, 6, 300_000, UTC)
_DESCRIPTION = """One way in for businesses to a Swedish municipality: four services that talk only by events.

Every event is a CloudEvent 1.0 in Kafka's binary mode: attributes as `ce_*` headers, the data as JSON in the value.
In an inbox structured mode (`application/cloudevents+json`) is understood too. Readers ignore members and types that
they do not know.
"""
_TEXT = {"type": "string", "minLength": 1}
_COUNT = {"type": "string", "pattern": "^[1-9][0-9]{0,15}$"}
_REQUIRED: Node = {
    "ce_specversion": {"type": "string", "const": "1.0"},
    "ce_id": {**_TEXT, "description": "With ce_source the event's identity: the same again changes nothing."},
    "ce_source": {**_TEXT, "format": "uri-reference"},
    "ce_type": _TEXT,
}
_OPTIONAL: Node = {
    "content-type": {"type": "string", "examples": ["application/json"]},
    "ce_time": {"type": "string", "format": "date-time"},
    "ce_subject": {**_TEXT, "description": "The id of the aggregate that the event is about."},
    "ce_correlationid": {**_TEXT, "description": "The id of the first event of the story."},
    "ce_causationid": {**_TEXT, "description": "The id of the event that made the owner act."},
    "ce_traceparent": {**_TEXT, "description": "W3C Trace Context."},
}
_NOTHING: Node = {"type": "null", "description": "A tombstone: Kafka forgets what was said of the subject before."}
_OF_DATA: Node = {"ce_dataschema": {"type": "string", "format": "uri"}}
_OWN: Node = {
    "ce_municipality": {"type": "string", "pattern": "^[0-9]{4}$", "description": "SCB code: 1460 is Bengtsfors."},
    "ce_sequence": {**_COUNT, "description": "The event's number on its subject, from 1, without a gap."},
    "ce_epoch": {**_COUNT, "description": "1; raised when a service is restored from a backup."},
    "ce_partitionkey": {**_TEXT, "description": "Equals the Kafka key."},
}


def asyncapi(heard: Listeners) -> str:
    """The whole document as YAML."""
    streams = (INBOX, *all_streams())
    document = {
        "asyncapi": "3.0.0",
        "info": _info(),
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {"host": "localhost:9092", "protocol": "kafka", "description": "As `make run` starts it."}
        },
        "channels": {_key(stream): _channel(stream) for stream in streams},
        "operations": {name: node for stream in streams for name, node in _operations(stream, heard).items()},
        "components": {"messages": {e.__name__: _message(e) for e in all_events()}, "schemas": _schemas()},
    }
    return yaml.dump(document, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120)


class _Plain(yaml.SafeDumper):
    """YAML without anchors, so that each part reads on its own."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _info() -> Node:
    return {"title": "Kommunkontakt", "version": "1.0.0", "description": _DESCRIPTION, "license": {"name": "MIT"}}


def _key(stream: Stream) -> str:
    return "inbox" if stream.is_inbox else stream.topic


def _channel(stream: Stream) -> Node:
    node: Node = {
        "address": stream.topic.replace("*", "{publisher}"),
        "title": stream.topic.replace("*", "{publisher}"),
        "description": f"{story_of(stream)} Kept: {kept(stream)}.",
    }
    if stream.is_inbox:
        node["parameters"] = {"publisher": {"description": "The publishing system's name; only it may write there."}}
    messages = {e.__name__: {"$ref": f"#/components/messages/{e.__name__}"} for e in events_on(stream)}
    return node | {"messages": messages, "bindings": {"kafka": _topic(stream)}}


def _topic(stream: Stream) -> Node:
    config = {name: _setting(name, value) for name, value in stream.config().items()}
    topic = {} if stream.is_inbox else {"topic": stream.topic}
    return {**topic, "partitions": PARTITIONS, "topicConfiguration": config, "bindingVersion": _BINDING}


def _setting(name: str, value: str) -> list[str] | int | str:
    if name == "cleanup.policy":
        return [value]
    return int(value) if name.endswith(".ms") else value


def _operations(stream: Stream, heard: Listeners) -> dict[str, Node]:
    owner, key, events = "publisher" if stream.is_inbox else stream.owner, _key(stream), events_on(stream)
    summary = "A publishing system says what it is registered to say." if stream.is_inbox else f"{owner} says."
    operations = {f"{owner}.says.{key}": _operation("send", key, events, summary)}
    for service in services():
        mine = tuple(event for event in events if service in heard.get(event.type, ()))
        if mine:
            operations[f"{service}.hears.{key}"] = _operation("receive", key, mine, f"{service} hears.")
    return operations


def _operation(action: str, key: str, events: tuple[type[Event], ...], summary: str) -> Node:
    messages = [{"$ref": f"#/channels/{key}/messages/{event.__name__}"} for event in events]
    return {"action": action, "channel": {"$ref": f"#/channels/{key}"}, "summary": summary, "messages": messages}


def _message(event: type[Event]) -> Node:
    story = "" if event.stream.is_inbox else "The story that the event belongs to."
    node: Node = {
        "name": event.type,
        "title": event.__name__,
        "summary": first_line(event),
        **({} if event.tombstone else {"contentType": "application/json"}),
        "headers": _headers(event),
        "payload": _NOTHING if event.tombstone else {"$ref": f"#/components/schemas/{event.__name__}"},
    }
    if story:
        node["correlationId"] = {"location": "$message.header#/ce_correlationid", "description": story}
    return node | {"bindings": {"kafka": _record_key(event)}, "examples": _examples(event)}


def _headers(event: type[Event]) -> Node:
    kind = "InboxHeaders" if event.stream.is_inbox else "TombstoneHeaders" if event.tombstone else "OwnHeaders"
    fixed: Node = {"ce_type": {"const": event.type}}
    if kind == "OwnHeaders":
        fixed["ce_dataschema"] = {"const": schema_of(event)}
    return {"type": "object", "allOf": [{"$ref": f"#/components/schemas/{kind}"}, {"properties": fixed}]}


def _record_key(event: type[Event]) -> Node:
    told = f"The event's {event.about}."
    if event.stream.is_inbox:
        told = "Free: one per company or contract keeps their order."
    elif "publisher" in event.model_fields:
        told = "The publisher's name."
    return {"key": {"type": "string", "description": told}, "bindingVersion": _BINDING}


def _examples(event: type[Event]) -> list[Node]:
    return [
        {
            "name": path.stem,
            "headers": _example_headers(event, payload),
            "payload": None if event.tombstone else payload,
        }
        for path in samples_of(event)
        for payload in (json.loads(path.read_text("utf-8")),)
    ]


def _example_headers(event: type[Event], payload: Mapping[str, Any]) -> dict[str, str]:
    if event.stream.is_inbox:
        told = {"ce_specversion": "1.0", "ce_id": f"{payload['reference']}-1", "ce_source": "/switchboard/1"}
        return {**told, "ce_type": event.type, "content-type": "application/json"}
    said = event.model_validate(payload)
    municipality, service = payload.get("municipality", "1460"), payload.get("service", event.stream.owner)
    _, headers = encode(
        said,
        sequence=1,
        epoch=1,
        at=_AT,
        source=f"/{municipality}/{service}",
        municipality=municipality,
        key=payload.get("publisher", said.subject),
        causation=None,
        correlation=None,
        traceparent=None,
    )
    return {name: raw.decode() for name, raw in headers}


def _schemas() -> Node:
    _, declared = models_json_schema(
        [(event, "validation") for event in all_events() if not event.tombstone],
        ref_template="#/components/schemas/{model}",
    )
    parts = untitled(declared)["$defs"]
    told = ("ce_time", "ce_subject", "ce_correlationid")
    own: Node = {
        "type": "object",
        "required": [*_REQUIRED, *_OF_DATA, *_OWN, "content-type", *told],
        "properties": {**_REQUIRED, **_OPTIONAL, **_OF_DATA, **_OWN},
    }
    bare: Node = {
        "type": "object",
        "required": [*_REQUIRED, *_OWN, *told],
        "properties": {**_REQUIRED, **_OPTIONAL, **_OWN},
    }
    return {
        "InboxHeaders": {"type": "object", "required": [*_REQUIRED], "properties": {**_REQUIRED, **_OPTIONAL}},
        "OwnHeaders": own,
        "TombstoneHeaders": bare,
        **{name: parts[name] for name in sorted(parts)},
    }
