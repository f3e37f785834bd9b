"""docs/api-intake.md, read: its doors, and its examples with what they must be answered.

A door is a heading with the line `METHOD /path` · who may · status below it. The examples are blocks of `sh` with one
curl each; "Answers 409" before a block says another status than the door's, a block of `json` after it what the answer
must hold, and "Keep `member` of the answer as `$NAME`" what later examples are sent with.
"""

import argparse
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "docs" / "api-intake.md"
DOOR = re.compile(r"^`([A-Z]+) (/\S*)` · (.+) · (\d{3})$")
ANSWERS = re.compile(r"^Answers (\d{3})\b")
KEPT = re.compile(r"`([^`]+)`(?: of the (?:answer|page))? as `\$([A-Z]+)`")
BLOCK = re.compile(r"^```(\w*)$")
TOKEN = re.compile(r"\$\(as ([a-z]+)\)")
NAME = re.compile(r"\$\{([A-Z]+)#K \}|\$([A-Z]+)")
ANYBODY = "anybody"


@dataclass(frozen=True)
class Door:
    """A door as the page names it."""

    method: str
    path: str
    who: frozenset[str]

    def leads(self, method: str, path: str) -> bool:
        """Whether a request comes to this door."""
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(self.path))
        return method == self.method and re.fullmatch(pattern, path) is not None


@dataclass
class Example:
    """One curl, and what it must be answered."""

    door: Door
    command: str
    status: int
    shown: str | None = None
    kept: dict[str, str] = field(default_factory=dict)


@dataclass
class Request:
    """What a curl sends."""

    url: str
    method: str
    headers: dict[str, str]
    body: str | None
    fields: dict[str, str]


@dataclass
class Reading:
    """The page as far as it was read."""

    doors: list[Door] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    status: int = 0

    def line(self, line: str) -> None:
        """A line of text."""
        if found := DOOR.match(line):
            self.doors.append(Door(found[1], found[2], frozenset(found[3].split(", ")) - {ANYBODY}))
            self.status = int(found[4])
        elif found := ANSWERS.match(line):
            self.status = int(found[1])
        elif line.startswith("Keep `"):
            self.examples[-1].kept |= {name: member for member, name in KEPT.findall(line)}

    def block(self, kind: str, block: str) -> None:
        """What stands between fences."""
        if kind == "sh":
            self.examples.append(Example(self.doors[-1], block, self.status))
        elif kind == "json":
            self.examples[-1].shown = block


def read(text: str) -> tuple[list[Door], list[Example]]:
    """The doors and the examples, in their order."""
    reading, lines = Reading(), iter(text.splitlines())
    for line in lines:
        if found := BLOCK.match(line):
            reading.block(found[1], "\n".join(iter(lambda: next(lines), "```")))
        else:
            reading.line(line)
    return reading.doors, reading.examples


def expanded(command: str, told: Mapping[str, str], header: Callable[[str], str]) -> str:
    """The command as a shell would hand it over: names and tokens stand where no single quotes are around them."""

    def value(found: re.Match[str]) -> str:
        return told[found[1]].removeprefix("K ") if found[1] else told[found[2]]

    parts = command.split("'")
    for place in range(0, len(parts), 2):
        parts[place] = NAME.sub(value, TOKEN.sub(lambda found: header(found[1]), parts[place]))
    return "'".join(parts)


def request_of(command: str) -> Request:
    """What an expanded curl sends; an option that this page does not use is refused."""
    curl = argparse.ArgumentParser(prog="curl", exit_on_error=False)
    curl.add_argument("-H", dest="headers", action="append", default=[])
    curl.add_argument("-F", dest="fields", action="append", default=[])
    curl.add_argument("-d", dest="body")
    curl.add_argument("-X", dest="method")
    curl.add_argument("-i", "-OJ", action="store_true")
    curl.add_argument("url")
    name, *words = shlex.split(command)
    if name != "curl":
        raise ValueError("an example is one curl")
    asked = curl.parse_args(words)
    sends = asked.body is not None or asked.fields
    return Request(
        url=asked.url,
        method=asked.method or ("POST" if sends else "GET"),
        headers=dict(header.split(": ", 1) for header in asked.headers),
        body=asked.body,
        fields=dict(one.split("=", 1) for one in asked.fields),
    )


def fits(shown: Any, answered: Any) -> bool:
    """Whether an answer holds what is shown of it: every member, of its kind; the same where no digit is in it."""
    if isinstance(shown, dict) and isinstance(answered, dict):
        return all(name in answered and fits(value, answered[name]) for name, value in shown.items())
    if isinstance(shown, list) and isinstance(answered, list):
        return len(shown) <= len(answered) and all(map(fits, shown, answered))
    if type(shown) is not type(answered):
        return False
    varies = isinstance(shown, (int, float)) and not isinstance(shown, bool)
    return varies or shown == answered or (isinstance(shown, str) and any(letter.isdigit() for letter in shown))


def member(answer: Any, path: str) -> Any:
    """A member of an answer: `items.0.contact_id`."""
    for part in path.split("."):
        answer = answer[int(part)] if isinstance(answer, list) else answer[part]
    return answer
