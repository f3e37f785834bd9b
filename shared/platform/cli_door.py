"""How the operators' commands knock on a service's doors: every refusal becomes one sentence and an exit code."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
from rich.console import Console

from shared.platform.clock import SystemClock
from shared.platform.errors import WrongSetting
from shared.platform.settings import PlatformSettings
from shared.platform.token import make_token

REFUSED, WRONG_USE, AWAY = 1, 2, 3
NO_TOKEN = "Give a token whose role is operator: --token, or KOMMUNKONTAKT_TOKEN."  # noqa: S105
PIECE = 100
WIDE = 240


class Complaint(Exception):
    """What the operator is told on standard error, and the exit code."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code, self.sentence = code, sentence


@dataclass(frozen=True, slots=True)
class Door:
    """The doors of one service in one municipality."""

    client: httpx.Client
    service: str
    municipality: str
    token: str
    language: str

    def parked(self, query: dict[str, str]) -> Iterator[dict[str, Any]]:
        """All events that could not be acted on, piece by piece."""
        cursor: str | None = ""
        while cursor is not None:
            piece = self.call("GET", "parked", {**query, "limit": str(PIECE), **({"cursor": cursor} if cursor else {})})
            yield from piece["items"]
            cursor = piece["next"]

    def call(self, method: str, path: str, query: dict[str, str] | None = None, body: Any = None) -> Any:
        """Knock; the answer's JSON, or a Complaint."""
        address = f"/{self.service}/v1/{self.municipality}/{path}"
        headers = {"Authorization": f"Bearer {self.token}", "Accept-Language": self.language}
        try:
            answer = self.client.request(method, address, params=query, json=body, headers=headers)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeEncodeError):
            raise Complaint(WRONG_USE, "The address, the token or an id is not one that can be sent.") from None
        except httpx.HTTPError as away:
            raise Complaint(AWAY, f"{self.service} does not answer ({type(away).__name__}): is it started?") from None
        if answer.is_error:
            raise _complaint(self.service, answer)
        return self._read(answer)

    def _read(self, answer: httpx.Response) -> Any:
        try:
            return answer.json() if answer.content else None
        except ValueError:
            raise Complaint(AWAY, f"What answers there does not speak as {self.service} does.") from None


def _complaint(service: str, answer: httpx.Response) -> Complaint:
    try:
        problem = answer.json()
        sentence, code = str(problem["detail"]), str(problem["type"])
        errors = problem["errors"]
        wrong = "; ".join(f"{error['pointer']}: {error['detail']}" for error in errors if error["detail"] != sentence)
    except (ValueError, TypeError, KeyError):
        return Complaint(AWAY, f"What answers there ({answer.status_code}) does not speak as {service} does.")
    told = plain(f"{sentence} ({code.rpartition('/')[2]})" + (f" {wrong}" if wrong else ""))
    return Complaint(AWAY if answer.status_code >= 500 else REFUSED, f"{service}: {told}")


def own_token(municipality: str) -> str:
    """A token made with the development key; in production the operator brings one."""
    try:
        settings = PlatformSettings.load()
        if settings.environment != "development" or settings.jwt_key_file is None:
            raise Complaint(WRONG_USE, NO_TOKEN)
        until, clock = timedelta(minutes=10), SystemClock()
        key, audience = settings.jwt_key_file, settings.jwt_audience
        return make_token(key, audience, "operator", ["operator"], [municipality], until, clock)
    except WrongSetting as wrong:
        raise Complaint(WRONG_USE, f"{NO_TOKEN} None could be made here: {wrong}") from None


def url_of(url: str | None, service: str) -> str:
    """Where the service answers: as told, by <SERVICE>_URL, or on this machine."""
    if url:
        return _checked(url)
    if told := os.environ.get(f"{service.upper()}_URL"):
        return _checked(told)
    port = os.environ.get(f"{service.upper()}_PORT")
    if not port:
        raise Complaint(WRONG_USE, f"Say where {service} answers: --url http://host:port.")
    return f"http://127.0.0.1:{port}"


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return url
    except ValueError:
        pass
    raise Complaint(WRONG_USE, "--url must be an address such as http://127.0.0.1:8001.")


def plain(text: object) -> str:
    """Text of others as a terminal may show it: nothing that moves a cursor or colours a line."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(text))


def console() -> Console:
    """Where tables are shown; into a pipe or a file they go wide, so that no id is cut off."""
    return Console(soft_wrap=True, width=None if sys.stdout.isatty() else WIDE)
