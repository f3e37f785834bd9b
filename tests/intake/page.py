"""A page as a browser reads it: its fields with what stands in them, its words, and what describes what."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

Attributes = list[tuple[str, str | None]]


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""


@dataclass
class Page(HTMLParser):
    """Read with `Page.of(html)`."""

    elements: list[Element] = field(default_factory=list)
    _open: list[Element] = field(default_factory=list)

    @classmethod
    def of(cls, html: str) -> "Page":
        page = cls()
        HTMLParser.__init__(page)
        page.feed(html)
        return page

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in ("meta", "input", "br", "wbr"):
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, tag: str, **attributes: str) -> list[Element]:
        wanted = {name.rstrip("_"): value for name, value in attributes.items()}
        return [one for one in self.elements if one.tag == tag and wanted.items() <= one.attributes.items()]

    def one(self, tag: str, **attributes: str) -> Element:
        [found] = self.all(tag, **attributes)
        return found

    @property
    def words(self) -> str:
        return " ".join(self.one("main").text.split())

    @property
    def inputs(self) -> list[Element]:
        return [one for one in self.elements if one.tag in ("input", "select", "textarea")]

    @property
    def values(self) -> dict[str, str]:
        """What the browser would send if the page were sent as it stands."""
        return {one.attributes["name"]: self._value(one) for one in self.inputs if self._is_sent(one)}

    @property
    def faults(self) -> dict[str, str]:
        """What is said to be wrong beside each field."""
        found = {one.attributes["id"]: one.text for one in self.all("p", class_="error")}
        return {name.removesuffix("-error"): text for name, text in found.items()}

    def _value(self, one: Element) -> str:
        if one.tag == "textarea":
            return one.text.removeprefix("\n")
        if one.tag == "input":
            return one.attributes.get("value", "")
        chosen = [option for option in self._options(one) if "selected" in option.attributes]
        return chosen[0].attributes["value"] if chosen else ""

    def _options(self, select: Element) -> list[Element]:
        after = self.elements[self.elements.index(select) + 1 :]
        until = next((place for place, one in enumerate(after) if one.tag != "option"), len(after))
        return after[:until]

    @staticmethod
    def _is_sent(one: Element) -> bool:
        return one.attributes.get("type") != "checkbox" or "checked" in one.attributes
