"""The tray of a mail sink: every delivery is kept in one file, in the order it came, and read back after a restart."""

import base64
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Mail:
    """One delivery: who got it, when it came, and its bytes as they came."""

    id: str
    at: str
    sender: str
    recipients: tuple[str, ...]
    content: bytes

    def summary(self) -> dict[str, Any]:
        """What a list shows of it, in Mailpit's words."""
        message = self._message()
        return {
            "ID": self.id,
            "MessageID": _text(message, "message-id").strip().strip("<>"),
            "From": (_people(message, "from") or [_person("", self.sender)])[0],
            "To": _people(message, "to") or [_person("", address) for address in self.recipients],
            "Cc": _people(message, "cc"),
            "Bcc": self._hidden(message),
            "Subject": _text(message, "subject"),
            "Created": self.at,
            "Size": len(self.content),
        }

    def whole(self) -> dict[str, Any]:
        """The summary with the texts."""
        message = self._message()
        return {**self.summary(), "Date": self.at, "Text": _body(message, "plain"), "HTML": _body(message, "html")}

    def _message(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=policy.default)

    def _hidden(self, message: EmailMessage) -> list[dict[str, str]]:
        named = {person["Address"] for field in ("to", "cc") for person in _people(message, field)}
        return [_person("", address) for address in self.recipients if named and address not in named]


def _person(name: str, address: str) -> dict[str, str]:
    return {"Name": name, "Address": address}


def _text(message: EmailMessage, field: str) -> str:
    # A sink takes whatever comes: the mail parser raises many kinds of errors over a broken header.
    try:
        return str(message[field] or "")
    except Exception:
        return ""


def _people(message: EmailMessage, field: str) -> list[dict[str, str]]:
    return [_person(name, address) for name, address in getaddresses([_text(message, field)]) if address]


def _body(message: EmailMessage, kind: str) -> str:
    try:
        part = message.get_body((kind,))
        return str(part.get_content()) if part else ""
    except Exception:
        return ""


class Tray:
    """All mails that were delivered, oldest first; the same mail delivered twice is there twice."""

    def __init__(self, file: Path) -> None:
        """Reads what an earlier run kept."""
        self._file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        self._mails = {mail.id: mail for mail in _read(file)}
        _end_half_a_line(file)

    def add(self, sender: str, recipients: list[str], content: bytes) -> Mail:
        """Keeps one delivery; when this returns it is in the file."""
        at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        mail = Mail(uuid.uuid4().hex, at, sender, tuple(recipients), content)
        with self._file.open("a") as file:
            file.write(_line(mail))
        self._mails[mail.id] = mail
        return mail

    def page(self, start: int, limit: int) -> list[Mail]:
        """Some mails, newest first."""
        return list(reversed(self._mails.values()))[start : start + limit]

    def get(self, mail_id: str) -> Mail | None:
        """One mail; `latest` is the newest."""
        if mail_id == "latest":
            return next(iter(self.page(0, 1)), None)
        return self._mails.get(mail_id)

    def __len__(self) -> int:
        """How many deliveries there were."""
        return len(self._mails)

    def clear(self) -> None:
        """Forgets all mails."""
        self._mails.clear()
        self._file.write_text("")


def _line(mail: Mail) -> str:
    content = base64.b64encode(mail.content).decode()
    kept = {"id": mail.id, "at": mail.at, "from": mail.sender, "to": mail.recipients, "content": content}
    return json.dumps(kept) + "\n"


def _end_half_a_line(file: Path) -> None:
    kept = file.read_bytes() if file.exists() else b""
    if kept and not kept.endswith(b"\n"):
        with file.open("a") as opened:
            opened.write("\n")


def _read(file: Path) -> Iterator[Mail]:
    for line in file.read_text().splitlines() if file.exists() else []:
        try:
            kept = json.loads(line)
        except json.JSONDecodeError:
            continue  # half a line, from a power cut: the sender was never told that it was taken
        content = base64.b64decode(kept["content"])
        yield Mail(kept["id"], kept["at"], kept["from"], tuple(kept["to"]), content)
