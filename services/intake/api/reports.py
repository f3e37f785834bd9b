"""The doors of reports: what is answered at the first contact, and how long people wait."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from services.intake.api.tables import CSV, Format, answered_as
from services.intake.model.tally import Tally
from services.intake.rules.arrival_day import day_of
from services.intake.rules.policy import Action
from services.intake.rules.tallies import Figures, report, week_of
from services.intake.store.tallies import Tallies
from services.intake.who import doing
from shared.contracts.members import Day
from shared.contracts.refusal import Invalid
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.who import Municipality, Person

Reading = Annotated[Person, doing(Action.READ_REPORTS)]
FromDay = Annotated[Day | None, Query(alias="from", description="four weeks before `to` when absent")]
ToDay = Annotated[Day | None, Query(alias="to", description="today when absent")]

USUAL, LONGEST = timedelta(weeks=4), timedelta(weeks=110)
WRONG_DAYS = (
    "Välj dagar i ordning, högst 110 veckor isär.",
    "Choose days in their order, at most 110 weeks apart.",
)

router = APIRouter()


class FiguresShown(BaseModel):
    """The contacts of a week, a channel and a case type; absent is all of them.

    A contact about several case types counts in each of them, and once where they are summed up.
    """

    week: str | None = Field(examples=["2026-W48"])
    channel: str | None
    case_type: str | None
    answered: int = Field(description="answered at the first contact")
    handed_over: int
    share_answered: float | None = Field(description="of all that were answered or handed over; null of none")
    dealt_with: int = Field(description="that a person has answered, handed over or taken in hand")
    median_seconds: int | None = Field(description="until then; known to within five percent")
    p90_seconds: int | None


class FirstContactShown(BaseModel):
    """What became of the contacts of some weeks, whole ones, both counted."""

    first_week: str
    last_week: str
    rows: list[FiguresShown]


@router.get(
    "/{municipality}/reports/first-contact", tags=["reports"], response_model=FirstContactShown, responses={200: CSV}
)
async def report_first_contact(
    municipality: Municipality,
    _: Reading,
    desk: AtDesk,
    request: Request,
    first: FromDay = None,
    last: ToDay = None,
    wanted: Format = None,
) -> Any:
    """The share answered at the first contact and the time to the first answer by a person, by the week of registering:
    all, each week, each channel, each case type, and each combination of the three.
    """

    async def counted(tallies: Tallies, at: datetime) -> tuple[str, str, list[Tally]]:
        end = last or day_of(at)
        begin = first or max(end, date.min + USUAL) - USUAL
        if not timedelta(0) <= end - begin <= LONGEST:
            raise Invalid("wrong-days", *WRONG_DAYS, "/query/from")
        weeks = week_of(begin), week_of(end)
        return *weeks, await tallies.between(municipality, *weeks)

    first_week, last_week, found = await desk.ask(counted)
    rows = [_shown(one) for one in report(found)]
    whole = FirstContactShown(first_week=first_week, last_week=last_week, rows=rows)
    return answered_as(wanted, request, rows, whole)


def _shown(one: Figures) -> FiguresShown:
    return FiguresShown(
        week=one.week,
        channel=one.channel,
        case_type=one.case_type,
        answered=one.answered,
        handed_over=one.handed_over,
        share_answered=None if one.share is None else round(one.share, 4),
        dealt_with=one.waits.total(),
        median_seconds=one.waited(0.5),
        p90_seconds=one.waited(0.9),
    )
