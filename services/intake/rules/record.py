"""A contact's record as it may be given out: what is secret is left out, and it is noted by which paragraph."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.intake.model.contact import Contact, Place
from services.intake.model.disclosure import Appeal, Masking
from services.intake.model.note import Note
from services.intake.model.party import Party
from services.intake.model.secrecy import Field
from services.intake.rules.ids import OrganisationNumber
from services.intake.rules.in_force import Rows
from services.intake.rules.masking import ALL_KINDS, masked
from services.intake.rules.register import PRIVATE, Publicity, Told

DISCLOSURE = "disclosure"


class Appeals(Rows[Appeal]):
    """Where decisions can be appealed (överklaganden), by the kind of decision."""


@dataclass(slots=True)
class Writing:
    """A record while it is written: what goes in, and what was masked."""

    contact: Contact
    told: Told
    publicity: Publicity
    day: date
    values: dict[str, Any] = field(default_factory=dict)
    maskings: list[Masking] = field(default_factory=list)

    def put(self, name: Field, value: Any) -> None:
        """A field, masked as a whole when it is secret; every text in it without what points out a private person."""
        self.values[name] = None if value is None or self._is_secret(name, name) else self._open(name, value)

    def _is_secret(self, name: Field, what: Field) -> bool:
        verdict = self.publicity.verdict(self.contact, what, self.day)
        masking = Masking(name, what, verdict.paragraph, verdict.decided_by)
        if verdict.is_secret and masking not in self.maskings:
            self.maskings.append(masking)
        return verdict.is_secret

    def _open(self, name: Field, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(name, value)
        if isinstance(value, dict):
            return {key: self._open(name, inner) for key, inner in value.items()}
        return [self._open(name, inner) for inner in value] if isinstance(value, list) else value

    def _text(self, name: Field, text: str) -> str:
        kinds = [kind for kind in ALL_KINDS if self._kind_is_secret(kind)]
        known = () if name in (Field.SENDER, *kinds_of_persons()) else self.told.known()
        found = masked(text, known, [kind for kind in kinds if kind is not name])
        for kind in found.found:
            self._is_secret(name, kind)
        return found.text

    def _kind_is_secret(self, kind: Field) -> bool:
        return self.publicity.verdict(self.contact, kind, self.day).is_secret


def kinds_of_persons() -> Iterator[Field]:
    """The fields that tell of a private person alone."""
    return iter((Field.PERSON, Field.PHONE, Field.E_MAIL, Field.PERSONAL_NUMBER))


def record(contact: Contact, told: Told, notes: Sequence[Note], publicity: Publicity, day: date) -> Writing:
    """The record of a contact, with what was masked in it."""
    writing = Writing(contact, told, publicity, day)
    who = told.speaker or told.party
    writing.put(Field.CHANNEL, contact.channel)
    writing.put(Field.CASE_TYPES, list(contact.case_types))
    writing.put(Field.DEPARTMENT, list(publicity.departments(contact, day)))
    writing.put(Field.SENDER, _sender(told))
    writing.put(Field.PERSONAL_NUMBER, _sole_trader(told))
    writing.put(Field.PERSON, who and _person(who, told))
    writing.put(Field.PHONE, who and who.phone)
    writing.put(Field.E_MAIL, who and who.e_mail)
    writing.put(Field.SUMMARY, contact.summary)
    writing.put(Field.WISH, contact.wish)
    writing.put(Field.PLACE, contact.place and _place(contact.place))
    writing.put(Field.OPENING, _opening(contact))
    writing.put(Field.PROMISED, contact.promised and {"at": contact.promised.at, "by": contact.promised.by})
    writing.put(Field.REFERENCE, contact.reference)
    writing.put(Field.NOTES, [_note(one) for one in notes] or None)
    writing.put(Field.ATTACHMENTS, _attachments(contact))
    return writing


def _sender(told: Told) -> dict[str, Any]:
    if told.legal_person is None or told.party is None:
        return {"name": PRIVATE}
    return {"name": told.legal_person, "organisation_number": told.party.organisation_number}


def _person(who: Party, told: Told) -> dict[str, Any] | None:
    return _without_nothing({"name": None if who.name == told.legal_person else who.name, "role": who.role})


def _sole_trader(told: Told) -> str | None:
    digits = told.party and told.party.organisation_number
    return digits if digits and OrganisationNumber(digits).is_sole_trader else None


def _place(place: Place) -> dict[str, Any]:
    return {
        "property": place.property,
        "address": place.address,
        "latitude": place.latitude,
        "longitude": place.longitude,
    }


def _opening(contact: Contact) -> dict[str, Any] | None:
    return _without_nothing({"season": contact.season, "on": contact.opening_on})


def _without_nothing(members: dict[str, Any]) -> dict[str, Any] | None:
    return members if any(value is not None for value in members.values()) else None


def _note(note: Note) -> dict[str, Any]:
    return {"text": note.text, "at": note.at, "by": note.by, "version": note.version, "why": note.why}


def _attachments(contact: Contact) -> list[dict[str, Any]] | None:
    listed = contact.attachments or ()
    return [{"name": one.name, "media_type": one.media_type, "size": one.size} for one in listed] or None
