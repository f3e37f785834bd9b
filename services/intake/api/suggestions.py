"""The doors of suggestions: what a wish seems to need, a person's choice, and how right suggestions are."""

import csv
from collections.abc import Mapping
from datetime import datetime
from io import StringIO
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from services.intake.api.holders import WhoHas
from services.intake.api.seen import seen
from services.intake.api.shapes import CaseType as Code
from services.intake.api.shapes import ContactShown, SuggestionShown, shown, suggestion_shown
from services.intake.api.there import contact_there
from services.intake.classifying import Classifying, classify
from services.intake.model.accuracy import SuggestionWeek
from services.intake.rules.arrival_day import day_of
from services.intake.rules.classification import week_of
from services.intake.rules.in_force import CaseTypes
from services.intake.rules.policy import Action
from services.intake.rules.suggestion import Suggesters
from services.intake.store.suggestion_weeks import SuggestionWeeks
from services.intake.who import doing
from shared.contracts.members import Day
from shared.platform.once import Once
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.doors import IdempotencyKey
from shared.platform.web.who import Municipality, Person

Suggesting = Annotated[Person, doing(Action.SUGGEST)]
Classifies = Annotated[Person, doing(Action.CHOOSE_CASE_TYPES)]
Reporting = Annotated[Person, doing(Action.READ_REPORTS)]
Week = Annotated[str | None, Query(pattern=r"^[0-9]{4}-W[0-5][0-9]$", examples=["2026-W48"])]
CSV: Mapping[int | str, dict[str, object]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}

router = APIRouter()


class WishAsked(BaseModel):
    """A wish in somebody's own words, and the day whose rules are asked; today's when absent."""

    wish: str = Field(min_length=1, max_length=20_000, examples=["Vi vill öppna en uteservering i juni."])
    on: Day | None = None


class CaseTypesAsked(BaseModel):
    """The case types that a person chose for a contact."""

    case_types: list[Code] = Field(min_length=1, max_length=100)


class AccuracyShown(BaseModel):
    """How right the suggestions of a case type were in a week: of the suggestions that were chosen, and of the choices
    that were suggested.
    """

    week: str
    case_type: str
    suggested: int
    chosen: int
    both: int
    precision: float | None
    recall: float | None


class AccuracyReport(BaseModel):
    """How right suggestions were, by week and case type."""

    items: list[AccuracyShown]


@router.post("/{municipality}/suggestions", tags=["suggestions"])
async def suggest(municipality: Municipality, asked: WishAsked, _: Suggesting, desk: AtDesk) -> SuggestionShown:
    """The case types that a wish seems to need, the strongest first, with the words that spoke for them.

    Nothing is registered. `understood` is false for a wish that the rules make nothing of.
    """

    async def of_wish(suggesters: Suggesters, types: CaseTypes, at: datetime) -> SuggestionShown:
        day = asked.on or day_of(at)
        suggestion = suggesters.suggest(municipality, asked.wish, day)
        return suggestion_shown(suggestion, types.all_in_force(municipality, day))

    return await desk.ask(of_wish)


@router.post("/{municipality}/contacts/{contact_id}/case-types", tags=["contacts"])
async def choose_case_types(
    municipality: Municipality,
    contact_id: str,
    asked: CaseTypesAsked,
    person: Classifies,
    desk: AtDesk,
    key: IdempotencyKey = None,
) -> ContactShown:
    """Choose the case types of a contact at the reception, or others than before; what is handed over, anew."""

    async def choose(classifying: Classifying, who: WhoHas, at: datetime) -> ContactShown:
        contact = contact_there(await classifying.contacts.get(contact_id), municipality)
        chosen = await classify(contact, asked.case_types, person.id, classifying, at)
        return await shown(chosen, who)

    once = Once.under(key, municipality, person.id, f"case types {contact_id}", asked)
    told = await desk.do(choose, once, turn=municipality)
    await seen(desk, person, Action.CHOOSE_CASE_TYPES, contact_id)
    return told


@router.get("/{municipality}/reports/suggestions", tags=["reports"], response_model=AccuracyReport, responses={**CSV})
async def report_suggestions(
    municipality: Municipality,
    _: Reporting,
    desk: AtDesk,
    first: Week = None,
    last: Week = None,
    form: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
) -> Response | AccuracyReport:
    """How right suggestions were, held against what people chose: by week and case type, a year back when not asked."""

    async def asked(weeks: SuggestionWeeks, at: datetime) -> list[SuggestionWeek]:
        this = week_of(at)
        a_year_ago = f"{int(this[:4]) - 1}{this[4:]}"
        return await weeks.between(municipality, first or a_year_ago, last or this)

    items = [_accuracy(week) for week in await desk.ask(asked)]
    report = AccuracyReport(items=[one for some in items for one in some])
    return report if form == "json" else Response(_as_csv(report), media_type="text/csv; charset=utf-8")


def _accuracy(week: SuggestionWeek) -> list[AccuracyShown]:
    return [
        AccuracyShown(
            week=week.week,
            case_type=hits.case_type,
            suggested=hits.suggested,
            chosen=hits.chosen,
            both=hits.both,
            precision=hits.precision,
            recall=hits.recall,
        )
        for hits in week.hits
        if hits.suggested or hits.chosen
    ]


def _as_csv(report: AccuracyReport) -> str:
    written = StringIO()
    rows = csv.DictWriter(written, list(AccuracyShown.model_fields), lineterminator="\r\n")
    rows.writeheader()
    rows.writerows(one.model_dump() for one in report.items)
    return written.getvalue()
