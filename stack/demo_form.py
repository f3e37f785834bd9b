"""The public form, as a browser opens it, fills it in and sends it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

from stack.problem import Problem

Attributes = list[tuple[str, str | None]]


@dataclass
class Page(HTMLParser):
    """What a browser makes of a page: where it is sent, what stands in its fields, and its terms by their class."""

    action: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    terms: dict[str, str] = field(default_factory=dict)
    _inside: str = ""
    _term: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    @classmethod
    def of(cls, html: str) -> "Page":
        """A page that was read."""
        page = cls()
        page.feed(html)
        return page

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        """See what a browser shows and would send."""
        told = {name: value or "" for name, value in attrs}
        name = told.get("name", "")
        match tag:
            case "form":
                self.action = told["action"]
            case "input" if told.get("type") not in ("checkbox", "file"):
                self.fields[name] = told.get("value", "")
            case "textarea" | "select":
                self._inside, self.fields[name] = name, ""
            case "option":
                self._option(told)
            case "dd":
                self._term = told.get("class", "")

    def _option(self, told: Mapping[str, str]) -> None:
        self.choices.setdefault(self._inside, []).append(told["value"])
        if "selected" in told:
            self.fields[self._inside] = told["value"]

    def handle_endtag(self, tag: str) -> None:
        """Leave a field or a term."""
        if tag in ("textarea", "select"):
            self._inside = ""
        elif tag == "dd":
            self._term = ""

    def handle_data(self, data: str) -> None:
        """Read what stands there."""
        if self._inside and self._inside not in self.choices:
            self.fields[self._inside] += data.strip()
        if self._term:
            self.terms[self._term] = self.terms.get(self._term, "") + data


@dataclass(frozen=True)
class WebForm:
    """A form that somebody has opened."""

    url: str
    page: Page

    @classmethod
    def open(cls, url: str) -> "WebForm":
        """Open it; Problem when there is none."""
        answer = httpx.get(url, headers={"Accept": "text/html"}, timeout=30)
        if answer.status_code != 200:
            raise Problem(f"The public form is not there: {url} answers {answer.status_code}.")
        return cls(url, Page.of(answer.text))

    def send(self, typed: Mapping[str, str]) -> Page:
        """Send it with what was typed; the receipt. Problem when it comes back."""
        self._insist_possible(typed)
        sent = {**self.page.fields, **typed}
        parts = [(name, (None, value.encode())) for name, value in sent.items()]
        answer = httpx.post(urljoin(self.url, self.page.action), files=parts, follow_redirects=True, timeout=30)
        if answer.status_code != 200 or not answer.history:
            raise Problem(f"The form was not taken: it came back with {answer.status_code}.")
        return Page.of(answer.text)

    def _insist_possible(self, typed: Mapping[str, str]) -> None:
        for name, value in typed.items():
            if name not in self.page.fields or value not in self.page.choices.get(name, [value]):
                raise Problem(f"The public form has no field {name} in which {value} can stand.")
