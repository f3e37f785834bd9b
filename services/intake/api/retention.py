"""The doors of retention: what the plan takes on a day, seen beforehand, and what its runs have taken."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from services.intake.api.disposal import DecisionAsked
from services.intake.model.dated import Sureness
from services.intake.model.retention import Announcement, CountedFrom, Fate, Judgement, RetentionRule, Standing, Why
from services.intake.retention.counting import Counted, counted
from services.intake.retention.looking import Kept, Look, Seen, looked
from services.intake.rules.arrival_day import day_of
from services.intake.rules.policy import Action
from services.intake.rules.retention import GROUPS, group_of
from services.intake.store.retention import Announcements, RetentionRuns
from services.intake.who import doing
from shared.contracts.members import Day
from shared.contracts.refusal import Unknown
from shared.platform.web.at_desk import AtDesk
from shared.platform.web.paging import Listing, Page, paged
from shared.platform.web.who import Municipality, Person

Seeing = Annotated[Person, doing(Action.SEE_RETENTION)]
Group = Literal["parties", "contacts", "follow_ups", "disclosures", "company_changes", "reads"]
On = Annotated[Day | None, Query(description="The day; today when absent, and never an earlier one.")]
COUNTED_TO = 1_000
"""So many of a group are counted at most; the command counts them all."""
NO_RUN = ("no-such-run", "Gallringskörningen finns inte.", "There is no such run of the retention plan.")

router = APIRouter()


class RuleShown(BaseModel):
    """A row of the plan. What is not verified is a house rule; without a decision it is a proposal."""

    kind: str
    name: str
    fate: Fate
    sv: str
    en: str
    source: str
    sureness: Sureness
    is_verified: bool
    counted_from: CountedFrom | None
    from_years_end: bool
    years: int
    months: int
    days: int
    notice_days: int
    follows: str | None
    decision: DecisionAsked | None


class PlannedShown(BaseModel):
    """A row of the plan, how much goes by it that day, waits for its announced day, and stays, and why."""

    rule: RuleShown
    goes: int
    waits: int
    stopped: int
    why: dict[Why, int]
    is_all_counted: bool = Field(description="False when there was too much to count: the command counts it all.")


class PreviewShown(BaseModel):
    """What the plan takes by a day, as seen today, kind by kind: also what it keeps, for how long, and why."""

    on: date
    today: date
    archive_is_set: bool
    plan: list[PlannedShown]


class DueShown(BaseModel):
    """One thing whose time has come by that day. It `goes`, `waits` until `takes_on`, or is `stopped`."""

    kind: str
    subject_id: str
    number: str | None
    standing: Standing
    why: list[Why]
    due_on: date
    announced_on: date | None
    takes_on: date
    fate: Fate
    rule: str


class CountShown(BaseModel):
    """How many went by one row of the plan, and its decision."""

    kind: str
    fate: Fate
    rule: str
    reference: str
    count: int


class RunShown(BaseModel):
    """One day's run: what it took, announced, and left; `ended_at` is null while it is at work."""

    run_id: str
    on: date
    began_at: datetime
    ended_at: datetime | None
    taken: list[CountShown]
    announced: int
    stopped: int
    failed: int


class TakenShown(BaseModel):
    """One thing that a run took: its id and number, by which row and decision, and since when it was announced."""

    kind: str
    subject_id: str
    number: str | None
    fate: Fate
    rule: str
    reference: str
    due_on: date
    announced_on: date
    taken_at: datetime | None


@router.get("/{municipality}/retention/preview", tags=["retention"])
async def preview_retention(municipality: Municipality, _: Seeing, desk: AtDesk, on: On = None) -> PreviewShown:
    """What the retention plan takes by a day, and what it leaves and why; nothing is taken that was not seen here."""

    async def look(kept: Kept, at: datetime) -> PreviewShown:
        today = day_of(at)
        day = max(on or today, today)
        found = {
            group: await counted(Look(municipality, group, day, today, None, 0), COUNTED_TO, kept) for group in GROUPS
        }
        rules = kept.plan.all_in_force(municipality, day)
        plan = [_planned(rule, found.get(group_of(kind) or "")) for kind, rule in rules.items()]
        return PreviewShown(on=day, today=today, archive_is_set=kept.archive.is_set, plan=plan)

    return await desk.ask(look)


