"""A guidance card: what is said at the first contact about a case type, with a source for each claim."""

from dataclasses import dataclass

from services.intake.model.dated import Dated, Sureness, weakest


@dataclass(frozen=True, slots=True, kw_only=True)
class CardText:
    """A card's text in one language (korttext)."""

    title: str
    in_short: str
    needed: tuple[str, ...]
    decided_by: str
    takes: str
    costs: str
    form: str
    law: str
    if_no: str
    good_to_know: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One claim of a card, where it is from and how sure it is (sakuppgift)."""

    claim: str
    source: str
    sureness: Sureness


@dataclass(frozen=True, slots=True, kw_only=True)
class Card(Dated):
    """What to say about a case type at the first contact (vägledningskort); as sure as its weakest fact."""

    case_type: str
    version: int
    sv: CardText
    en: CardText
    facts: tuple[Fact, ...]

    def __post_init__(self) -> None:
        """ValueError for a card without facts, or surer than its facts."""
        Dated.__post_init__(self)
        if not self.facts:
            raise ValueError("a card needs a fact")
        least = weakest(tuple(fact.sureness for fact in self.facts))
        if self.sureness != least:
            raise ValueError(f"sureness is {self.sureness}, but the weakest fact is {least}")

    @property
    def key(self) -> str:
        """See `Dated`."""
        return self.case_type

    @property
    def name(self) -> str:
        """Which card it was, for those who look later: `serv_stad v1`, a municipality's own `1460 serv_stad v1`."""
        return f"{self.owner} {self.case_type} v{self.version}".lstrip()
