"""A party: a company, or a person who speaks for one or for themselves. Personal data, kept here and nowhere else."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from services.intake.model.contact import Arrival
from services.intake.model.disposal import DisposalDecision, Holds

NO_LANGUAGE = "sv"
"""The language of a party that nobody knows."""

Ground = Literal["no-longer-needed", "consent-withdrawn", "objection", "unlawful", "legal-obligation"]
"""Why personal data is erased: the General Data Protection Regulation, article 17.1 a-e."""

PartyKind = Literal["company", "person"]


@dataclass(frozen=True, slots=True)
class Erasure:
    """That a party was erased (radering): when, by whom, on which ground, by which decision, and nothing else."""

    erased_at: datetime
    erased_by: str
    ground: Ground
    decision: DisposalDecision | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """Who contacts us: a company, or a person, with how they were last reached (part).

    A person who speaks for a company is a party of their own with that `company_id`. `prints` are the keyed hashes by
    which it is found (`rules/finding.py`). `erasure` is the latest one: it stays also when a new contact has told anew
    who they are.
    """

    municipality: str
    party_id: str
    kind: PartyKind
    name: str | None = None
    e_mail: str | None = None
    phone: str | None = None
    language: str = NO_LANGUAGE
    organisation_number: str | None = None
    company_name: str | None = None
    company_id: str | None = None
    role: str | None = None
    erasure: Erasure | None = None
    holds: Holds = None
    last_contact_on: date | None = None
    prints: tuple[str, ...] = ()

    @property
    def known_as(self) -> str | None:
        """By which name it is found: a company's own, or else that of who last spoke for it."""
        return self.company_name or self.name

    def told(self, arrival: Arrival) -> "Party":
        """The party with what was said this time; what was not said stays."""
        speaker = arrival.speaker
        return replace(
            self,
            name=speaker.name or self.name,
            e_mail=speaker.e_mail or self.e_mail,
            phone=speaker.phone or self.phone,
            role=speaker.role or self.role,
            language=arrival.language,
        )

    def contacted(self, on: date) -> "Party":
        """The party when it has contacted us that day too."""
        return replace(self, last_contact_on=max(on, self.last_contact_on or on))

    def named(self, organisation_number: str | None, name: str | None) -> "Party":
        """The company with its number of ten digits and its name; what was not said stays."""
        number = organisation_number or self.organisation_number
        company_name = name or self.company_name
        return replace(self, organisation_number=number, company_name=company_name, name=self.name or company_name)

    def renamed(self, company_name: str) -> "Party":
        """The company under its new name; who has spoken for it keeps theirs."""
        name = company_name if self.name in (None, self.company_name) else self.name
        return replace(self, company_name=company_name, name=name)

    def erased(self, erasure: Erasure) -> "Party":
        """The party without anything personal; an earlier erasure stays when nothing was told since."""
        bare = Party(self.municipality, self.party_id, self.kind, company_id=self.company_id)
        is_known = replace(self, erasure=None, language=NO_LANGUAGE) != bare
        noted = erasure if is_known or self.erasure is None else self.erasure
        return replace(bare, erasure=noted)
