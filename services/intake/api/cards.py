"""The doors of guidance: the case types, and the card of one as it is in force on a day."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from services.intake.api.shapes import CaseType as Code
from services.intake.model.card import Card, Fact
from services.intake.model.case_type import CaseType
from services.intake.model.dated import Sureness
from services.intake.rules.arrival_day import day_of
from services.intake.rules.in_force import Cards, CaseTypes
from services.intake.rules.policy import Action
from services.intake.who import doing
from shared.contracts.members import Day
from shared.contracts.refusal import Unknown
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.who import Municipality, Person

Language = Literal["sv", "en"]
Reading = Annotated[Person, doing(Action.READ_GUIDANCE)]
OnDay = Annotated[Day | None, Query(description="the day it is in force; today when absent")]

NO_CASE_TYPE = ("Ärendetypen finns inte den dagen.", "There is no such case type that day.")
NO_CARD = ("Det finns inget vägledningskort den dagen.", "There is no guidance card that day.")
HOW_SURE: Mapping[Language, Mapping[Sureness, str]] = {
    "sv": {
        "A": "läst i lagtext",
        "B": "läst hos en myndighet eller kommun",
        "C": "uppgift i andra hand",
        "U": "ej verifierad",
    },
    "en": {
        "A": "read in the text of the law",
        "B": "read on a page of an authority or a municipality",
        "C": "at second hand",
        "U": "not verified",
    },
}

router = APIRouter()


class CaseTypeShown(BaseModel):
    """A case type in force: its names and the function that has such matters, in Swedish and English."""

    code: str
    sv: str
    en: str
    in_short_sv: str
    in_short_en: str
    insikt_area: str | None
    function_sv: str
    function_en: str
    valid_from: date
    valid_to: date | None
    source: str
    sureness: Sureness


class CaseTypesShown(BaseModel):
    """All case types in force on a day."""

    on: date
    items: list[CaseTypeShown]


class FactShown(BaseModel):
    """One claim of a card with its source; `how_sure` says the sureness in words."""

    claim: str
    source: str
    sureness: Sureness
    how_sure: str


class CardShown(BaseModel):
    """A guidance card in one language; as sure as its weakest fact."""

    name: str
    case_type: str
    version: int
    valid_from: date
    valid_to: date | None
    language: Language
    sureness: Sureness
    how_sure: str
    title: str
    in_short: str
    needed: list[str]
    decided_by: str
    takes: str
    costs: str
    form: str
    law: str
    if_no: str
    good_to_know: list[str]
    facts: list[FactShown]


@router.get("/{municipality}/case-types", tags=["guidance"])
async def list_case_types(municipality: Municipality, _: Reading, desk: AtDesk, on: OnDay = None) -> CaseTypesShown:
    """The case types in force on a day: a municipality's own before the ones for all."""

    async def listed(types: CaseTypes, at: datetime) -> CaseTypesShown:
        day = on or day_of(at)
        found = types.all_in_force(municipality, day).values()
        shown = [CaseTypeShown.model_validate(one, from_attributes=True) for one in found]
        return CaseTypesShown(on=day, items=shown)

    return await desk.ask(listed)


@router.get("/{municipality}/case-types/{code}/card", tags=["guidance"])
async def see_card(
    municipality: Municipality, code: Code, _: Reading, desk: AtDesk, on: OnDay = None, language: Language = "sv"
) -> CardShown:
    """What to say about a case type at the first contact, as it is in force on a day."""

    async def found(types: CaseTypes, cards: Cards, at: datetime) -> tuple[CaseType | None, Card | None]:
        day = on or day_of(at)
        return types.in_force(municipality, code, day), cards.in_force(municipality, code, day)

    case_type, card = await desk.ask(found)
    if case_type is None:
        raise Unknown("no-such-case-type", *NO_CASE_TYPE)
    if card is None:
        raise Unknown("no-card", *NO_CARD)
    return shown(card, language)


def shown(card: Card, language: Language) -> CardShown:
    """A card in a language, with its sureness in words."""
    words = HOW_SURE[language]
    return CardShown(
        name=card.name,
        case_type=card.case_type,
        version=card.version,
        valid_from=card.valid_from,
        valid_to=card.valid_to,
        language=language,
        sureness=card.sureness,
        how_sure=words[card.sureness],
        facts=[_fact(fact, words) for fact in card.facts],
        **asdict(card.sv if language == "sv" else card.en),
    )


def _fact(fact: Fact, words: Mapping[Sureness, str]) -> FactShown:
    return FactShown(claim=fact.claim, source=fact.source, sureness=fact.sureness, how_sure=words[fact.sureness])
