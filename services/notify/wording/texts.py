"""The text for facts, in the recipient's language."""

from types import ModuleType

from services.notify.model import Text
from services.notify.wording import en, sv
from services.notify.wording.facts import ContactInTrouble, Facts, MatterGiven, NewsInMatter, OfficerFound


def text_of(facts: Facts, language: str) -> Text:
    """The text: Swedish to those who have chosen it, English to all others."""
    words = sv if language.lower().partition("-")[0] == "sv" else en
    subject, body = _written(facts, words)
    return Text(facts.wording, subject, body)


def _written(facts: Facts, words: ModuleType) -> tuple[str, str]:
    if isinstance(facts, OfficerFound):
        written: tuple[str, str] = words.officer_found(facts)
    elif isinstance(facts, MatterGiven):
        written = words.matter_given(facts)
    elif isinstance(facts, NewsInMatter):
        written = words.news_in_matter(facts)
    elif isinstance(facts, ContactInTrouble):
        written = words.contact_in_trouble(facts)
    else:
        written = words.time_to_procure(facts)
    return written
