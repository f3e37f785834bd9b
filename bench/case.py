"""The work that all ways do: an event about a case comes, the case takes it in, and one event is said of it.

Events, model, rule and translation are the same for the bare loop, the tutorial way and ours.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Annotated

from pydantic import Field

from shared.contracts.event import Event
from shared.contracts.members import Channel, Code, Id, Language, Municipality, Reference, Sentence, Utc, Whole
from shared.contracts.streams import Stream

HEARD = Stream("bench.calls.v1", "bench")
SAID = Stream("bench.cases.v1", "bench")
MUNICIPALITY = "1460"
BEGAN = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
WISH = "Vi vill bygga ut vår lastkaj och undrar vilka tillstånd som behövs, och hur lång tid det brukar ta hos er nu."


class CaseCalled(Event, stream=HEARD, about="case_id"):
    """Somebody called about a case (samtal i ett ärende)."""

    municipality: Municipality
    case_id: Id
    party_id: Id | None = None
    channel: Channel
    case_types: Annotated[list[Code], Field(min_length=1, max_length=100)]
    language: Language
    received_at: Utc
    registered_at: Utc
    reference: Reference | None = None
    wish: Sentence


class CaseNoted(Event, stream=SAID, about="case_id"):
    """A call was taken in by its case."""

    municipality: Municipality
    case_id: Id
    channel: Channel
    calls: Whole
    first_at: Utc
    latest_at: Utc


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of a case."""

    municipality: str
    case_id: str
    channel: str
    case_types: tuple[str, ...]
    calls: int
    first_at: datetime
    latest_at: datetime
    wish: str


def taken_in(case: Case | None, call: CaseCalled) -> Case:
    """The case with one more call."""
    if case is None:
        return Case(
            municipality=call.municipality,
            case_id=call.case_id,
            channel=call.channel,
            case_types=tuple(call.case_types),
            calls=1,
            first_at=call.received_at,
            latest_at=call.received_at,
            wish=call.wish,
        )
    latest_at = max(case.latest_at, call.received_at)
    return replace(case, channel=call.channel, calls=case.calls + 1, latest_at=latest_at, wish=call.wish)


def noted(case: Case) -> CaseNoted:
    """What is said of it."""
    return CaseNoted(
        municipality=case.municipality,
        case_id=case.case_id,
        channel=case.channel,
        calls=case.calls,
        first_at=case.first_at,
        latest_at=case.latest_at,
    )


def calls(count: int, cases: int, seed: int = 1) -> list[CaseCalled]:
    """So many calls about so many cases, mixed as callers would."""
    chosen, made = Random(seed), []
    for number in range(count):
        at = BEGAN + timedelta(seconds=number)
        made.append(
            CaseCalled(
                municipality=MUNICIPALITY,
                case_id=f"{MUNICIPALITY}-k-{chosen.randrange(cases):06d}",
                party_id=f"{MUNICIPALITY}-p-{chosen.randrange(cases):026d}",
                channel="phone",
                case_types=["bygglov"],
                language="sv",
                received_at=at,
                registered_at=at,
                wish=WISH,
            )
        )
    return made
