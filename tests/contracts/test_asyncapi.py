"""The AsyncAPI document is whole, true to the samples, and accepted by the parser of its specification's keepers."""

import copy
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from shared.contracts.catalogue import all_events, all_streams, events_on, samples_of
from shared.contracts.streams import INBOX, PARTITIONS
from shared.platform.docs import ROOT
from shared.platform.docs_asyncapi import asyncapi

CHECKER = Path(__file__).with_name("asyncapi")
DOCUMENT: dict[str, Any] = yaml.safe_load(asyncapi({event.type: ("notify",) for event in all_events()}))
REMARKS = {"asyncapi-latest-version"}
"""3.0.0 is the version that tools read today; the parser says that 3.1.0 is out."""


def npm() -> str | None:
    """The npm of this machine; where a build server has none, that is a fault of the build server."""
    found = shutil.which("npm") if shutil.which("node") else None
    assert found or not os.environ.get("CI"), "node and npm must be there in CI: the AsyncAPI parser needs them"
    return found


def installed(npm_path: str) -> bool:
    """Whether the parser is there, after installing what the lock says if it was not; only once for each lock."""
    lock, mark = CHECKER / "package-lock.json", CHECKER / "node_modules" / ".installed"
    if mark.exists() and mark.read_bytes() == lock.read_bytes():
        return True
    command = [npm_path, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    done = subprocess.run(command, cwd=CHECKER, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode == 0:
        mark.write_bytes(lock.read_bytes())
        return True
    assert not os.environ.get("CI"), f"npm ci failed: {done.stderr[-2000:]}"
    return False


def read_by_parser(*documents: Path) -> list[dict[str, Any]]:
    command = ["node", "check.mjs", *map(str, documents)]
    done = subprocess.run(command, cwd=CHECKER, capture_output=True, text=True, check=True, timeout=60)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def faults(document: dict[str, Any]) -> list[str]:
    """What we can tell without the parser: references that lead nowhere, examples that break their schemas."""
    lost = [ref for ref in references(document) if not resolves(document, ref)]
    return lost or [fault for name in document["components"]["messages"] for fault in untrue_examples(document, name)]


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from references(child)


def resolves(document: Any, ref: str) -> bool:
    for name in ref.removeprefix("#/").split("/"):
        if not isinstance(document, dict) or name not in document:
            return False
        document = document[name]
    return ref.startswith("#/")


def untrue_examples(document: dict[str, Any], name: str) -> list[str]:
    message = document["components"]["messages"][name]
    for kind in ("headers", "payload"):
        schema = {"components": document["components"], "allOf": [message[kind]]}
        validator = jsonschema_rs.validator_for(schema, validate_formats=True)
        wrong = [example["name"] for example in message["examples"] if not validator.is_valid(example[kind])]
        if wrong or not message["examples"]:
            return [f"{name}: {kind} of {wrong}"]
    return []


def broken() -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    del document["components"]["messages"]["ContactRegistered"]["examples"][0]["payload"]["municipality"]
    return document


def test_the_parser_accepts_the_document(tmp_path: Path) -> None:
    path = npm()
    if path is None or not installed(path):
        assert faults(yaml.safe_load((ROOT / "asyncapi.yaml").read_text("utf-8"))) == []
        return
    (tmp_path / "heard.json").write_text(json.dumps(DOCUMENT))
    wrong = DOCUMENT | {"operations": {"intake.says.it": {"action": "shout", "channel": {"$ref": "#/channels/inbox"}}}}
    (tmp_path / "wrong.json").write_text(json.dumps(wrong))
    written, heard, false = read_by_parser(ROOT / "asyncapi.yaml", tmp_path / "heard.json", tmp_path / "wrong.json")
    for found in (written, heard):
        assert found["accepted"]
        assert {remark["code"] for remark in found["told"]} <= REMARKS
        assert set(found["messages"]) == {event.type for event in all_events()}
        assert set(found["channels"]) == {"inbox.{publisher}.v1", *(stream.topic for stream in all_streams())}
    assert not false["accepted"]


def test_every_reference_leads_somewhere_and_every_example_keeps_its_schema() -> None:
    assert faults(DOCUMENT) == []
    assert faults(broken()) == ["ContactRegistered: payload of ['ContactRegistered.v1']"]
    assert faults({"a": {"$ref": "#/b"}}) == ["#/b"]


def test_there_is_one_channel_a_stream_with_its_messages() -> None:
    channels = DOCUMENT["channels"]
    for stream in (INBOX, *all_streams()):
        channel = channels["inbox" if stream.is_inbox else stream.topic]
        assert list(channel["messages"]) == [event.__name__ for event in events_on(stream)]
        assert channel["bindings"]["kafka"]["partitions"] == PARTITIONS


def test_the_owner_sends_and_the_listeners_receive() -> None:
    operations = DOCUMENT["operations"]
    assert operations["intake.says.intake.contacts.v1"]["action"] == "send"
    assert operations["notify.hears.intake.contacts.v1"]["action"] == "receive"
    assert operations["publisher.says.inbox"]["action"] == "send"


def test_every_sample_is_an_example() -> None:
    messages = DOCUMENT["components"]["messages"]
    for event in all_events():
        names = [example["name"] for example in messages[event.__name__]["examples"]]
        assert names == [path.stem for path in samples_of(event)]


def test_a_build_server_without_node_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.delenv("CI", raising=False)
    assert npm() is None
    monkeypatch.setenv("CI", "true")
    with pytest.raises(AssertionError, match="must be there in CI"):
        npm()


def test_the_lock_names_no_address() -> None:
    lock = json.loads((CHECKER / "package-lock.json").read_text())
    assert not any("resolved" in package for package in lock["packages"].values())
