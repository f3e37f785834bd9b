"""The dated rows that stand in files: read once at the start, strictly; a wrong row stops the start with its place.

The rows for all stand in this service's `data/`. A municipality's own stand in `<INTAKE_DATA_DIR>/<its code>/`, in
files of the same names and forms; on the days that they are in force they go before the rows for all.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from services.intake.model.card import Card
from services.intake.model.case_type import CaseType
from services.intake.model.dated import Dated
from services.intake.model.disclosure import Appeal
from services.intake.model.exemption import Exemption
from services.intake.model.link import LinkingRule
from services.intake.model.promise import AnswerPromise
from services.intake.model.retention import RetentionRule
from services.intake.model.secrecy import SecrecyRule
from services.intake.model.suggestion import Ruleset, WeightTable
from services.intake.rules.in_force import Cards, CaseTypes, overlapping
from services.intake.rules.linking import LinkingRules
from services.intake.rules.promises import Promises
from services.intake.rules.record import Appeals
from services.intake.rules.registration import Exemptions
from services.intake.rules.retention import RetentionPlan
from services.intake.rules.retention import fault as retention_fault
from services.intake.rules.secrecy import SecrecyRules
from services.intake.rules.suggestion import Suggesters
from shared.platform.errors import WrongSetting

DATA = Path(__file__).parents[1] / "data"
CASE_TYPES, CARDS, LINKING = "case_types.json", "guidance_cards.json", "linking_rules.json"
SECRECY, EXEMPTIONS, APPEALS = "secrecy_rules.json", "register_exemptions.json", "appeals.json"
PROMISES = "answer_promises.json"
RULES, WEIGHTS = "suggestion_rules.json", "suggestion_weights.json"
RETENTION = "retention.json"
FOLDER = "INTAKE_DATA_DIR"

Row = TypeVar("Row", bound=Dated)


def read_case_types(own: Path | None = None) -> CaseTypes:
    """The case types for all, and the municipalities' own in that folder; WrongSetting for a wrong row."""
    return CaseTypes(_rows(CaseType, CASE_TYPES, own))


def read_cards(types: CaseTypes, own: Path | None = None) -> Cards:
    """The guidance cards for all, and the municipalities' own in that folder; WrongSetting for a wrong row."""

    def fault(card: Card) -> str | None:
        known = types.in_force(card.owner, card.case_type, card.valid_from)
        return None if known else f"{card.case_type} is no case type on {card.valid_from}"

    return Cards(_rows(Card, CARDS, own, fault))


def read_linking_rules(own: Path | None = None) -> LinkingRules:
    """The linking rules for all, and the municipalities' own in that folder; WrongSetting for a wrong row."""
    return LinkingRules(_rows(LinkingRule, LINKING, own))


def read_secrecy_rules(own: Path | None = None) -> SecrecyRules:
    """The secrecy rules for all, and the municipalities' own in that folder; WrongSetting for a wrong row."""
    return SecrecyRules(_rows(SecrecyRule, SECRECY, own))


def read_exemptions(own: Path | None = None) -> Exemptions:
    """The exemptions from the register for all, and the municipalities' own; WrongSetting for a wrong row."""
    return Exemptions(_rows(Exemption, EXEMPTIONS, own))


def read_appeals(own: Path | None = None) -> Appeals:
    """Where decisions can be appealed, for all, and the municipalities' own; WrongSetting for a wrong row."""
    return Appeals(_rows(Appeal, APPEALS, own))


def read_promises(own: Path | None = None) -> Promises:
    """When answers are owed for all, and in the municipalities of that folder; WrongSetting for a wrong row."""
    return Promises(_rows(AnswerPromise, PROMISES, own))


def read_retention(own: Path | None = None) -> RetentionPlan:
    """The retention plan for all, and the municipalities' own; WrongSetting for a wrong row or an unknown kind."""
    rows = _rows(RetentionRule, RETENTION, own, retention_fault)
    known = {row.kind for row in rows if not row.owner}
    if (strange := next((row for row in rows if row.kind not in known), None)) is not None:
        raise WrongSetting(f"{RETENTION} of {strange.owner}: intake keeps nothing of the kind {strange.kind}.")
    return RetentionPlan(rows)


def read_suggesters(types: CaseTypes, own: Path | None = None) -> Suggesters:
    """Rules and weights of suggestion for all, and the municipalities' own; WrongSetting for a wrong row."""
    tables = _rows(
        WeightTable, WEIGHTS, own, lambda row: _strange(row, dict.fromkeys(row.case_types, "its bias"), types)
    )
    return Suggesters(read_rulesets(types, own), tables)


def read_rulesets(types: CaseTypes, own: Path | None = None) -> list[Ruleset]:
    """The rules of suggestion alone, each municipality's on top of those for all; WrongSetting for a wrong row."""
    return list(_built(_rows(Ruleset, RULES, own, lambda row: _strange(row, _given(row), types))))