@router.get("/{municipality}/retention/preview/{group}", tags=["retention"])
async def preview_of_kind(
    municipality: Municipality,
    group: Group,
    _: Seeing,
    page: Annotated[Page, Depends(paged(str, str))],
    desk: AtDesk,
    on: On = None,
) -> Listing[DueShown]:
    """Each thing whose time has come by a day, the oldest first, by id and number. A piece may hold fewer than asked
    for, also none, and yet not be the last: what is not due is looked at and not shown.
    """

    async def look(kept: Kept, at: datetime) -> list[Seen]:
        today = day_of(at)
        day = max(on or today, today)
        return await looked(Look(municipality, group, day, today, page.after, page.limit + 1), kept)

    seen, following = page.cut(await desk.ask(look), key=lambda one: one.place)
    return Listing(items=[_due(one.judgement) for one in seen if one.judgement is not None], next=following)


@router.get("/{municipality}/retention/runs", tags=["retention"])
async def list_runs(
    municipality: Municipality, _: Seeing, page: Annotated[Page, Depends(paged(datetime, str))], desk: AtDesk
) -> Listing[RunShown]:
    """The runs of the plan, the newest first: how much each took, by which row and decision."""

    async def newest(runs: RetentionRuns) -> list[RunShown]:
        found = await runs.newest(municipality, page.after, page.limit + 1)
        return [RunShown.model_validate(one, from_attributes=True) for one in found]

    return page.listing(await desk.ask(newest), key=lambda one: (one.began_at, one.run_id))


@router.get("/{municipality}/retention/runs/{run_id}/taken", tags=["retention"])
async def list_taken(
    municipality: Municipality, run_id: str, _: Seeing, page: Annotated[Page, Depends(paged(str))], desk: AtDesk
) -> Listing[TakenShown]:
    """What a run took, one by one: ids and numbers, nothing of what it was."""

    async def taken(runs: RetentionRuns, announcements: Announcements) -> list[Announcement]:
        run = await runs.get(run_id)
        if run is None or run.municipality != municipality:
            raise Unknown(*NO_RUN)
        return await announcements.taken_in(run_id, page.after, page.limit + 1)

    found, following = page.cut(await desk.ask(taken), key=lambda one: (one.announcement_id,))
    return Listing(items=[TakenShown.model_validate(one, from_attributes=True) for one in found], next=following)


def _planned(rule: RetentionRule, found: Counted | None) -> PlannedShown:
    tally = found.kinds.get(rule.kind) if found else None
    return PlannedShown(
        rule=_rule(rule),
        goes=tally.standing["goes"] if tally else 0,
        waits=tally.standing["waits"] if tally else 0,
        stopped=tally.standing["stopped"] if tally else 0,
        why=dict(tally.why) if tally else {},
        is_all_counted=found is None or found.is_all,
    )


def _rule(rule: RetentionRule) -> RuleShown:
    members = {name: getattr(rule, name) for name in RuleShown.model_fields if name not in ("is_verified", "decision")}
    decision = rule.decision and DecisionAsked.model_validate(rule.decision, from_attributes=True)
    return RuleShown(**members, is_verified=rule.sureness != "U", decision=decision)


def _due(judgement: Judgement) -> DueShown:
    facts, rule = judgement.facts, judgement.rule
    return DueShown(
        kind=facts.kind,
        subject_id=facts.subject_id,
        number=facts.number,
        standing=judgement.standing,
        why=list(judgement.why),
        due_on=judgement.due_on,
        announced_on=judgement.announced_on,
        takes_on=judgement.takes_on,
        fate=rule.fate,
        rule=rule.name,
    )
