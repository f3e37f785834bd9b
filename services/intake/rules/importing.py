"""A file of companies (CSV): how it is read, what is wrong with a row, and what a row tells of a company."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from io import StringIO

from services.intake.model.contact import Speaker
from services.intake.model.party import Party
from services.intake.rules.ids import OrganisationNumber, organisation_number
from shared.contracts.refusal import Invalid

NUMBER, E_MAILS = "organisation_number", ("e_mail", "contact_e_mail")
LONGEST: Mapping[str, int] = {
    NUMBER: 32,
    "name": 300,
    "phone": 50,
    "e_mail": 320,
    "contact_name": 300,
    "contact_role": 200,
    "contact_phone": 50,
    "contact_e_mail": 320,
}
"""The columns that a file may have, and how long a cell may be."""


class WrongFile(Exception):
    """The file as a whole is not one of companies; a sentence."""


class WrongRow(Exception):
    """A row that is not taken: in which column, and why. What stands there is not repeated: it may be personal."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a company, and perhaps a person who speaks for it."""

    line: int
    number: OrganisationNumber
    name: str | None
    phone: str | None
    e_mail: str | None
    speaker: Speaker

    def company(self, municipality: str, party_id: str, before: Party | None) -> Party:
        """The company as now known: what the file does not say stays."""
        known = before or Party(municipality, party_id, "company")
        named = known.named(self.number.digits, self.name)
        return replace(named, phone=self.phone or known.phone, e_mail=self.e_mail or known.e_mail)

    def person(self, municipality: str, party_id: str, company_id: str, before: Party | None) -> Party:
        """Who speaks for it, as now known."""
        known = before or Party(municipality, party_id, "person", company_id=company_id)
        one = self.speaker
        return replace(
            known,
            name=one.name or known.name,
            role=one.role or known.role,
            phone=one.phone or known.phone,
            e_mail=one.e_mail or known.e_mail,
        )


def decoded(content: bytes) -> str:
    """The text of a file in UTF-8, or else as Swedish programs for Windows write it."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def lines_of(text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Each row's line in the file and its cells by column; WrongFile when it has no such columns."""
    head = text.partition("\n")[0]
    reader = csv.reader(StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",")
    columns = [column.strip().casefold() for column in next(reader, [])]
    _refuse_unless_known(columns)
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield reader.line_num, dict(zip(columns, (cell.strip() for cell in cells), strict=False))


def _refuse_unless_known(columns: list[str]) -> None:
    unknown = [column for column in columns if column not in LONGEST]
    if unknown or len(set(columns)) < len(columns):
        raise WrongFile(f"The first row must name columns, each once, out of {', '.join(LONGEST)}.")
    if NUMBER not in columns:
        raise WrongFile(f"There is no column {NUMBER}.")


def row_of(line: int, cells: Mapping[str, str]) -> Row:
    """A row as read; WrongRow when a cell is wrong."""
    for column, text in cells.items():
        if len(text) > LONGEST[column]:
            raise WrongRow(column, f"longer than {LONGEST[column]} characters")
        if not text.isprintable():
            raise WrongRow(column, "has characters that cannot be printed")
    for column in E_MAILS:
        if cells.get(column) and (cells[column].count("@") != 1 or " " in cells[column]):
            raise WrongRow(column, "not an e-mail address")
    told = {column: cells.get(column) or None for column in LONGEST}
    speaker = Speaker(told["contact_name"], told["contact_role"], told["contact_phone"], told["contact_e_mail"])
    return Row(line, _number(cells.get(NUMBER, "")), told["name"], told["phone"], told["e_mail"], speaker)


def _number(text: str) -> OrganisationNumber:
    if not text:
        raise WrongRow(NUMBER, "missing")
    try:
        return organisation_number(text, "")
    except Invalid:
        raise WrongRow(NUMBER, "not a valid organisation number") from None