def _given(rules: Ruleset) -> Mapping[str, str]:
    """The case types that rules give, with a rule that does."""
    codes = {code: f"rule {rule.name}" for rule in rules.rules for code in rule.gives}
    return codes | {rules.otherwise.case_type: "rule otherwise"}


def _strange(row: Dated, given: Mapping[str, str], types: CaseTypes) -> str | None:
    known = types.all_in_force(row.owner, row.valid_from)
    return next((f"{by} gives {code}, which is no case type" for code, by in given.items() if code not in known), None)


def _built(rows: list[Ruleset]) -> Iterator[Ruleset]:
    """Rules that build on those for all, put on top of them."""
    common = {rules.version: rules for rules in rows if not rules.owner}
    for rules in rows:
        if rules.builds_on is None:
            yield replace(rules, own_rules=tuple(rule.name for rule in rules.rules)) if rules.owner else rules
        elif rules.builds_on in common:
            yield _on_top(rules, common[rules.builds_on])
        else:
            raise WrongSetting(f"{RULES} of {rules.owner}: builds on {rules.builds_on}, a version that is not there.")


def _on_top(rules: Ruleset, below: Ruleset) -> Ruleset:
    try:
        return rules.on_top_of(below)
    except ValueError as wrong:
        raise WrongSetting(f"{RULES} of {rules.owner}, version {rules.version}: {wrong}.") from None


def _rows(
    kind: type[Row], name: str, own: Path | None, fault: Callable[[Row], str | None] = lambda row: None
) -> list[Row]:
    files = [("", DATA / name), *((folder.name, folder / name) for folder in _municipalities(own))]
    return [row for owner, file in files if not owner or file.exists() for row in _read(kind, file, owner, fault)]


def _municipalities(own: Path | None) -> list[Path]:
    """The folders of the municipalities that have files of their own."""
    if own is None:
        return []
    if not own.is_dir():
        raise WrongSetting(f"{FOLDER} must name a folder: {own} is none.")
    folders = sorted(path for path in own.iterdir() if not path.name.startswith("."))
    for folder in folders:
        if not (folder.is_dir() and re.fullmatch(r"[0-9]{4}", folder.name)):
            raise WrongSetting(f"{FOLDER} holds {folder.name}: only folders named by a municipality's four digits.")
    return folders


def _read(kind: type[Row], file: Path, owner: str, fault: Callable[[Row], str | None]) -> list[Row]:
    try:
        rows: list[Row] = _parsed(kind, file, owner, file.stat().st_mtime_ns)
    except (OSError, UnicodeError) as wrong:
        raise WrongSetting(f"{file}: cannot be read: {wrong}.") from None
    for place, row in enumerate(rows, 1):
        if (why := fault(row)) is not None:
            raise WrongSetting(f"{file}, row {place}: {why}.")
    if (pair := overlapping(rows)) is not None:
        first, second = pair
        key = rows[second].key
        raise WrongSetting(f"{file}, row {second + 1}: in force while row {first + 1} about {key} is, too.")
    return rows


@lru_cache(maxsize=64)
def _parsed(kind: type[Row], file: Path, owner: str, _changed_at: int) -> list[Row]:
    """The rows of a file, the same ones until it is changed: they are frozen, and nobody changes the list."""
    adapter, listed = TypeAdapter(kind), _listed(file.read_text("utf-8"), file)
    return [_row(adapter, raw, f"{file}, row {place}", owner) for place, raw in enumerate(listed, 1)]


def _listed(text: str, file: Path) -> list[Any]:
    try:
        listed = json.loads(text)
    except ValueError as wrong:
        raise WrongSetting(f"{file}: cannot be read as JSON: {wrong}.") from None
    if not isinstance(listed, list):
        raise WrongSetting(f"{file}: must be a list of rows.")
    return listed


def _row(adapter: TypeAdapter[Row], raw: Any, place: str, owner: str) -> Row:
    if (empty := next(_empty(raw), None)) is not None:
        raise WrongSetting(f"{place}, {empty}: must not be empty.")
    try:
        row = adapter.validate_json(json.dumps(raw), strict=True, extra="forbid")
    except ValidationError as wrong:
        error = wrong.errors(include_url=False, include_input=False)[0]
        pointer = "".join(f"/{part}" for part in error["loc"])
        raise WrongSetting(f"{place}{pointer and ', '}{pointer}: {error['msg']}.") from None
    if row.owner:
        raise WrongSetting(f"{place}, /owner: the folder says whose row it is.")
    return replace(row, owner=owner)


def _empty(value: Any, pointer: str = "") -> Iterator[str]:
    """Where a text is empty."""
    if isinstance(value, str) and not value.strip():
        yield pointer
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in inner:
        yield from _empty(member, f"{pointer}/{name}")
