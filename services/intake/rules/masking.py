"""Free text without what points out a private person: personal numbers, phone numbers, e-mail addresses, known names.

It rather masks too much than too little: a number that might be a phone number is masked, a day is not.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from stdnum import luhn

from services.intake.model.secrecy import Field

MASK = "■■■"
ALL_KINDS = frozenset({Field.PERSONAL_NUMBER, Field.PHONE, Field.E_MAIL, Field.PERSON})
RUN = re.compile(r"\d(?:[\W_]{0,3}\d)+")
"""Digits, with up to three signs between them: what a number may be hidden in."""
WRITTEN_AS_PERSONAL = re.compile(r"(?<!\d)(?:1[89]|20)?\d{2}[0-1]\d[0-9]\d\s?[-+–]\s?\d{4}(?!\d)")
KEPT = re.compile(r"(?<!\d)(?:(?:19|20)\d\d-\d\d-\d\d|[1-9]\d[2-9]\d{3}-?\d{4}|[A-ZÅÄÖ]+ \d{4}/\d+)(?!\d)")
"""Days, legal persons' numbers and register numbers are no phone numbers."""
PHONE = re.compile(r"\+?\(?\d(?:[\s\-–‑/().]{0,3}\d)+")
AMOUNT = re.compile(r"\s{0,2}(?:kr|kronor|sek|kvm|m2|m²|platser)\b", re.IGNORECASE)
E_MAIL = re.compile(r"[^\s,;<>]{1,320}\s{0,2}(?:@|＠|\(at\)|\[at\])\s{0,2}[^\s,;<>]+", re.IGNORECASE)
NAME_PART = re.compile(r"[^\W\d_]{2,}")
SHORTEST_PHONE, SHORTEST_WITH_ZERO = 7, 5
COORDINATION = 60
"""What is added to the day in the number of somebody who is not registered in Sweden (samordningsnummer)."""


class Span(NamedTuple):
    """A piece of a text, and what it is."""

    start: int
    end: int
    kind: Field


@dataclass(frozen=True, slots=True)
class Masked:
    """A text without what was masked in it, and which kinds that were."""

    text: str
    found: tuple[Field, ...]


def masked(text: str, known: Iterable[str] = (), kinds: Collection[Field] = ALL_KINDS) -> Masked:
    """The text with each piece of these kinds replaced; `known` are the names and numbers of those it may speak of."""
    plain = _plain(text)
    spans = _outer(span for span in _spans(plain, [_plain(one) for one in known]) if span.kind in kinds)
    return Masked(_replaced(plain, spans), tuple(dict.fromkeys(span.kind for span in spans)))


def is_personal_number(digits: str) -> bool:
    """Whether ten digits are a personal number, a sole trader's number or a coordination number."""
    month, day = int(digits[2:4]), int(digits[4:6])
    return 1 <= month <= 12 and 1 <= (day - COORDINATION if day > COORDINATION else day) <= 31 and luhn.is_valid(digits)


def _plain(text: str) -> str:
    """One way of writing each letter, and no signs that cannot be seen."""
    seen = (letter for letter in unicodedata.normalize("NFC", text) if unicodedata.category(letter) != "Cf")
    return "".join(seen)


def _spans(text: str, known: Sequence[str]) -> Iterator[Span]:
    personal = list(_personal_numbers(text))
    kept = [found.span() for found in KEPT.finditer(text)]
    yield from personal
    yield from _phones(_without(text, [*kept, *((span.start, span.end) for span in personal)]))
    for found in E_MAIL.finditer(text):
        yield Span(*found.span(), Field.E_MAIL)
    yield from _known(text, known)


def _personal_numbers(text: str) -> Iterator[Span]:
    for found in WRITTEN_AS_PERSONAL.finditer(text):
        yield Span(*found.span(), Field.PERSONAL_NUMBER)
    for run in RUN.finditer(text):
        places = [place for place in range(run.start(), run.end()) if text[place].isdecimal()]
        digits = "".join(str(unicodedata.decimal(text[place])) for place in places)
        for start in range(len(digits) - 9):
            if is_personal_number(digits[start : start + 10]):
                first = start - 2 if digits[max(0, start - 2) : start] in ("18", "19", "20") else start
                yield Span(places[first], places[start + 9] + 1, Field.PERSONAL_NUMBER)


def _phones(text: str) -> Iterator[Span]:
    for found in PHONE.finditer(text):
        if _may_be_a_phone(found[0], text[found.end() : found.end() + 12]):
            yield Span(*found.span(), Field.PHONE)


def _without(text: str, pieces: Iterable[tuple[int, int]]) -> str:
    """The text with letters in the place of some pieces."""
    letters = list(text)
    for start, end in pieces:
        letters[start:end] = "x" * (end - start)
    return "".join(letters)


def _may_be_a_phone(written: str, after: str) -> bool:
    digits = sum(letter.isdecimal() for letter in written)
    if written.lstrip("(").startswith(("0", "+")):
        return digits >= SHORTEST_WITH_ZERO
    return digits >= SHORTEST_PHONE and not AMOUNT.match(after)


def _known(text: str, known: Sequence[str]) -> Iterator[Span]:
    for one in known:
        for part in NAME_PART.findall(one):
            for found in re.finditer(rf"(?<!\w){re.escape(part)}(?!\w)", text, re.IGNORECASE):
                yield Span(*found.span(), Field.PERSON)
        if digits := re.findall(r"\d", one):
            for found in re.finditer(r"[\W_]{0,3}".join(digits), text):
                yield Span(*found.span(), Field.PHONE)


def _outer(spans: Iterable[Span]) -> list[Span]:
    """The spans in their order, without those that lie within others."""
    outer: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end, span.kind)):
        if not outer or span.end > outer[-1].end:
            outer.append(span)
    return outer


def _replaced(text: str, spans: Sequence[Span]) -> str:
    pieces, at = list[str](), 0
    for span in spans:
        if span.start >= at:
            pieces += [text[at : span.start], MASK]
        at = span.end
    return "".join((*pieces, text[at:]))
