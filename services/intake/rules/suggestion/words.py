"""A wish as words: where each stands, how it sounds without its endings, and which sentence and clause it is in."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import Stemmer

WORD = re.compile(r"\d{1,3}(?:[ \u00a0]\d{3})+(?!\d)|[^\W_]+")
SENTENCE_ENDS, CLAUSE_ENDS = frozenset(".!?;\n"), frozenset(".!?;\n,:()–")
AND, BUT = frozenset({"och", "o", "and"}), frozenset({"men", "fast", "but"})
SWEDISH, ENGLISH = Stemmer.Stemmer("swedish", 0), Stemmer.Stemmer("english", 0)
"""Without stores of their own: `stems` remembers."""
DOTTED = frozenset("åäö")
DOUBLED, SOFT_G, ALIKE = re.compile(r"(.)\1+"), re.compile(r"g(?=[eiy])"), str.maketrans("wqzåäæø", "vksoeeo")
LONGEST_WORD, SHORTEST_STEM, MOST_WORDS = 48, 5, 2_048
SIGNATURE_AT_MOST = 200


@dataclass(frozen=True, slots=True)
class Word:
    """A word in small letters, and where it stands."""

    written: str
    start: int
    end: int
    sentence: int
    clause: int
    is_name: bool = False


@lru_cache(maxsize=MOST_WORDS)
def folded(word: str) -> str:
    """The word without rings, dots and accents: many leave them out."""
    if word.isascii():
        return word
    decomposed = unicodedata.normalize("NFKD", word)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


@lru_cache(maxsize=MOST_WORDS)
def stems(word: str) -> tuple[str, str, str]:
    """A folded word itself, without its Swedish endings (`sv:`), and without its English ones (`en:`)."""
    return word, f"sv:{swedish(word)}", f"en:{ENGLISH.stemWord(word)}"


def swedish(word: str) -> str:
    """A folded word without its Swedish endings; the stemmer leaves some of the neuter's (`avfallet`)."""
    stem: str = SWEDISH.stemWord(word)
    return stem[:-2] if stem.endswith("et") and len(stem) > SHORTEST_STEM else stem


def sounded(word: str) -> str:
    """A word as it sounds: many write it by ear (`gymm`, `torjet`, `kartång`, `bärgvärme`)."""
    once = DOUBLED.sub(r"\1", folded(word.translate(ALIKE)))
    return SOFT_G.sub("j", once)


def words_of(text: str) -> Sequence[Word]:
    """The words of a text but for its signature, addresses and what is too long to be a word."""
    return tuple(_words(text[: _signature_at(text)]))


def has_dots(words: Sequence[Word]) -> bool:
    """Whether the writer has å, ä and ö on the keyboard: then a short word without them has none."""
    return any(not DOTTED.isdisjoint(word.written) for word in words)


def _words(text: str) -> Iterator[Word]:
    sentence = clause = end = 0
    for found in WORD.finditer(text):
        start, before = found.start(), text[end : found.start()]
        word = found[0][:LONGEST_WORD].lower()
        marks = frozenset(before)
        if marks & SENTENCE_ENDS or ("," in marks and word in AND):
            sentence += 1
        if marks & CLAUSE_ENDS or word in BUT or " - " in before:
            clause += 1
        end = found.end()
        if not ("@" in marks or text[end : end + 1] == "@"):
            yield Word(word, start, end, sentence, clause, _is_name(found[0], marks))


def _is_name(word: str, before: frozenset[str]) -> bool:
    """Whether it has a capital in the midst of a sentence."""
    return word[0].isupper() and word[1:].islower() and before <= {" "} and bool(before)


def _signature_at(text: str) -> int:
    """Where a mail's signature begins: a short last paragraph that asks nothing, after a longer text."""
    body, blank, last = text.rstrip().rpartition("\n\n")
    is_signature = blank and len(last) < min(SIGNATURE_AT_MOST, len(body)) and "?" not in last
    return len(body) if is_signature else len(text)
