"""Which field of a contact may be shown to everybody, by whose decision."""

from dataclasses import replace
from datetime import date

from services.intake.model.contact import Contact
from services.intake.model.secrecy import ALL_TYPES, Classification, Field, SecrecyRule, Verdict
from services.intake.rules.in_force import Rows

THE_RULE = "rule"
NO_RULE = Verdict("secret", "OSL 6:3", THE_RULE)
"""What no rule speaks of is looked at by a person before it is given out."""


class SecrecyRules(Rows[SecrecyRule]):
    """The secrecy rules (sekretessregler), by field and case type."""

    def verdict(self, contact: Contact, field: Field, day: date) -> Verdict:
        """The class of a contact's field: as a person has found last, else by the strictest rule of its case types."""
        found = [one for one in contact.secrecy or () if one.field is field]
        if found:
            return Verdict(found[-1].secrecy, found[-1].paragraph, found[-1].by)
        rules = [self._rule(contact.municipality, field, case_type, day) for case_type in contact.case_types]
        return next((rule for rule in rules if rule.is_secret), rules[0])

    def _rule(self, municipality: str, field: Field, case_type: str, day: date) -> Verdict:
        own = self.in_force(municipality, f"{field} {case_type}", day)
        rule = own or self.in_force(municipality, f"{field} {ALL_TYPES}", day)
        return NO_RULE if rule is None else Verdict(rule.secrecy, rule.paragraph, THE_RULE)


def classified(contact: Contact, found: Classification) -> Contact:
    """The contact with what a person has found; what was found before stays."""
    return replace(contact, secrecy=(*(contact.secrecy or ()), found))
