"""How parties are found although they are sealed: by keyed hashes of what they are known by, and how well one answers.

A mark is what a party can be found by: an organisation number, a phone number, an e-mail, each word of a name (`word`),
its beginnings (`start`), and two words of one name, the second by its beginning (`pair`). Its print is what is kept.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from itertools import permutations
from typing import NamedTuple

import phonenumbers

from services.intake.model.party import Party
from services.intake.rules.ids import organisation_number
from shared.contracts.refusal import Invalid

REGION = "SE"
PRINT_LETTERS = 8
"""So many letters of a print: two texts that share one are told apart once the party is opened."""
SHORTEST, LONGEST = 2, 12
PAIRED_WORDS, LONGEST_SECOND = 3, 5
ASKED_WORDS, LED_BY = 6, 3
FEWEST_DIGITS = 5
WRITTEN_WITH = set(" -+()/.")
COMMON = frozenset({"ab", "aktiebolag", "aktiebolaget", "hb", "kb", "i", "och", "the", "firma"})
"""Words of so many companies that they tell next to nothing; folded."""
OTHERS = str.maketrans({"æ": "ae", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th"})
"""Letters that are not a plain letter with a mark on it."""

Printed = Callable[[str, str], str]


class Mark(NamedTuple):
    """What a party can be found by (kännetecken): of which purpose, and the text."""

    purpose: str
    text: str


def findable(party: Party, printed: Printed) -> Party:
    """The party with the prints of all that it is known by now."""
    return replace(party, prints=tuple(sorted({print_of(mark, printed) for mark in marks_of(party)})))


def print_of(mark: Mark, printed: Printed) -> str:
    """What is kept of a mark."""
    return printed(*mark)[:PRINT_LETTERS]


def marks_of(party: Party) -> Iterator[Mark]:
    """All that a party is found by."""
    if party.organisation_number:
        yield Mark("number", party.organisation_number)
    if party.phone:
        yield Mark("phone", phone_number(party.phone))
    if party.e_mail:
        yield Mark("e-mail", e_mail(party.e_mail))
    words = words_of(party.known_as)
    for word in words:
        yield Mark("word", word)
        yield from (Mark("start", word[:length]) for length in range(SHORTEST, min(len(word), LONGEST) + 1))
    for one, other in permutations(telling(words)[:PAIRED_WORDS], 2):
        lengths = range(SHORTEST, min(len(other), LONGEST_SECOND) + 1)
        yield from (_pair(one, other[:length]) for length in lengths)


def _pair(whole: str, start: str) -> Mark:
    return Mark("pair", f"{whole} {start[:LONGEST_SECOND]}")


@lru_cache(maxsize=1_024)
def words_of(text: str | None) -> tuple[str, ...]:
    """The words of a text in small letters without marks: `Åsas Café & Bar` has asas, cafe and bar."""
    plain = unicodedata.normalize("NFKD", (text or "").casefold()).translate(OTHERS)
    bare = "".join(" " if not letter.isalnum() else letter for letter in plain if not unicodedata.combining(letter))
    return tuple(dict.fromkeys(bare.split()))


def telling(words: Sequence[str]) -> Sequence[str]:
    """Those words that tell companies apart; all of them when none does."""
    return [word for word in words if word not in COMMON] or words


def phone_number(text: str) -> str:
    """A phone number in its international form, however it is written; its digits when it is none."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(text, REGION), phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        return "".join(filter(str.isdigit, text))


def e_mail(text: str) -> str:
    """An e-mail address as it is compared."""
    return text.strip().casefold()


@dataclass(frozen=True, slots=True)
class Sought:
    """What somebody searches for: words, or else marks that a party has or has not."""

    words: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()

    @classmethod
    def of(cls, text: str) -> "Sought":
        """What is meant by what was written in the search box."""
        if "@" in text:
            return cls(marks=(Mark("e-mail", e_mail(text)),))
        if sum(map(str.isdigit, text)) >= FEWEST_DIGITS and all(one.isdigit() or one in WRITTEN_WITH for one in text):
            return cls(marks=(*_number(text), Mark("phone", phone_number(text))))
        return cls(tuple(telling(words_of(text))[:ASKED_WORDS]))

    def leads(self) -> list[Mark]:
        """The marks that are looked for one after the other, those that tell most first."""
        if self.marks:
            return list(self.marks)
        if len(self.words) == 1:
            return [Mark("word", self.words[0]), Mark("start", self.words[0][:LONGEST])]
        longest_first = sorted(self.words, key=len, reverse=True)
        starts = [Mark("start", word[:LONGEST]) for word in longest_first[:LED_BY] if len(word) >= SHORTEST]
        return [*self._pairs(), *starts]

    def _pairs(self) -> Iterator[Mark]:
        """The last word is perhaps being written still: the longest of those before it and how it begins, and back."""
        *before, last = self.words or ("",)
        if before and len(last) >= SHORTEST:
            longest = max(before, key=len)
            yield from (_pair(longest, last), _pair(last, longest))

    def answered_by(self, parties: Iterable[Party]) -> "Answer":
        """How well a company, with the persons who speak for it, is what is sought."""
        known = [(party, set(words_of(party.known_as))) for party in parties]
        if self.marks:
            had = sum(any(mark in marks_of(party) for party, _ in known) for mark in self.marks)
            return Answer(had > 0, had, had, any(party.kind == "company" for party, _ in known), _latest(known))
        exact = sum(any(word in words for _, words in known) for word in self.words)
        answering = [party for party, words in known if any(_begins(word, words) for word in self.words)]
        matched = sum(any(_begins(word, words) for _, words in known) for word in self.words)
        own = any(party.kind == "company" for party in answering)
        return Answer(matched == len(self.words) > 0, matched, exact, own, _latest(known))


class Answer(NamedTuple):
    """How well somebody is what is sought (träff): the greater the better, member by member."""

    whole: bool
    matched: int
    exact: int
    by_its_own_name: bool
    last_contact_on: date


def _number(text: str) -> Iterator[Mark]:
    try:
        yield Mark("number", organisation_number(text, "").digits)
    except Invalid:
        return


def _begins(start: str, words: Iterable[str]) -> bool:
    return any(word.startswith(start) for word in words)


def _latest(known: Iterable[tuple[Party, object]]) -> date:
    return max((party.last_contact_on or date.min for party, _ in known), default=date.min)
