"""The public register: what everybody may see of a contact (OSL 5:2), and nothing that is secret or personal."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from services.intake.model.contact import GENERAL, Contact
from services.intake.model.party import Party
from services.intake.model.secrecy import Field, Verdict
from services.intake.rules.arrival_day import day_of
from services.intake.rules.ids import OrganisationNumber
from services.intake.rules.in_force import CaseTypes
from services.intake.rules.masking import ALL_KINDS, masked
from services.intake.rules.secrecy import SecrecyRules

PRIVATE = "enskild"
"""Whoever is no legal person: not named in the public register."""


@dataclass(frozen=True, slots=True)
class Told:
    """Who a contact came from: the party, and the person who spoke for it."""

    party: Party | None
    speaker: Party | None

    @property
    def legal_person(self) -> str | None:
        """The company's name when it is a legal person's, None when it is or may be a private person."""
        party = self.party
        if party is None or party.kind != "company" or not party.organisation_number:
            return None
        return None if OrganisationNumber(party.organisation_number).is_sole_trader else party.company_name

    def known(self) -> Iterator[str]:
        """The names and numbers by which a private person can be known."""
        for party in (self.party, self.speaker):
            if party is not None:
                number = None if self.legal_person else party.organisation_number
                names = (party.name, party.phone, party.e_mail, party.company_name, number)
                yield from (one for one in names if one and one != self.legal_person)


@dataclass(frozen=True, slots=True)
class Entry:
    """A contact as the public register shows it (diariepost); `withheld` are the fields that are secret."""

    number: str
    arrived_on: date
    registered_on: date
    channel: str | None
    case_types: tuple[str, ...]
    departments: tuple[str, ...]
    sender: str | None
    summary: str | None
    withheld: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Publicity:
    """The rules by which entries are made."""

    secrecy: SecrecyRules
    case_types: CaseTypes

    def entry(self, contact: Contact, told: Told, day: date) -> Entry:
        """What everybody may see of a contact on a day."""
        shown = (Field.CHANNEL, Field.CASE_TYPES, Field.DEPARTMENT, Field.SENDER, Field.SUMMARY)
        withheld = tuple(field for field in shown if self.verdict(contact, field, day).is_secret)
        sender = masked(told.legal_person or PRIVATE, (), ALL_KINDS).text
        summary = contact.summary and masked(contact.summary, told.known(), ALL_KINDS).text
        return Entry(
            number=contact.number or "",
            arrived_on=contact.arrived_on,
            registered_on=day_of(contact.registered_at),
            channel=None if Field.CHANNEL in withheld else contact.channel,
            case_types=() if Field.CASE_TYPES in withheld else self.known_types(contact, day),
            departments=() if Field.DEPARTMENT in withheld else self.departments(contact, day),
            sender=None if Field.SENDER in withheld else sender,
            summary=None if Field.SUMMARY in withheld else summary,
            withheld=withheld,
        )

    def verdict(self, contact: Contact, field: Field, day: date) -> Verdict:
        """The class of a field."""
        return self.secrecy.verdict(contact, field, day)

    def known_types(self, contact: Contact, day: date) -> tuple[str, ...]:
        """The contact's case types; one that is not in the catalogue is anybody's text, and shown as unsorted."""
        known = (self.case_types.in_force(contact.municipality, one, day) for one in contact.case_types)
        return tuple(dict.fromkeys(one.code if one else GENERAL for one in known))

    def departments(self, contact: Contact, day: date) -> tuple[str, ...]:
        """To whom it went: the functions that have such matters."""
        types = (self.case_types.in_force(contact.municipality, one, day) for one in self.known_types(contact, day))
        return tuple(dict.fromkeys(one.function_sv for one in types if one))
